"""The command line: parses, calls, prints. Everything it calls is there from Python too.

Imports stand inside the commands, so that `harness --help` does not wait for NumPy.
"""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import data as data_commands
from harness.cli.options import (
    Benchmark,
    Data,
    FailFast,
    Jobs,
    Profile,
    Reports,
    Results,
    Retry,
    Scheduler,
    Seeds,
    Settings,
    Studies,
    Timeout,
)
from harness.errors import HarnessError, InputError

if TYPE_CHECKING:
    from harness.spec import Study

app = typer.Typer(
    help="Train neural networks from scratch, compare their techniques, report with figures.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data_commands.app, name="data")


@app.command()
def reproduce(
    profile: Profile = "quick",
    jobs: Jobs = None,
    results: Results = None,
    reports: Reports = None,
    scheduler: Scheduler = None,
    retry_failed: Retry = False,
    fail_fast: FailFast = False,
    timeout: Timeout = None,
) -> None:
    """Run every study, time the kernels and write the report: the main job.

    What is finished already is not run again.

    Example: harness reproduce --profile quick
    """
    from harness.spec import study_names

    results, reports = results or _folder("results", profile), reports or _folder("reports", profile)
    studies = _load(study_names(), profile)
    code = _run(studies, results, jobs, scheduler, retry_failed, fail_fast, timeout)
    if code != INTERRUPTED:
        _time_kernels_once(results)
        _write_report(results, reports)
    raise typer.Exit(code)


@app.command()
def run(
    studies: Studies,
    profile: Profile = "quick",
    settings: Settings = None,
    seeds: Seeds = None,
    dataset: Data = None,
    jobs: Jobs = None,
    results: Results = None,
    scheduler: Scheduler = None,
    retry_failed: Retry = False,
    fail_fast: FailFast = False,
    timeout: Timeout = None,
) -> None:
    """Run studies: those that are shipped by name, your own by the path of its TOML file.

    Example: harness run optimizer --profile smoke --set epochs=2 --jobs 2
    """
    from harness.results.frames import load_study_results

    results = results or _folder("results", profile)
    resolved = _load(studies, profile, settings, seeds, dataset)
    code = _run(resolved, results, jobs, scheduler, retry_failed, fail_fast, timeout)
    if code != INTERRUPTED:
        from harness.cli.printing import arms_table

        for study in resolved:
            print(f"\n{study.title}\n{arms_table(load_study_results(results / study.name))}")
            print(f"tables: {results / study.name}")
    raise typer.Exit(code)


@app.command()
def plan(
    studies: Studies,
    profile: Profile = "quick",
    settings: Settings = None,
    seeds: Seeds = None,
    dataset: Data = None,
    jobs: Jobs = None,
    results: Results = None,
) -> None:
    """Show which trials are done, failed or missing, and how long the missing ones will take. Records nothing.

    Example: harness plan optimizer --profile full
    """
    from harness.api import cores
    from harness.cli.printing import plan_table
    from harness.sweep.plan import plan_studies

    results = results or _folder("results", profile)
    resolved = _load(studies, profile, settings, seeds, dataset)
    print(plan_table(plan_studies(resolved, results, jobs or cores(), _note)))
    print(f"results: {results}")


@app.command()
def train(settings: Settings = None, dataset: Data = None) -> None:
    """Train one network and print each evaluation.

    Example: harness train --set hidden=64,64 --set learning_rate=0.01
    """
    from harness.spec import parse_set, trial_from

    chosen = parse_set(settings or [])
    if dataset is not None:
        _refuse_twice("dataset", chosen)
        chosen["dataset"] = dataset
    trial = trial_from(chosen, "--set")

    from harness import training
    from harness.cli.printing import evaluation_line, outcome_line

    if not training.is_compiled(trial):
        _note("compiling the kernels, which is done once")
    result = training.train(trial, on_evaluation=lambda row: print(evaluation_line(row), flush=True))
    print(outcome_line(result.record))


@app.command()
def check() -> None:
    """Prove every kernel right: equations, slopes, both backends, both dtypes, whole networks and trials.

    Example: harness check
    """
    from harness.check.every import run_checks, summary

    checks = list(run_checks())
    print(summary(checks))
    offenders = [str(check) for check in checks if not check.good]
    if offenders:
        raise HarnessError(f"{len(offenders)} of {len(checks)} checks out of bounds: {'; '.join(offenders[:5])}")
    print(f"{len(checks)} checks, all within bounds")


@app.command()
def report(
    profile: Profile = "quick",
    results: Results = None,
    reports: Reports = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the report is stale.")] = False,
) -> None:
    """Write the report from a results folder alone, or check that the one there is follows from it.

    Example: harness report --results results --reports reports --check
    """
    results, reports = results or _folder("results", profile), reports or _folder("reports", profile)
    if not check:
        _write_report(results, reports)
        return
    from harness.report.write import check_report

    stale = check_report(results, reports)
    for line in stale:
        print(line)
    if stale:
        again = f"harness report --results {shlex.quote(str(results))} --reports {shlex.quote(str(reports))}"
        raise HarnessError(f"the report in {reports} is not what {results} gives; `{again}` rewrites it")
    print(f"{reports}: the report follows from {results}")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Results folder to compare with, as of an older version.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Results folder to judge.")],
) -> None:
    """Compare accuracy, time to target and speed of two results folders, seed by seed; exit 1 on a regression.

    Example: harness compare results results/local/quick
    """
    from harness.cli.printing import comparison_table
    from harness.statistics.compare import changed_settings, regressions
    from harness.statistics.compare import compare as compare_results

    comparison = compare_results(a, b)
    for line in changed_settings(a, b):
        _note(line)
    print(comparison_table(comparison))
    if worse := regressions(comparison):
        raise HarnessError(f"worse in {b}: {'; '.join(worse)}")


@app.command()
def bench(
    what: Benchmark = "all",
    peers: Annotated[bool, typer.Option("--peers", help="Also PyTorch, JAX, scikit-learn and the tutorial.")] = False,
    profile: Profile = "quick",
    results: Results = None,
) -> None:
    """Measure each kernel against the limits of this machine, and training against BLAS and other libraries.

    Example: harness bench training --peers
    """
    results = results or _folder("results", profile)

    from harness.bench import benchmarks as run
    from harness.bench import ratios as summary

    if what in ("kernels", "all"):
        print(summary.kernels_text(run.bench_kernels(results, _note)))
    if what in ("training", "all"):
        print(summary.training_text(run.bench_training(results, _note, peers=peers)))
    if what == "all":
        print(summary.system_text(run.bench_system(results, _note)))
    print(f"tables: {results / 'bench'}")


@app.command("list")
def list_studies() -> None:
    """List the studies that are shipped.

    Example: harness list
    """
    from harness.spec import load_study, study_names
    from harness.text import table

    studies = [load_study(name) for name in study_names()]
    rows = [[study.name, study.section or "", str(len(study.arms)), study.question] for study in studies]
    print(table(["study", "section", "arms", "question"], rows))


@app.command()
def show(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A name (see `harness list`) or a .toml file.")],
    profile: Profile = "quick",
    settings: Settings = None,
    seeds: Seeds = None,
    dataset: Data = None,
) -> None:
    """Show a study as it would be run: baseline, arms, tuning, seeds.

    Example: harness show optimizer --profile full
    """
    from harness.cli.printing import study_text

    (resolved,) = _load([study], profile, settings, seeds, dataset)
    print(study_text(resolved))


INTERRUPTED = 130


def _folder(kind: str, profile: str) -> Path:
    from harness.api import default_folder

    return default_folder(kind, profile)


def _refuse_twice(field: str, settings: dict[str, Any]) -> None:
    if field in settings:
        raise InputError(f"--{field}: {field} is given by --set as well")


def _load(
    names: list[str],
    profile: str,
    settings: list[str] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
) -> "list[Study]":
    from harness.spec import load_study, parse_set

    overrides = parse_set(settings or [])
    if dataset is not None:
        _refuse_twice("dataset", overrides)
    studies = [load_study(name, profile, overrides, seeds, dataset) for name in dict.fromkeys(names)]
    for study in studies:
        if [other.name for other in studies].count(study.name) > 1:
            raise InputError(f"two studies are called '{study.name}'; rename one of the files")
    return studies


def _run(
    studies: "list[Study]",
    results: Path,
    jobs: int | None,
    scheduler: str | None,
    retry_failed: bool,
    fail_fast: bool,
    timeout: float | None,
) -> int:
    """Run studies, tell how it went and return the exit code."""
    if jobs is not None and scheduler is not None:
        raise InputError("--jobs and --scheduler exclude each other: the workers of the cluster are its own")
    from harness.api import cores
    from harness.sweep.progress import progress_display
    from harness.sweep.runner import run_studies

    summary = run_studies(
        studies, results, jobs or cores(), scheduler, retry_failed, fail_fast, timeout, progress_display()
    )
    counts = {"done": summary.done, "diverged": summary.diverged, "failed": summary.failed, "missing": summary.missing}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    before = sum(counts.values()) - summary.ran - summary.missing
    print(f"{summary.ran} trials run now, {before} recorded before: {told}\nresults: {results}")
    if summary.interrupted:
        _note(f"interrupted; this goes on where it stopped: {shlex.join(['harness', *sys.argv[1:]])}")
        return INTERRUPTED
    return 1 if summary.failed or summary.missing else 0


def _time_kernels_once(results: Path) -> None:
    """Add the short form of the kernel benchmark, unless the results have one."""
    if (results / "bench" / "kernels.csv").exists():
        return
    from harness.bench.benchmarks import bench_kernels

    _note("timing the kernels against the limits of this machine")
    bench_kernels(results, lambda _: None, reduced=True)


def _write_report(results: Path, reports: Path) -> None:
    from harness.report.write import write_report

    print(f"report:  {write_report(results, reports)}")


def main() -> None:
    """Run the command line; every known trouble ends in one line on standard error and its exit code."""
    sys.exit(_exit_code(sys.argv[1:] or ["--help"]))


def _exit_code(arguments: list[str]) -> int:
    try:
        code = int(app(arguments, prog_name="harness", standalone_mode=False) or 0)
        print(end="", flush=True)  # so that what cannot be written is noticed here and not after the end
        return code
    except HarnessError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        return _unwritable(1)
    except OSError as error:  # as of a full disk
        return _unwritable(_complain(str(error), 1))
    except Exception as error:
        if not hasattr(error, "format_message"):  # which marks the usage errors of typer's click
            raise
        return _complain(error.format_message(), 2)


def _unwritable(code: int) -> int:
    """Drop what is left of the output, which Python would try to write again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _complain(message: str, code: int) -> int:
    _note(f"error: {' '.join(message.split())}")
    return code


if __name__ == "__main__":
    main()
