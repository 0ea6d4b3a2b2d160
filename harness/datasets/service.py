"""What `harness data list`, `fetch` and `verify` do; the command line only prints it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from harness.datasets.catalog import (
    PUBLISHED,
    STEMS,
    Published,
    download_folder,
    find_files,
    find_folder,
    find_published,
)
from harness.datasets.dataset import NDIM, problems
from harness.datasets.idx import idx_md5, read_idx, times
from harness.datasets.made import MADE, is_made
from harness.errors import HarnessError, InputError

TIMEOUT = 30  # seconds without an answer


@dataclass(frozen=True)
class Available:
    """A known dataset; `folder` is None when its files are not on this machine, or when it has none: it is `made`."""

    name: str
    title: str
    licence: str
    folder: Path | None
    made: bool = False


@dataclass(frozen=True)
class FileCheck:
    """One file of a dataset: `known` names the published set with these bytes, `problem` is "" when all is well."""

    file: Path
    dims: str
    md5: str
    known: str
    problem: str

    @property
    def ok(self) -> bool:
        return not self.problem


def list_datasets() -> list[Available]:
    """Return the datasets that have a name, and where their files are."""
    rows = []
    for known in PUBLISHED.values():
        try:
            folder = find_folder(known.name)
        except InputError:
            folder = None
        rows.append(Available(known.name, known.title, known.licence, folder))
    return rows + [Available(name, title, "none needed", None, made=True) for name, title in MADE.items()]


def fetch_dataset(name: str) -> Path:
    """Make sure that a known dataset is on this machine and return its folder; what is there is not fetched again.

    Raises InputError for an unknown name, HarnessError when a file cannot be had or is not the published one.
    """
    known = find_published(name)
    return find_folder(name) if known.url is None else download(known, download_folder(name))


def download(known: Published, folder: Path) -> Path:
    """Download the four gzipped files of `known` into `folder`, each checked against its published MD5."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    for part, md5 in (known.download_md5 or {}).items():
        file = f"{STEMS[part]}.gz"
        url = f"{known.url}/{file}"
        try:
            pooch.retrieve(
                url,
                known_hash=f"md5:{md5}",
                fname=file,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
            )
        except ValueError:
            raise HarnessError(f"{url}: is not the published file, which has MD5 {md5}") from None
        except OSError as error:
            raise HarnessError(f"{url}: {_why(error, url, folder)}") from None
    return folder


def verify_datasets(name_or_folder: str | Path | None = None) -> list[FileCheck]:
    """Read the source files of a dataset (None: of every known one on this machine) and return a row for each.

    Made data has no files. A file that cannot be read or does not fit the others has its problem in its row. Raises
    InputError when there is no such dataset, or one of its four files is missing.
    """
    if name_or_folder is not None:
        return _verify(str(name_or_folder))
    return [row for known in list_datasets() if known.folder for row in _verify(known.name)]


def _verify(name: str) -> list[FileCheck]:
    if is_made(name):  # where it is needed: it has no files
        return []
    files = find_files(find_folder(name))
    arrays, wrong = {}, {}
    for part, path in files.items():
        try:
            arrays[part] = read_idx(path, NDIM[part])
        except InputError as error:
            wrong[part] = str(error).removeprefix(f"{path}: ")
    if not wrong:
        wrong = dict(problems(name, arrays))
    return [_row(part, path, arrays.get(part), wrong.get(part, "")) for part, path in files.items()]


def _row(part: str, path: Path, array: np.ndarray | None, problem: str) -> FileCheck:
    if array is None:
        return FileCheck(path, "", "", "", problem)
    md5 = idx_md5(array)
    known = next((known.name for known in PUBLISHED.values() if known.payload_md5[part] == md5), "")
    return FileCheck(path, times(array.shape), md5, known, problem)


def _why(error: OSError, url: str, folder: Path) -> str:
    """Say in a few words why a download failed; the HTTP library's own errors are OSErrors without an errno."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"{urlsplit(url).hostname} answered {answer.status_code} {answer.reason}"
    if error.errno:
        return f"cannot be stored in {folder} ({error.strerror})"
    return f"{urlsplit(url).hostname} cannot be reached ({type(error).__name__})"
