"""The arrows of import: which part of the project may use which, read from the sources themselves."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
import kernels

PROJECT = {"harness": Path(harness.__file__).parent, "kernels": Path(kernels.__file__).parent}
MAY_USE = {
    "kernels": ("kernels",),
    "harness.spec": ("harness.spec", "harness.errors"),
    "harness.datasets": ("harness.datasets", "harness.errors", "harness.cache"),
    "harness.training": ("harness.training", "harness.datasets", "harness.spec", "harness.errors", "kernels"),
    "harness.analysis": ("harness.analysis", "harness.results", "harness.spec", "harness.errors"),
}


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


def everywhere(name: str) -> set[str]:
    """Return what module `name` imports, inside functions too."""
    path = modules()[name]
    return imports(path, ast.walk(ast.parse(path.read_text())))


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


@pytest.mark.parametrize("package", MAY_USE)
def test_a_part_uses_only_the_parts_before_it(package):
    for name in below(package):
        used = {target for target in everywhere(name) if any(inside(target, root) for root in PROJECT)}
        wrong = {target for target in used if not any(inside(target, allowed) for allowed in MAY_USE[package])}
        wrong -= {"harness"}  # the package itself, which imports nothing heavy
        assert not wrong, f"{name} imports {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("heavy", ["numpy", "pandas", "numba", "scipy", "matplotlib"])
def test_the_names_of_what_is_run_need_no_arrays(heavy):
    for name in below("harness.spec"):
        assert not any(inside(target, heavy) for target in everywhere(name)), f"{name} imports {heavy}"


@pytest.mark.parametrize(
    "forbidden", ["kernels", "numba", "harness.training", "harness.datasets", "harness.sweep.runner"]
)
def test_reading_results_never_loads_what_made_them(forbidden):
    known = modules()
    reached, waiting = set(), set(below("harness.analysis"))
    while waiting:
        name = waiting.pop()
        reached.add(name)
        assert not inside(name, forbidden), f"the report reaches {name}"
        for target in when_imported(name):
            assert not inside(target, forbidden), f"{name}, which the report reaches, imports {target}"
        parents = {name.rpartition(".")[0]} - {""}
        waiting |= ({target for target in when_imported(name) if target in known} | parents) - reached
    assert "harness.results" in reached


def test_the_studies_are_data():
    package = importlib.util.find_spec("experiments")
    assert package is not None
    for folder in package.submodule_search_locations:
        assert [path.name for path in Path(folder).rglob("*.py") if path.read_text().strip()] == []
