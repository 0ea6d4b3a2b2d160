"""The commands on kernels: are they right, and how fast."""

from typing import Annotated

import typer

from harness.cli.options import Benchmark, Profile, Results
from harness.cli.shared import folder_for, helped
from harness.errors import HarnessError
from harness.text import note


@helped(
    """Prove every kernel right: equations, slopes, both backends, both dtypes, whole networks and trials.

    Example: harness check
    """
)
def check() -> None:
    from harness.check.every import run_checks, summary

    checks = list(run_checks())
    print(summary(checks))
    offenders = [str(check) for check in checks if not check.good]
    if offenders:
        raise HarnessError(f"{len(offenders)} of {len(checks)} checks out of bounds: {'; '.join(offenders[:5])}")
    print(f"{len(checks)} checks, all within bounds")


@helped(
    """Measure each kernel against the limits of this machine, and training against BLAS and other libraries.

    Example: harness bench training --peers
    """
)
def bench(
    what: Benchmark = "all",
    peers: Annotated[bool, typer.Option("--peers", help="Also PyTorch, JAX, scikit-learn and the tutorial.")] = False,
    profile: Profile = "quick",
    results: Results = None,
) -> None:
    results = results or folder_for("results", profile)

    from harness.bench import benchmarks as run
    from harness.bench import summary

    if what in ("kernels", "all"):
        print(summary.kernels_text(run.bench_kernels(results, note)))
    if what in ("training", "all"):
        print(summary.training_text(run.bench_training(results, note, peers=peers)))
    if what == "all":
        print(summary.system_text(run.bench_system(results, note)))
    print(f"tables: {results / 'bench'}")
