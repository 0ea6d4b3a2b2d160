"""A digest of the sources that determine a trial's result, so that a changed kernel is noticed on resume.

The text is read and parsed, nothing is imported. Comments, docstrings and layout do not count.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import harness
from harness.spec.names import BACKENDS

DETERMINING = ("training", "datasets")  # folders of harness/
PROBE = "probe"
TUTORIAL = "tutorial"
BESIDE = {PROBE: ("probes",), TUTORIAL: ("probes", "tutorial")}
"""Folders of harness/ that stand behind a probe, and behind the tables of the tutorial, with all backends."""


def sources(code: str) -> dict[str, Path]:
    """Return the source files behind a trial of this backend, by the name that stands for them in the digest.

    In kernels/, the compiled backends that it does not use are left out; the compiled one takes constants and
    signatures of the reference. `code` may also be PROBE or TUTORIAL.
    """
    kernels = Path((find_spec("kernels").submodule_search_locations or [])[0])  # type: ignore[union-attr]
    others = tuple(f"{other}_backend" for other in BACKENDS if other not in (code, "numpy") and code not in BESIDE)
    found = {f"kernels/{name}": path for name, path in _python_files(kernels) if not name.startswith(others)}
    package = Path(harness.__file__).parent
    for folder in (*DETERMINING, *BESIDE.get(code, ())):
        found |= {f"harness/{folder}/{name}": path for name, path in _python_files(package / folder)}
    return found


def _python_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix(), path


@cache
def code_digest(code: str) -> str:
    """Return 16 hex digits for the sources of `sources(code)`, the same under every Python version."""
    digest = hashlib.sha256()
    for name, path in sorted(sources(code).items()):
        digest.update(f"{name}\n{_syntax_of(path)}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _syntax_of(path: Path) -> str:
    return syntax(path.read_text(encoding="utf-8"))


def syntax(source: str) -> str:
    """Return what a source text says: its syntax tree without comments, docstrings and positions."""
    return _written(ast.parse(source))


def _written(node: object) -> str:
    """`ast.dump` leaves empty fields out in some Python versions and not in others; here they always are."""
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: getattr(node, name, None) for name in node._fields}
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if documented and ast.get_docstring(node, clean=False) is not None:  # type: ignore[arg-type]
        fields["body"] = fields["body"][1:]  # type: ignore[index]
    told = [f"{name}={_written(value)}" for name, value in fields.items() if value is not None and value != []]
    return f"{type(node).__name__}({','.join(told)})"
