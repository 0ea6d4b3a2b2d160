"""Every level-1 kernel in both backends under pytest-benchmark: ``python -m pytest tests/benchmarks --benchmark-only``.

`harness bench kernels` measures the same cases against the limits of the machine. What is asserted here is a ratio.
"""

import importlib

import pytest

from harness.bench.cases import make_case
from harness.bench.kernel_times import validate
from harness.bench.timing import clock, ratio, seconds_per_call
from harness.check.facts import FACTS
from harness.spec.names import BACKENDS
from harness.training.threads import one_thread
from kernels import numba_backend, numpy_backend

KERNELS = [kernel.__name__ for kernel in numpy_backend.LEVEL_1]


@pytest.fixture(autouse=True)
def alone():
    with one_thread():
        yield


@pytest.mark.benchmark(max_time=0.1, timer=clock)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel(benchmark, kernel, backend):
    case, module = make_case(kernel, FACTS[kernel].ladder[0]), importlib.import_module(f"kernels.{backend}_backend")
    validate(case, module)
    benchmark.group = kernel
    benchmark(getattr(module, kernel), *case.copied().values())


@pytest.mark.parametrize("kernel", KERNELS)
def test_compiled_kernel_is_not_slower_than_the_reference(benchmark, kernel):
    case = make_case(kernel, FACTS[kernel].ladder[0])
    theirs, ours = case.copied().values(), case.copied().values()
    getattr(numba_backend, kernel)(*ours)
    calls = {
        "numpy": lambda: getattr(numpy_backend, kernel)(*theirs),
        "numba": lambda: getattr(numba_backend, kernel)(*ours),
    }
    taken = benchmark.pedantic(seconds_per_call, (calls, 5, 0.003), rounds=1)
    assert ratio(taken["numpy"], taken["numba"]) > 1
