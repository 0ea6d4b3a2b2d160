"""The code digest changes with what the code says, not with how it is written, and each backend has its own."""

import ast

import pytest

from harness.sweep.code_digest import code_digest, sources, syntax

PLAIN = "def f(x):\n    return x + 1\n"


@pytest.mark.parametrize(
    "same",
    [
        "def f(x):  # adds\n\n    return (x + 1)\n",
        'def f(x):\n    """Add one."""\n    return x + 1\n',
        '"""A module."""\n\ndef f(\n    x,\n):\n    return x + 1',
    ],
)
def test_comments_docstrings_and_layout_do_not_count(same):
    assert syntax(same) == syntax(PLAIN)


@pytest.mark.parametrize(
    "other",
    ["def f(x):\n    return x - 1\n", "def f(x):\n    return x + 1.0\n", "def f(x, y=None):\n    return x + 1\n"],
)
def test_a_changed_expression_counts(other):
    assert syntax(other) != syntax(PLAIN)


def test_a_string_that_is_not_a_docstring_counts():
    assert syntax("def f():\n    return 'a'\n") != syntax("def f():\n    return 'b'\n")


def test_a_class_of_nothing_but_a_docstring_has_a_digest():
    assert syntax('class A:\n    """Nothing."""\n') == syntax('class A:\n    """Nothing at all."""\n')


def test_fields_that_other_python_versions_add_empty_do_not_count():
    tree = ast.parse(PLAIN)
    assert "type_params" not in syntax(PLAIN)
    assert "type_comment" not in syntax(ast.unparse(tree))


def test_the_sources_of_a_backend_are_its_kernels_the_shared_ones_training_and_datasets():
    numba, numpy = set(sources("numba")), set(sources("numpy"))
    assert any(name.startswith("kernels/numba_backend") for name in numba - numpy)
    assert numpy < numba  # which takes constants and signatures of the reference
    shared = numba & numpy
    assert "kernels/layout.py" in shared
    assert "harness/datasets/splits.py" in shared
    assert any(name.startswith("harness/training/") for name in shared)
    assert not any(name.startswith(("harness/sweep", "harness/analysis")) for name in shared)


def test_backends_have_digests_of_their_own():
    assert code_digest("numba") != code_digest("numpy")
