"""A dataset in memory: decoded once, checked, then mapped from the cache by every process."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.cache import cache_root
from harness.datasets import store
from harness.datasets.catalog import PUBLISHED, STEMS, find_files, find_folder
from harness.datasets.idx import idx_md5, open_source, read_idx, times
from harness.datasets.made import is_made, made_arrays
from harness.errors import InputError

FORMAT = "1"  # of a cache entry; a change here leaves old entries unread
PARTS = [*STEMS]
NDIM = {part: 3 if part.endswith("images") else 1 for part in PARTS}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels as they are published; all arrays are uint8, C-contiguous and read-only.

    Two are equal that hold the same.
    """

    name: str
    train_images: np.ndarray  # (n, rows · columns)
    train_labels: np.ndarray  # (n,)
    test_images: np.ndarray  # (m, rows · columns)
    test_labels: np.ndarray  # (m,)
    image_shape: tuple[int, int]  # rows, columns
    classes: int  # largest training label + 1
    digest: str  # SHA-256 of the four arrays and their shapes, whatever files they came from

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dataset) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def load_dataset(name_or_folder: str | Path) -> Dataset:
    """Return the dataset of a known name (``mnist``, ``xor``) or of a folder with its four IDX files, raw or gzipped.

    Raises InputError when a file is missing or damaged, or the four do not fit together.
    """
    name = str(name_or_folder)
    if is_made(name):
        arrays = made_arrays(name)
        return _dataset(name, arrays, _content_digest(arrays))
    files = find_files(find_folder(name))
    key = _source_digest(name, files)
    entry = cache_root() / "datasets" / key
    cached = store.read_entry(entry, PARTS)
    if cached is None:
        arrays = {part: read_idx(path, NDIM[part]) for part, path in files.items()}
        for part, problem in problems(name, arrays):
            raise InputError(f"{files[part]}: {problem}")
        cached = arrays, _content_digest(arrays)
        # Files that changed while they were read must not be remembered under their former digest.
        if _source_digest(name, files) == key and store.write_entry(entry, *cached):
            cached = store.read_entry(entry, PARTS) or cached
    return _dataset(name, *cached)


def dataset_digest(name_or_folder: str | Path) -> str:
    """Return the digest of a dataset's content; as cheap as loading it from the cache."""
    return load_dataset(name_or_folder).digest


def problems(name: str, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, str]]:
    """Yield (part, what is wrong with it) unless the four are one dataset, and the published one of this name."""
    for kind in ("train", "test"):
        images, labels = len(arrays[f"{kind}_images"]), len(arrays[f"{kind}_labels"])
        if images != labels:
            yield f"{kind}_labels", f"has {labels} labels for {images} images; expected one for each"
    trained, tested = arrays["train_images"].shape[1:], arrays["test_images"].shape[1:]
    if trained != tested:
        yield "test_images", f"has images of {times(tested)} pixels; the training images have {times(trained)}"
    known, asked = np.unique(arrays["train_labels"]), np.unique(arrays["test_labels"])
    if len(known) < 2:
        yield "train_labels", f"has no other label than {known[0]}; expected two classes or more"
    if len(unseen := np.setdiff1d(asked, known)):
        yield "test_labels", f"has label {unseen[-1]}; allowed are the training labels, {known[0]} to {known[-1]}"
    elif known[-1] > asked[-1]:  # a stray label would silently give the network classes that nothing tests
        yield "train_labels", f"has label {known[-1]}; allowed are labels up to the largest for testing, {asked[-1]}"
    for part, expected in PUBLISHED[name].payload_md5.items() if name in PUBLISHED else ():
        if (found := idx_md5(arrays[part])) != expected:
            yield part, f"has data with MD5 {found}; {name} as published has {expected}"


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
    """Key of a cache entry: the files' bytes, and the name whose published MD5s they were held against."""
    digest = hashlib.sha256(f"{FORMAT} {name if name in PUBLISHED else ''}".encode())
    for part, path in files.items():
        with open_source(path) as file:
            digest.update(f"{part} {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return digest.hexdigest()


def _content_digest(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(f"{part} {arrays[part].shape}".encode())
        digest.update(arrays[part].data)
    return digest.hexdigest()
