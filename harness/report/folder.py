"""A reports folder on the disk: what an earlier report wrote there, and how a new one takes its place.

A report ends with a seal, a comment that names its figures. Only files that a seal names are ever replaced or removed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from harness.atomic import replace_files
from harness.errors import HarnessError, InputError

REPORT, FIGURES = "report.md", "figures"
BESIDE = ("local", "tutorial.md")  # what else the harness keeps in a folder of reports
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


def refuse_foreign(reports: Path) -> None:
    """Raise InputError for a folder that holds other things, or a report that the harness did not write."""
    try:
        inside = sorted(path.name for path in reports.iterdir()) if reports.exists() else []
    except NotADirectoryError:
        raise InputError(f"reports folder {reports}: is a file, expected a folder") from None
    except OSError as error:
        raise InputError(f"reports folder {reports}: cannot be read ({error.strerror})") from None
    begun = FIGURES if not [path for path in (reports / FIGURES).glob("*") if not path.name.startswith(".")] else None
    others = [name for name in inside if name not in (*BESIDE, begun) and not name.startswith((".", "README"))]
    if others and REPORT not in others:
        raise InputError(
            f"reports folder {reports}: holds '{others[0]}' and no report; expected an empty or new folder"
        )
    if REPORT in others and _figures_before(reports) is None:
        raise InputError(f"{reports / REPORT}: was not written by `harness report` (no seal at its end); {ELSEWHERE}")


def publish(reports: Path, text: str, figures: Mapping[str, bytes]) -> Path:
    """Put a report and its figures in place of an earlier one, wholly or not at all; return the path of its text.

    Raises InputError for a folder that holds other things or cannot be written, HarnessError for a full disk.
    """
    refuse_foreign(reports)
    before = _figures_before(reports) or {}
    for name in figures:
        if name not in before and (reports / FIGURES / name).exists():
            raise InputError(f"{reports / FIGURES / name}: not written by an earlier report; {ELSEWHERE}")
    # the text comes first: with it there, a run that is killed now leaves a folder that is known for a report
    contents = {reports / REPORT: text.encode()}
    contents |= {reports / FIGURES / name: content for name, content in figures.items()}
    try:
        (reports / FIGURES).mkdir(parents=True, exist_ok=True)
        replace_files({path: _writing(content) for path, content in contents.items()})
        for name in before.keys() - figures.keys():
            stray = reports / FIGURES / name
            if file_digest(stray) == before[name].get("file"):
                stray.unlink(missing_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise InputError(f"reports folder {reports}: cannot be written ({error.strerror})") from None
    except OSError as error:
        told = f"cannot be written ({error.strerror}); the earlier report is unchanged"
        raise HarnessError(f"reports folder {reports}: {told}") from None
    return reports / REPORT


def digest(content: bytes) -> str:
    """Return 16 hex digits for the bytes of a file."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str | None:
    """Return the digest of a file; None where there is none."""
    return digest(path.read_bytes()) if path.is_file() else None


def _figures_before(reports: Path) -> dict[str, dict[str, Any]] | None:
    """Return the figures that the seal of the report there names; none without a report; None without a seal."""
    path = reports / REPORT
    if not path.is_file():
        return {}
    seal = read_seal(path.read_bytes().decode(errors="replace"))
    return None if seal is None else seal["figures"]


def _writing(content: bytes) -> Callable[[BinaryIO], int]:
    return lambda file: file.write(content)
