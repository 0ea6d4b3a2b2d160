"""Where study files are found and how they are read: the shipped ones by name, a user's own by path."""

import re
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from os.path import isfile  # says no to a name too long for a file, where Path raises
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import InputError, nearest
from harness.spec.names import RESERVED
from harness.spec.validation import shown

MAX_BYTES = 1_000_000
SHIPPED = "shipped"


def study_names() -> list[str]:
    """Return the names of the shipped studies: first the tutorial's, then those from the literature."""
    return list(_shipped())


class StudySource(NamedTuple):
    """Where a study comes from: its name, how messages call its file, its origin, and the file's bytes."""

    name: str
    where: str
    origin: str  # SHIPPED, or the absolute path of the file
    data: bytes


def still_there(origin: str) -> bool:
    """Tell whether a study can still be had from where it came from."""
    return origin == SHIPPED or Path(origin).is_file()


def find_study(name_or_path: str | Path) -> StudySource:
    """Return where a study comes from.

    Raises InputError for an unknown or forbidden name and for a file that cannot be read.
    """
    text = str(name_or_path)
    shipped = _shipped()
    if text in shipped:
        return StudySource(text, f"{text}.toml", SHIPPED, shipped[text].read_bytes())
    if not (text.endswith(".toml") or "/" in text or "\\" in text):
        own = f" (did you mean the file {text}.toml?)" if isfile(f"{text}.toml") else ""
        hint = own or nearest(text, shipped) or f"; known: {', '.join(shipped)}, or the path of a .toml file"
        raise InputError(f"unknown study {shown(text)}{hint}")
    return _own_study(Path(name_or_path))


def read_toml(data: bytes, where: str) -> dict[str, Any]:
    """Return the tables of a TOML file; raises InputError with the line where it is wrong."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{where}: line {line}: byte 0x{data[error.start]:02x} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        told = re.fullmatch(r"(.*) \(at (line \d+), column \d+\)", str(error), re.DOTALL)
        what, line_told = (told[1], told[2]) if told else (str(error), "TOML")
        if "overwrite" in what or "declare" in what or "twice" in what:
            what = f"duplicate key ({what})"
        raise InputError(f"{where}: {line_told}: {' '.join(what.split())}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None
    except ValueError as error:  # Python's limit on the digits of a whole number
        raise InputError(f"{where}: {' '.join(str(error).split(';')[0].split())}") from None


def _shipped() -> dict[str, Traversable]:
    folder = resources.files("experiments")
    found: dict[str, Traversable] = {}
    for place in (folder, folder / "published"):
        if place.is_dir():
            files = sorted(
                (file for file in place.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
            )
            found |= {file.name.removesuffix(".toml"): file for file in files}
    return found


def _own_study(path: Path) -> StudySource:
    where = str(path) if str(path).isprintable() else shown(str(path))
    if path.suffix != ".toml" or not path.is_file():
        problem = "not a file" if path.exists() else "no such file"
        raise InputError(
            f"study {shown(str(path))}: {problem}; expected a .toml file or one of {', '.join(_shipped())}"
        )
    name = path.stem
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", name):
        raise InputError(
            f"{where}: the file name names the results folder, so only a-z, 0-9, _ and - are allowed before .toml"
        )
    if name in RESERVED:
        raise InputError(f"{where}: the name '{name}' is reserved ({', '.join(RESERVED)}); rename the file")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{where}: {path.stat().st_size:,} bytes, at most {MAX_BYTES:,} are a study")
        return StudySource(name, where, str(path.resolve()), path.read_bytes())
    except OSError as error:
        raise InputError(f"{where}: cannot be read: {error.strerror}") from None
