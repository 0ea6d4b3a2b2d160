"""Compiled kernels call each other through addresses, which are found when a call first needs them."""

import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numba.core.errors import TypingError

from kernels.numba_backend import global_norm

KERNELS = """
from kernels.numba_backend.machine.compile import kernel

@kernel
def double(x):
    for i in range(x.size):
        x[i] *= 2

@kernel
def add_word(x):
    x[0] += "one"

@kernel
def first(x) -> float:
    return x[0]

@kernel
def count(x) -> float:
    return x.size

@kernel
def run(x, choice) -> float:
    if choice == 0:
        double(x)
    elif choice == 1:
        add_word(x)
    elif choice == 2:
        return count(x)
    return first(x)
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ModuleType]:
    """Return a function that loads the kernels above as a new process would, which finds what was compiled before."""
    monkeypatch.setattr("kernels.numba_backend.machine.compile.CACHE_DIR", tmp_path / "cache")
    (tmp_path / "bound_kernels.py").write_text(KERNELS)

    def load() -> ModuleType:
        spec = importlib.util.spec_from_file_location("bound_kernels", tmp_path / "bound_kernels.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "bound_kernels", module)
        spec.loader.exec_module(module)
        return module

    return load


def test_only_what_runs_is_compiled_and_a_later_process_finds_it(loaded):
    for hits in (0, 1):
        module, x = loaded(), np.ones(3)
        assert module.run(x, 0) == 2.0
        assert module.run(x, 0) == 4.0
        assert x.tolist() == [4.0] * 3
        assert [len(one.overloads) for one in (module.run, module.double, module.first)] == [1, 1, 1]
        assert [len(one.overloads) for one in (module.add_word, module.count)] == [0, 0]
        assert [sum(one.stats.cache_hits.values()) for one in (module.run, module.double)] == [hits, hits]


def test_a_kernel_that_cannot_be_compiled_is_an_error_of_every_call_that_needs_it(loaded):
    module, x = loaded(), np.ones(3)
    for _ in range(2):
        with pytest.raises(TypingError, match="add_word"):
            module.run(x, 1)
    assert module.run(x, 0) == 2.0


def test_a_kernel_returns_what_its_signature_says(loaded):
    with pytest.raises(TypeError, match="count returns int64, but its signature says float64"):
        loaded().run(np.ones(3), 2)


def test_another_process_is_sent_a_kernel_by_its_name():
    """Such as a worker of a pool or of Dask."""
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer).__name__)"
    sent = pickle.dumps(global_norm)
    done = subprocess.run([sys.executable, "-c", script], input=sent, capture_output=True, check=False)
    assert done.stdout.split() == [b"global_norm"], done.stderr.decode()
