"""The kernel benchmark: every kernel is measured, only right ones are timed, and limits are limits."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.bench import benchmarks as run
from harness.bench import kernel_times as kernel_bench
from harness.bench.cases import make_case
from harness.bench.kernel_times import Effort, size_label, validate
from harness.bench.limits import KIB, Limits, level
from harness.bench.summary import kernels_text
from harness.bench.timing import geometric_mean, ratio, rotations, seconds_per_call, spread
from harness.check.facts import FACTS
from harness.check.facts.entry import SCRATCH
from harness.errors import HarnessError
from harness.report.speed_section import TABLES, load_bench
from kernels import numba_backend, numpy_backend

KERNELS = [kernel.__name__ for kernel in numpy_backend.LEVEL_1]
LIMITS = Limits(flops=1e11, exps=1e9, working_sets=(KIB, 1024 * KIB), stream=(1e11, 2e10), update=(2e11, 3e10))


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_has_a_case_and_a_cost_at_every_size_of_its_ladder(kernel):
    for size in FACTS[kernel].ladder:
        case = make_case(kernel, size._replace(n=min(size.n, 32), m=min(size.m, 64)))
        # arrays pass by about once; twice where they are read and written, once more where the norm comes first
        moved = 4 * (case.cost.reads + case.cost.writes)
        assert 0.4 <= moved / case.working_set <= 3, size


@pytest.mark.parametrize("kernel", KERNELS)
def test_both_backends_pass_validation_and_leave_the_case_as_it_was(kernel):
    case = make_case(kernel, FACTS[kernel].ladder[0])
    before = case.copied()
    for backend in (numpy_backend, numba_backend):
        validate(case, backend)
    for name, array in before.items():
        assert np.array_equal(case.arguments[name], array), name


def broken(kernel, spoil):
    """Return a backend whose `kernel` does what the reference does, and then spoils an argument."""

    def wrong(*arguments):
        result = getattr(numpy_backend, kernel)(*arguments)
        spoil(*arguments)
        return result

    return SimpleNamespace(__name__="broken", **{kernel: wrong})


@pytest.mark.parametrize(
    ("kernel", "spoil"),
    [
        ("relu_forward", lambda a, _: a.__setitem__((0, 0), a[0, 0] + 0.01)),
        ("relu_forward", lambda a, _: a.__setitem__((0, 0), np.nan)),
        ("relu_forward", lambda _, z: z.__setitem__((0, 0), z[0, 0] + 0.01)),  # an input is not the kernel's to change
        ("sgd_step", lambda parameters, *_: parameters.__imul__(np.float32(1.001))),
        ("sparse_affine_forward", lambda z, *_: z.__setitem__((0, 0), 0)),
    ],
)
def test_validation_refuses_a_wrong_kernel(kernel, spoil):
    with pytest.raises(HarnessError, match=f"{kernel} of broken .* not timed"):
        validate(make_case(kernel, FACTS[kernel].ladder[0]), broken(kernel, spoil))


def test_validation_refuses_a_wrong_returned_number():
    backend = SimpleNamespace(__name__="broken", global_norm=lambda g: 1.01 * numpy_backend.global_norm(g))
    with pytest.raises(HarnessError, match="global_norm of broken"):
        validate(make_case("global_norm", FACTS["global_norm"].ladder[0]), backend)


def test_validation_does_not_look_at_scratch():
    kernel = "sparse_affine_backward"
    case = make_case(kernel, FACTS[kernel].ladder[0])
    at = [list(case.arguments).index(name) for name in SCRATCH if name in case.arguments]
    assert at, "the kernel has scratch that could be looked at"
    validate(case, broken(kernel, lambda *arguments: [arguments[i].fill(1) for i in at]))


def test_a_refusal_travels_as_text(monkeypatch):
    monkeypatch.setattr(numba_backend, "relu_forward", lambda a, _: a.fill(0))
    answer = kernel_bench.measure("relu_forward", list(LIMITS), [1, 1, 1e-4])
    assert isinstance(answer, str)
    assert "relu_forward of kernels.numba_backend" in answer


def test_rows_hold_the_columns_that_were_promised():
    numpy_row, numba_row = kernel_bench.measure("relu_forward", list(LIMITS), list(Effort(1, 3, 1e-4)))
    assert {"kernel", "backend", "size", "us", "spread", "gflops", "gbytes_per_second", "level", "limit",
            "fraction_of_limit", "compile_seconds", "noise", "times_numpy"} <= set(numba_row)  # fmt: skip
    assert [numpy_row["backend"], numba_row["backend"]] == ["numpy", "numba"]
    assert numpy_row["times_numpy"] == 1
    assert numpy_row["compile_seconds"] is None
    # 128 × 64 numbers in and out at the bandwidth of that working set
    least = 2 * 4 * 128 * 64 / LIMITS.bandwidth(2 * 4 * 128 * 64, in_place=False)
    assert numba_row["limit"] == "bandwidth"
    assert numba_row["fraction_of_limit"] == pytest.approx(1e6 * least / numba_row["us"])


def test_the_command_writes_what_the_report_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(run.reference, "LEVEL_1", (numpy_backend.relu_forward, numpy_backend.global_norm))
    told = []
    frame = run.bench_kernels(tmp_path, told.append, reduced=True)
    assert told == ["limits of this machine", "relu_forward", "global_norm"]
    bench = load_bench(tmp_path)
    assert set(bench.tables) == {"kernels", "limits"}
    assert set(TABLES["kernels"]) <= set(bench["kernels"])
    assert bench["kernels"]["us"].to_numpy() == pytest.approx(frame["us"].to_numpy(), rel=1e-4)
    assert "relu_forward" in kernels_text(frame)
    assert "numpy" in bench.environment["versions"]


def test_bandwidth_lies_between_the_measured_working_sets():
    assert LIMITS.bandwidth(KIB, in_place=False) == 1e11
    assert LIMITS.bandwidth(32 * KIB, in_place=False) == pytest.approx(6e10)  # halfway, in powers of two
    assert LIMITS.bandwidth(1e12, in_place=True) == 3e10


def test_buffers_live_in_the_smallest_cache_that_holds_them():
    known = [("L1", 32 * KIB), ("L2", 512 * KIB)]
    assert [level(size * KIB, known) for size in (32, 33, 512, 513)] == ["L1", "L2", "L2", "memory"]


def test_sizes_read_as_one_writes_them():
    labels = {
        size_label(size) for kernel in ("affine_forward", "relu_forward", "sgd_step") for size in FACTS[kernel].ladder
    }
    assert {"128×784→64", "128×64", "55050"} <= labels


def test_every_call_is_timed_in_every_round_and_begins_one_of_them():
    order: list[str] = []
    taken = seconds_per_call({name: lambda name=name: order.append(name) for name in "ab"}, 4, 1e-5)
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 4, "b": 4}
    assert set(order) == {"a", "b"}
    assert list(rotations("abc", 4)) == [list("abc"), list("bca"), list("cab"), list("abc")]


def test_a_disturbance_of_whole_rounds_leaves_ratios_alone():
    ours = np.array([1.0, 5.0, 1.0, 9.0])
    assert ratio(2 * ours, ours) == 2
    assert spread(np.array([1.0, 1.0, 1.0])) == 0
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2)
