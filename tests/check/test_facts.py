"""What is known of kernels: one whole entry for each, in the file of its module, and none for what does not exist."""

import inspect
from collections import Counter

import pytest

from harness.bench import kernel_times
from harness.check.facts import DERIVATIVES, ENTRIES, FACTS, activations_facts, file_of
from harness.check.facts.entry import Fact
from harness.check.kernel_checks import SIZES, kernel_checks
from harness.check.scenes import call, scene
from kernels import numpy_backend

KERNELS = [kernel.__name__ for kernel in numpy_backend.LEVEL_1]


def test_every_kernel_has_an_entry_and_no_entry_is_without_its_kernel():
    assert set(FACTS) == set(KERNELS)


def test_no_kernel_is_described_twice():
    described = Counter(kernel for entry in ENTRIES for kernel in (entry.name, *entry.backward))
    assert [kernel for kernel, times in described.items() if times > 1] == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_entry_stands_in_the_file_of_its_kernels_module(kernel):
    assert file_of(kernel) == FACTS[kernel].equation.__module__.replace(".", "/") + ".py"


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_entry_draws_every_argument_and_knows_the_terms_of_every_output(kernel):
    for variant in range(len(FACTS[kernel].draws)):
        stage = scene(kernel, SIZES[0], variant, "float64")
        assert set(inspect.signature(getattr(numpy_backend, kernel)).parameters) <= set(stage.arguments)
        outputs = {} if stage.expected is None else stage.expected
        assert set(call(FACTS[kernel].of(kernel).terms, stage.arguments | outputs)) == set(stage.outputs)


def test_an_activation_with_a_kink_says_its_slope_at_0():
    activations = [entry for entry in vars(activations_facts).values() if isinstance(entry, Fact)]
    kinked = {name for entry in activations for name, slope in entry.backward.items() if not slope.smooth}
    assert {"relu_backward", "leaky_relu_backward"} <= kinked
    assert [name for name in kinked if DERIVATIVES[name].slope_at_0 is None] == []


def test_check_and_bench_name_the_file_in_which_to_describe_a_new_kernel(monkeypatch):
    def invented_forward(a, z):
        a[...] = z

    invented_forward.__module__ = numpy_backend.relu_forward.__module__
    monkeypatch.setattr(numpy_backend, "invented_forward", invented_forward, raising=False)
    (check,) = kernel_checks("invented_forward", numpy_backend, numpy_backend, "numpy")
    assert not check.good
    assert str(check) == "invented_forward (numpy): not described; do so in harness/check/facts/activations_facts.py"
    refused = kernel_times.measure("invented_forward", [1.0, 1.0, (1,), (1.0,), (1.0,)], [1, 1, 1e-4])
    assert refused == "invented_forward: not described; do so in harness/check/facts/activations_facts.py"
