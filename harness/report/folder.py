"""A reports folder on the disk: what an earlier page wrote there, and how a new one takes its place.

A page, which is the report or the tutorial, ends with a seal, a comment that names its figures. Only files that a seal
names are ever replaced or removed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.atomic import replace_files
from harness.errors import HarnessError, InputError


class Page(NamedTuple):
    """The file of a page, and the folder beside it that has its figures."""

    text: str
    figures: str


REPORT, TUTORIAL = Page("report.md", "figures"), Page("tutorial.md", "tutorial")
PAGES = (REPORT, TUTORIAL)
ELSEWHERE = "move it, or name another folder by --reports"
SEAL = re.compile(r"<!-- seal (\{.*\}) -->\s*\Z", re.DOTALL)


def read_seal(text: str) -> dict[str, Any] | None:
    """Return the seal of a report: `results`, and for each of its `figures` what was `drawn` and the digest of its
    `file`; None where there is none."""
    match = SEAL.search(text)
    try:
        seal: dict[str, Any] = json.loads(match[1]) if match else {}
        return seal if all(isinstance(figure, dict) for figure in seal["figures"].values()) else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def refuse_foreign(reports: Path, page: Page = REPORT) -> None:
    """Raise InputError for a folder that holds other things, or a page that the harness did not write."""
    try:
        inside = sorted(path.name for path in reports.iterdir()) if reports.exists() else []
    except NotADirectoryError:
        raise InputError(f"reports folder {reports}: is a file, expected a folder") from None
    except OSError as error:
        raise InputError(f"reports folder {reports}: cannot be read ({error.strerror})") from None
    ours = {"local", *(page.text for page in PAGES)}
    ours |= {one.figures for one in PAGES if one.text in inside or not _visible(reports / one.figures)}
    others = [name for name in inside if name not in ours and not name.startswith((".", "README"))]
    if others and not {page.text for page in PAGES} & set(inside):
        raise InputError(
            f"reports folder {reports}: holds '{others[0]}' and no report; expected an empty or new folder"
        )
    if page.text in inside and _figures_before(reports, page) is None:
        told = f"not written by `harness {Path(page.text).stem}` (no seal at its end)"
        raise InputError(f"{reports / page.text}: {told}; {ELSEWHERE}")


def publish(reports: Path, text: str, figures: Mapping[str, bytes], page: Page = REPORT) -> Path:
    """Put a page and its figures in place of an earlier one, wholly or not at all; return the path of its text.

    Raises InputError for a folder that holds other things or cannot be written, HarnessError for a full disk.
    """
    refuse_foreign(reports, page)
    folder, before = reports / page.figures, _figures_before(reports, page) or {}
    for name in figures:
        if name not in before and (folder / name).exists():
            raise InputError(f"{folder / name}: not written by an earlier report; {ELSEWHERE}")
    # the text comes first: with it there, a run that is killed now leaves a folder that is known for a report
    contents = {reports / page.text: text.encode()} | {folder / name: content for name, content in figures.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_files({path: _writing(content) for path, content in contents.items()})
        for name in before.keys() - figures.keys():
            stray = folder / name
            if file_digest(stray) == before[name].get("file"):
                stray.unlink(missing_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise InputError(f"reports folder {reports}: cannot be written ({error.strerror})") from None
    except OSError as error:
        told = f"cannot be written ({error.strerror}); the earlier report is unchanged"
        raise HarnessError(f"reports folder {reports}: {told}") from None
    return reports / page.text


def stale(reports: Path, page: Page, fresh: str, on_disk: Mapping[str, str | None]) -> list[str]:
    """Return what of a page is not as in `fresh`, which the results give now, a line each; [] where it is the same.

    `on_disk` has the digest of the file of each figure, None where it is missing.
    """
    path, folder = reports / page.text, reports / page.figures
    if not path.is_file():
        return [f"{path}: missing"]
    text = path.read_bytes().decode(errors="replace")
    if text == fresh:
        return []
    old, new = read_seal(text), read_seal(fresh)
    if old is None or new is None:
        return [f"{path}: its seal is missing or damaged; move the file and write the report anew"]
    lines = []
    if old.get("results") != new["results"]:
        lines.append(f"{path}: the results have changed since it was written")
    known = old["figures"]
    for name, content in on_disk.items():
        if content is None:
            lines.append(f"{folder / name}: missing")
        elif name not in known:
            lines.append(f"{folder / name}: not in the report")
        elif known[name].get("drawn") != new["figures"][name]["drawn"]:
            lines.append(f"{folder / name}: shows other data than the results")
        elif known[name].get("file") != content:
            lines.append(f"{folder / name}: edited")
    lines += [f"{folder / name}: no longer drawn" for name in known if name not in on_disk]
    if SEAL.sub("", text) != SEAL.sub("", fresh):
        lines.append(f"{path}: its text differs from what the results say")
    return lines or [f"{path}: edited, or written by another version"]


def digest(content: bytes) -> str:
    """Return 16 hex digits for the bytes of a file."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str | None:
    """Return the digest of a file; None where there is none."""
    return digest(path.read_bytes()) if path.is_file() else None


def _visible(folder: Path) -> bool:
    """Tell whether a folder holds anything that is not hidden."""
    return any(not path.name.startswith(".") for path in folder.glob("*"))


def _figures_before(reports: Path, page: Page) -> dict[str, dict[str, Any]] | None:
    """Return the figures that the seal of the page there names; none without a page; None without a seal."""
    path = reports / page.text
    if not path.is_file():
        return {}
    seal = read_seal(path.read_bytes().decode(errors="replace"))
    return None if seal is None else seal["figures"]


def _writing(content: bytes) -> Callable[[BinaryIO], int]:
    return lambda file: file.write(content)
