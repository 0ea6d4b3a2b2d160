"""From what a user types (a name or a folder) to the four IDX files of a dataset."""

import os
from dataclasses import dataclass
from pathlib import Path

from harness.cache import cache_root
from harness.datasets.made import MADE, is_made
from harness.errors import InputError, nearest

# What a part of a dataset is called here, and the stem of its file everywhere.
STEMS = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
EMBEDDED = Path(__file__).parent
SYSTEM = Path("/usr/share/datasets")  # Debian's dataset-* packages


@dataclass(frozen=True)
class Published:
    """A dataset whose bytes are known: the MD5 of the four raw files, and of the gzipped ones to download."""

    name: str
    title: str
    licence: str
    payload_md5: dict[str, str]
    url: str | None = None
    download_md5: dict[str, str] | None = None


PUBLISHED = {
    dataset.name: dataset
    for dataset in (
        Published(
            name="mnist",
            title="MNIST: handwritten digits (LeCun, Cortes, Burges)",
            licence="CC BY-SA 3.0",
            payload_md5={
                "train_images": "6bbc9ace898e44ae57da46a324031adb",
                "train_labels": "a25bea736e30d166cdddb491f175f624",
                "test_images": "2646ac647ad5339dbf082846283269ea",
                "test_labels": "27ae3e4e09519cfbb04c329615203637",
            },
        ),
        Published(
            name="fashion-mnist",
            title="Fashion-MNIST: articles of clothing (Zalando Research)",
            licence="MIT",
            payload_md5={
                "train_images": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                "train_labels": "9018921c3c673c538a1fc5bad174d6f9",
                "test_images": "8181f5470baa50b63fa0f6fddb340f0a",
                "test_labels": "15d484375f8d13e6eb1aabb0c3f46965",
            },
            url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            download_md5={
                "train_images": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train_labels": "25c81989df183df01b3e8a0aad5dffbe",
                "test_images": "bef4ecab320f06d8554ea6380940ec79",
                "test_labels": "bb300cfdad3c16e7a12a480ee83cd310",
            },
        ),
    )
}


def has_name(dataset: str) -> bool:
    """Tell whether a dataset is known by this name, wherever it is asked for; else it is the path of a folder."""
    return dataset in PUBLISHED or is_made(dataset)


def find_published(name: str) -> Published:
    """Return the published dataset of this name; raises InputError with the nearest name otherwise."""
    if is_made(name):
        raise InputError(f"dataset '{name}': is made where it is needed, so there is nothing to fetch")
    if name not in PUBLISHED:
        raise InputError(f"dataset '{name}': unknown{nearest(name, PUBLISHED)}; allowed are {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def download_folder(name: str) -> Path:
    """Where `fetch` puts a dataset."""
    return cache_root() / "downloads" / name


def find_folder(name_or_folder: str | Path) -> Path:
    """Return the folder of a dataset: of a known name, else of a path (a folder that bears a known name is ./name).

    Torchvision keeps the files one level deeper, in ``raw``. Raises InputError when nothing is there.
    """
    name = str(name_or_folder)
    if name in PUBLISHED:
        return _folder_of(PUBLISHED[name])
    folder = Path(os.path.expanduser(name))
    if os.path.isdir(folder):
        return folder / "raw" if missing_files(folder) and (folder / "raw").is_dir() else folder
    if os.path.exists(folder):
        raise InputError(f"{folder}: is a file; a dataset is given by name or by the folder of its four IDX files")
    raise InputError(
        f"dataset '{name}': neither a known name{nearest(name, (*PUBLISHED, *MADE))} nor a folder; "
        f"allowed are {', '.join((*PUBLISHED, *MADE))}, or a folder of IDX files"
    )


def _folder_of(known: Published) -> Path:
    if known.url is None:
        return EMBEDDED / known.name
    for folder in (download_folder(known.name), SYSTEM / known.name):
        if not missing_files(folder):
            return folder
    raise InputError(
        f"dataset '{known.name}': not on this machine; run `harness data fetch {known.name}` or give its folder"
    )


def find_files(folder: Path) -> dict[str, Path]:
    """Return the file of each part, the raw one before the gzipped; raises InputError when one is missing."""
    if missing := missing_files(folder):
        raise InputError(
            f"{folder}: {', '.join(missing)} missing; a dataset folder holds {', '.join(STEMS.values())}, "
            "each raw or with .gz"
        )
    return {part: next(filter(os.path.exists, _candidates(folder, stem))) for part, stem in STEMS.items()}


def missing_files(folder: Path) -> list[str]:
    """Return the stems of the parts that `folder` has no file for."""
    return [stem for stem in STEMS.values() if not any(map(os.path.exists, _candidates(folder, stem)))]


def _candidates(folder: Path, stem: str) -> tuple[Path, Path]:
    return folder / stem, folder / f"{stem}.gz"
