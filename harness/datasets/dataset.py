"""A dataset in memory: decoded once, checked, then mapped from the cache by every process."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.cache import cache_root
from harness.datasets import store
from harness.datasets.catalog import PUBLISHED, STEMS, find_files, find_folder
from harness.datasets.idx import idx_md5, read_idx
from harness.errors import InputError

FORMAT = "1"  # of a cache entry; a change here leaves old entries unread
PARTS = [*STEMS]
NDIM = {part: 3 if part.endswith("images") else 1 for part in PARTS}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels as they are published; all arrays are uint8, C-contiguous and read-only."""

    name: str
    train_images: np.ndarray  # (n, rows · columns)
    train_labels: np.ndarray  # (n,)
    test_images: np.ndarray  # (m, rows · columns)
    test_labels: np.ndarray  # (m,)
    image_shape: tuple[int, int]  # rows, columns
    classes: int  # largest training label + 1
    digest: str  # SHA-256 of the four arrays and their shapes, whatever files they came from


def load_dataset(name_or_folder: str | Path) -> Dataset:
    """Return the dataset of a known name (``mnist``) or of a folder with its four IDX files, raw or gzipped.

    Raises InputError when a file is missing or damaged, or the four do not fit together.
    """
    name, files = str(name_or_folder), find_files(find_folder(name_or_folder))
    key = _source_digest(name, files)
    entry = cache_root() / "datasets" / key
    cached = store.read_entry(entry, PARTS)
    if cached is None:
        arrays = {part: read_idx(path, NDIM[part]) for part, path in files.items()}
        check_together(files, arrays)
        if name in PUBLISHED:
            check_published(name, files, arrays)
        cached = arrays, _content_digest(arrays)
        # Files that changed while they were read must not be remembered under their former digest.
        if _source_digest(name, files) == key and store.write_entry(entry, *cached):
            cached = store.read_entry(entry, PARTS) or cached
    return _dataset(name, *cached)


def dataset_digest(name_or_folder: str | Path) -> str:
    """Return the digest of a dataset's content; as cheap as loading it from the cache."""
    return load_dataset(name_or_folder).digest


def check_together(files: dict[str, Path], arrays: dict[str, np.ndarray]) -> None:
    """Raise InputError unless the four parts are one dataset: counts, image sizes and labels agree."""
    for kind in ("train", "test"):
        images, labels = f"{kind}_images", f"{kind}_labels"
        found = len(arrays[images]), len(arrays[labels])
        if found[0] != found[1]:
            raise InputError(
                f"{files[labels]}: {found[1]} labels for {found[0]} images; expected one label an image"
            )
    trained, tested = arrays["train_images"].shape[1:], arrays["test_images"].shape[1:]
    if trained != tested:
        raise InputError(
            f"{files['test_images']}: {_x(tested)} pixels; the training images have {_x(trained)}"
        )
    classes = np.unique(arrays["train_labels"])
    if len(classes) < 2:
        raise InputError(
            f"{files['train_labels']}: every label is {classes[0]}; expected two classes or more"
        )
    if len(unseen := np.setdiff1d(arrays["test_labels"], classes)):
        raise InputError(
            f"{files['test_labels']}: label {unseen[0]} occurs in no training image; "
            f"allowed are the {len(classes)} training labels, {classes[0]} to {classes[-1]}"
        )


def check_published(name: str, files: dict[str, Path], arrays: dict[str, np.ndarray]) -> None:
    """Raise InputError unless the arrays are, byte for byte, the published dataset of this name."""
    for part, expected in PUBLISHED[name].payload_md5.items():
        if (found := idx_md5(arrays[part])) != expected:
            raise InputError(f"{files[part]}: the data have MD5 {found}; {name} as published has {expected}")


def _dataset(name: str, arrays: dict[str, np.ndarray], digest: str) -> Dataset:
    for array in arrays.values():
        array.flags.writeable = False
    train, test = arrays["train_images"], arrays["test_images"]
    return Dataset(
        name=name,
        train_images=train.reshape(len(train), -1),
        train_labels=arrays["train_labels"],
        test_images=test.reshape(len(test), -1),
        test_labels=arrays["test_labels"],
        image_shape=(train.shape[1], train.shape[2]),
        classes=int(arrays["train_labels"].max()) + 1,
        digest=digest,
    )


def _source_digest(name: str, files: dict[str, Path]) -> str:
    """Key of a cache entry: the files' bytes, and the name whose published checksums they were held against."""
    digest = hashlib.sha256(f"{FORMAT} {name if name in PUBLISHED else ''}".encode())
    for part, path in files.items():
        try:
            with path.open("rb") as file:
                digest.update(f"{part} {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); expected an IDX file") from None
    return digest.hexdigest()


def _content_digest(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(f"{part} {arrays[part].shape}".encode())
        digest.update(arrays[part])
    return digest.hexdigest()


def _x(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
