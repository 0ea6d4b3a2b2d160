"""Is everything right? All checks of kernels, networks and trials, and their summary."""

from collections.abc import Iterator
from typing import Any

from harness.check.distinct import FIELDS, distinct_checks
from harness.check.kernel_checks import kernel_checks
from harness.check.network_checks import NETWORKS, network_checks
from harness.check.one_check import Check
from harness.check.trajectory_checks import TRIALS, few_images, trajectory_checks
from harness.spec.names import BACKENDS
from harness.text import table
from harness.training import setup
from harness.training.threads import one_thread


def run_checks() -> Iterator[Check]:
    """Yield every check: each level-1 kernel, tiny networks, short trials and every choice, in all backends.

    A check that fails is yielded like any other (`Check.good` tells), and raises nothing.
    """
    backends = {name: setup.backend(name) for name in BACKENDS}
    reference = backends["numpy"]
    with one_thread():
        for kernel in reference.LEVEL_1:
            for label, backend in backends.items():
                yield from kernel_checks(kernel.__name__, backend, reference, label)
        for network in NETWORKS:
            for label, backend in backends.items():
                yield from network_checks(network, backend, reference, label)
        dataset = few_images()
        for trial in TRIALS:
            yield from trajectory_checks(trial, dataset)
        for field in FIELDS:
            for label in backends:
                yield from distinct_checks(field, label, dataset)


def summary(checks: list[Check]) -> str:
    """Return a table with the worst of each kernel × backend × kind.

    An error has the unit of its bound: units in the last place where a kernel is compared with its equation or with the
    reference; otherwise it is relative.
    """
    found = rows_of(checks)
    rows = [
        [*(str(row[name]) for name in ("kernel", "backend", "check", "cases")), f"{row['worst_error']:.1e}",
         f"{row['bound']:g}", row["dtype"], row["shape"]]
        for row in found
    ]  # fmt: skip
    header = ["kernel", "backend", "check", "cases", "worst error", "bound", "dtype", "shape of the worst"]
    return table(header, rows)


def rows_of(checks: list[Check]) -> list[dict[str, Any]]:
    """Return the rows of that table: `kernel, backend, check, cases, worst_error, bound, dtype, shape, good`."""
    return [
        {
            "kernel": worst.kernel, "backend": worst.backend, "check": worst.check, "cases": count,
            "worst_error": worst.error, "bound": worst.bound, "dtype": worst.dtype, "shape": worst.shape,
            "good": worst.good,
        }
        for worst, count in worst_of_each(checks)
    ]  # fmt: skip


def worst_of_each(checks: list[Check]) -> list[tuple[Check, int]]:
    """Return the worst check of each kernel × backend × kind, in order, and how many checks of that kind there are."""
    groups: dict[tuple[str, str, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.kernel, check.backend, check.check), []).append(check)
    return [(max(group, key=lambda check: check.share), len(group)) for group in groups.values()]
