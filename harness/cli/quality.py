"""The commands on kernels: are they right, and how fast."""

from typing import Annotated

import typer

from harness.cli.json_output import print_json
from harness.cli.options import Benchmark, Json, Profile, Quiet, Results, SecondData
from harness.cli.shared import folder_for, helped, teller
from harness.errors import HarnessError


@helped(
    """Prove every kernel right: equations, slopes, both backends, both dtypes, whole networks and trials.

    Example: harness check
    """
)
def check(json: Json = False) -> None:
    from harness.check.every import rows_of, run_checks, summary

    checks = list(run_checks())
    if json:
        print_json(rows_of(checks))
    else:
        print(summary(checks))
    offenders = [str(check) for check in checks if not check.good]
    if offenders:
        raise HarnessError(f"{len(offenders)} of {len(checks)} checks out of bounds: {'; '.join(offenders[:5])}")
    if not json:
        print(f"{len(checks)} checks, all within bounds")


@helped(
    """Measure each kernel against the limits of this machine, and training against BLAS and other libraries.

    Example: harness bench training --peers
    """
)
def bench(
    what: Benchmark = "all",
    peers: Annotated[bool, typer.Option("--peers", help="Also PyTorch, JAX, scikit-learn and the tutorial.")] = False,
    dataset: SecondData = None,
    profile: Profile = "quick",
    results: Results = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    results = results or folder_for("results", profile)

    from harness.bench import benchmarks as run
    from harness.bench import summary

    tell, tables = teller(quiet), {}
    say = (lambda _: None) if json else print  # each as soon as it is there
    if what in ("kernels", "all"):
        tables["kernels"] = run.bench_kernels(results, tell)
        say(summary.kernels_text(tables["kernels"]))
    if what in ("training", "all"):
        tables |= run.bench_training(results, tell, peers=peers, dataset=dataset)
        say(summary.training_text(tables))
    if what in ("system", "all"):
        tables["system"] = run.bench_system(results, tell)
        say(summary.system_text(tables["system"]))
    if json:
        print_json(tables)
    else:
        print(f"tables: {results / 'bench'}")
