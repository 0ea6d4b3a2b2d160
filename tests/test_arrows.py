"""The arrows of import: which part of the project may use which, read from the sources themselves."""

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import harness
import kernels

PROJECT = {"harness": Path(harness.__file__).parent, "kernels": Path(kernels.__file__).parent}
EVERYWHERE = ("harness.errors", "harness.atomic", "harness.cache", "harness.text")
"""Small modules without arrows of their own."""
MAY_USE: dict[str, tuple[str, ...]] = {
    "kernels": (),
    "harness.spec": ("kernels.choices",),
    "harness.datasets": ("harness.spec",),
    "harness.results": ("harness.spec",),
    "harness.processes": (),
    "harness.statistics": ("harness.spec", "harness.results"),
    "harness.training": ("kernels", "harness.datasets", "harness.spec"),
    "harness.probes": ("kernels", "harness.datasets", "harness.training", "harness.spec"),
    "harness.tutorial": (
        "kernels", "harness.datasets", "harness.training", "harness.probes", "harness.results", "harness.spec",
    ),
    "harness.sweep": (
        "harness.training", "harness.probes", "harness.datasets", "harness.results", "harness.statistics",
        "harness.processes", "harness.spec",
    ),
    "harness.report": ("harness.results", "harness.statistics", "harness.processes", "harness.spec"),
    "harness.check": ("kernels", "harness.datasets", "harness.training", "harness.spec"),
    "harness.bench": (
        "kernels", "harness.datasets", "harness.training", "harness.spec", "harness.check", "harness.results",
        "harness.processes", "harness.sweep",  # it times whole sweeps
        "harness.statistics",  # the interval over the seeds of its recipe
    ),
}  # fmt: skip
"""What each room may import beside itself; the command line and `harness.api` may use everything."""
NAMES_OF_CHOICES = "kernels.choices"
"""What specifications need of the kernels: names, and nothing that runs."""
TOP = ("harness.cli", "harness.api", "harness.__main__")


@cache
def modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name."""
    return {
        ".".join((name, *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__"): path
        for name, root in PROJECT.items()
        for path in sorted(root.rglob("*.py"))
    }


def imports(path: Path, nodes: Iterator[ast.AST]) -> set[str]:
    """Return the dotted names that these nodes import; `from a import b` counts as a and a.b."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@cache
def everywhere(name: str) -> set[str]:
    """Return what module `name` imports, inside functions too."""
    path = modules()[name]
    return imports(path, ast.walk(ast.parse(path.read_text())))


@cache
def when_imported(name: str) -> set[str]:
    """Return what module `name` imports as soon as it is imported: everything outside functions."""

    def outside(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from outside(child)

    path = modules()[name]
    return imports(path, outside(ast.parse(path.read_text())))


def inside(name: str, package: str) -> bool:
    """Whether `name` is `package` or below it."""
    return name == package or name.startswith(f"{package}.")


def below(package: str) -> list[str]:
    """Return the modules of a package."""
    found = [name for name in modules() if inside(name, package)]
    assert found, f"no module in {package}"
    return found


@pytest.mark.parametrize("room", MAY_USE)
def test_a_room_uses_only_the_rooms_it_may(room):
    allowed = (room, *MAY_USE[room], *EVERYWHERE)
    for name in below(room):
        used = {target for target in everywhere(name) if any(inside(target, root) for root in PROJECT)}
        wrong = {target for target in used if not any(inside(target, package) for package in allowed)}
        wrong -= {"harness"}  # the package itself, which imports nothing heavy
        assert not wrong, f"{name} imports {', '.join(sorted(wrong))}"


def test_every_module_is_in_a_room():
    rooms = (*MAY_USE, *TOP, *EVERYWHERE)
    assert [name for name in modules() if name != "harness" and not any(inside(name, room) for room in rooms)] == []


def test_no_arrow_runs_back():
    waiting = dict(MAY_USE)
    while waiting:
        free = [
            room
            for room, used in waiting.items()
            if not {"kernels" if u.startswith("kernels") else u for u in used} & set(waiting)
        ]
        assert free, f"a circle among {', '.join(waiting)}"
        waiting = {room: used for room, used in waiting.items() if room not in free}


@pytest.mark.parametrize("heavy", ["numpy", "pandas", "numba", "scipy", "matplotlib"])
def test_the_names_of_what_is_run_need_no_arrays(heavy):
    for name in (*below("harness.spec"), NAMES_OF_CHOICES):
        assert not any(inside(target, heavy) for target in everywhere(name)), f"{name} imports {heavy}"


@pytest.mark.parametrize(
    "forbidden", ["kernels", "numba", "harness.training", "harness.probes", "harness.datasets", "harness.sweep.runner"]
)
def test_reading_results_never_loads_what_made_them(forbidden):
    known = modules()
    reached, waiting = set(), set(below("harness.report"))
    while waiting:
        name = waiting.pop()
        reached.add(name)
        names = {target for target in (name, *when_imported(name)) if not inside(target, NAMES_OF_CHOICES)}
        wrong = {target for target in names if inside(target, forbidden)} - {"kernels"}  # the package itself is empty
        assert not wrong, f"{name}, which the report reaches, imports {', '.join(wrong)}"
        parents = {name.rpartition(".")[0]} - {""}
        waiting |= ({target for target in when_imported(name) if target in known} | parents) - reached
    assert "harness.results.frames" in reached


def test_the_studies_are_data():
    package = importlib.util.find_spec("experiments")
    assert package is not None
    for folder in package.submodule_search_locations:
        assert [path.name for path in Path(folder).rglob("*.py") if path.read_text().strip()] == []
