"""What lies where in a results folder, and how a file is replaced without ever being half-written.

results/.lock                 held by the run that writes here
results/<study>/study.json    the resolved study, its `origin` (shipped, or the path of its file from the results
                              folder), and under `datasets` the content digest of each it names
results/<study>/journal.jsonl the truth, one line a trial (see `journal`)
results/<study>/*.csv         tables for people, made from the two above (see `tables`)
results/<study>/environment.json   digest → versions and machine (see `environment`)
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.atomic import write_atomically
from harness.errors import InputError
from harness.spec.names import RESERVED
from harness.spec.shipped import SHIPPED, still_there
from harness.spec.study import Study, study_from_record

STUDY_FILE = "study.json"
JOURNAL_FILE = "journal.jsonl"
ENVIRONMENT_FILE = "environment.json"
STUDY_NAME = re.compile(r"[a-z0-9_-]+")


def default_folder(kind: str, profile: str) -> Path:
    """Return where a run of this profile leaves its `kind` (results or reports): below the current folder."""
    return Path(kind) / "local" / profile


def study_folders(results: Path) -> list[Path]:
    """Return the folders of `results` that hold a study, by name; a missing folder holds none.

    Raises InputError when `results` is a file or cannot be read.
    """
    try:
        inside = sorted(results.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise InputError(f"results folder {results}: is a file, expected a folder") from None
    except OSError as error:
        raise InputError(f"results folder {results}: cannot be read ({error.strerror})") from None
    named = [path for path in inside if STUDY_NAME.fullmatch(path.name) and path.name not in RESERVED]
    return [path for path in named if (path / STUDY_FILE).is_file()]


def read_study(folder: Path) -> tuple[Study, dict[str, str]]:
    """Return the resolved study of a study folder, and the content digest of each dataset it names."""
    path = folder / STUDY_FILE
    record = read_json(path)
    known = isinstance(record, dict)
    datasets = record.pop("datasets", None) if known else None
    origin = record.pop("origin", None) if known else None
    study = study_from_record(
        record, str(path), _moved(origin, lambda path: os.path.normpath(folder.parent.resolve() / path))
    )
    if not isinstance(datasets, dict):
        raise InputError(f"{path}: datasets: missing, expected a table name = digest")
    if study.name != folder.name:
        raise InputError(f"{path}: is study '{study.name}', but its folder is called '{folder.name}'")
    return study, datasets


def write_study(folder: Path, study: Study, datasets: Mapping[str, str]) -> None:
    """Write study.json."""
    origin = _moved(study.origin, lambda path: os.path.relpath(path, folder.parent.resolve()))
    record = study.to_record() | {"origin": origin, "datasets": dict(datasets)}
    write_atomically(folder / STUDY_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def refuse_other_origin(results: Path, studies: Iterable[Study]) -> None:
    """Raise InputError for a study whose name another file, that is still there, has used in a results folder.

    A project that is moved as a whole goes on, for the path of a file is kept as seen from the results folder.
    """
    for study in studies:
        folder = results / study.name
        before = read_study(folder)[0].origin if (folder / STUDY_FILE).is_file() else None
        if before in (None, study.origin) or study.origin is None or not still_there(before):
            continue
        told = {SHIPPED: "the study that is shipped"}
        raise InputError(
            f"study '{study.name}' of {told.get(study.origin, study.origin)}: {folder} holds results of "
            f"{told.get(before, before)}; rename the file, or choose another folder with --results"
        )


def _moved(origin: Any, move: Callable[[str], str]) -> Any:
    """Return an origin with its path, where it is one, as seen from elsewhere."""
    return move(origin) if isinstance(origin, str) and origin != SHIPPED else origin


def read_environments(folder: Path) -> dict[str, Any]:
    """Return the environments that the records of a study folder name, by digest."""
    path = folder / ENVIRONMENT_FILE
    return read_json(path) if path.is_file() else {}


def refuse_foreign(results: Path, studies: Iterable[str]) -> None:
    """Raise InputError for a folder that holds other things and no results, such as somebody's home.

    Folders with the names of the `studies` to be run count as begun.
    """
    names = [path.name for path in sorted(results.iterdir()) if not path.name.startswith((".", "README"))]
    inside = [name for name in names if name not in set(studies) or not (results / name).is_dir()]
    if inside and not study_folders(results) and not any((results / name).is_dir() for name in RESERVED):
        raise InputError(
            f"results folder {results}: holds no results but '{inside[0]}'; expected an empty folder or a new one"
        )


def read_json(path: Path) -> Any:
    """Return the content of a JSON file; raises InputError naming the file when it has none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged, not JSON ({error})") from None
