"""The commands on studies: reproduce, run, plan, list, show."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.json_output import print_json, print_rows
from harness.cli.options import (
    Budget,
    Data,
    FailFast,
    Jobs,
    Json,
    Pairs,
    Profile,
    Quiet,
    Reports,
    Results,
    Retry,
    Scheduler,
    Seeds,
    Settings,
    Studies,
    Timeout,
    Until,
)
from harness.cli.printing import first_look
from harness.cli.reports import write
from harness.cli.shared import NUMBERS, STOPPED, folder_for, helped, refuse_twice, teller
from harness.errors import InputError
from harness.text import note

if TYPE_CHECKING:
    from harness.spec import Study


@helped(
    """Run every study, compute the tutorial, time the kernels, write the report: the main job.

    What is finished already is not run again.

    Example: harness reproduce --profile quick
    """
)
def reproduce(
    profile: Profile = "quick",
    jobs: Jobs = None,
    results: Results = None,
    reports: Reports = None,
    scheduler: Scheduler = None,
    retry_failed: Retry = False,
    fail_fast: FailFast = False,
    timeout: Timeout = None,
    until: Until = None,
    quiet: Quiet = False,
) -> None:
    from harness.report.folder import refuse_foreign
    from harness.spec import study_names

    results, reports = results or folder_for("results", profile), reports or folder_for("reports", profile)
    refuse_foreign(reports)
    studies = _load(study_names(), profile)
    until_decided = until is not None or profile == "full"
    code = _run(studies, results, jobs, scheduler, retry_failed, fail_fast, timeout, quiet, until_decided)
    if code < STOPPED:
        from harness.cli.walk import compute_sections, outdated_sections

        compute_sections(results, outdated_sections(results), lambda name: teller(quiet)(f"tutorial: {name}"))
        _time_kernels_once(results, quiet)
        write(results, reports, jobs)
    raise typer.Exit(code)


@helped(
    f"""Run studies: those that are shipped by name, your own by the path of its TOML file.

    Example: harness run optimizer --profile smoke --set epochs=2 --jobs 2

    {NUMBERS}
    """
)
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
    until: Until = None,
    budget: Budget = None,
    pairs: Pairs = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    from harness.results.frames import load_study_results
    from harness.sweep.runner import refuse_undecidable

    results = results or folder_for("results", profile)
    resolved = _load(studies, profile, settings, seeds, dataset)
    if until:
        refuse_undecidable(resolved)
    code = _run(
        *(resolved, results, jobs, scheduler, retry_failed, fail_fast, timeout, quiet, until is not None, budget),
        tell=note if json else print,
    )
    if code < STOPPED:
        from harness.cli.outcome_text import outcome, outcome_record
        from harness.sweep.statistics_tables import write_every_pair

        found = [load_study_results(results / study.name) for study in resolved]
        for study, one in zip(resolved, found, strict=True) if pairs else ():
            write_every_pair(results / study.name, one)
        if json:
            print_json(outcome_record(found))
        for study, one in zip(resolved, found, strict=True) if not json else ():
            print(f"\n{outcome(one)}\ntables: {results / study.name}")
    raise typer.Exit(code)


@helped(
    """Show which trials are done, failed or missing, and how long the missing ones will take. Records nothing.

    Example: harness plan optimizer --profile full
    """
)
def plan(
    studies: Studies,
    profile: Profile = "quick",
    settings: Settings = None,
    seeds: Seeds = None,
    dataset: Data = None,
    jobs: Jobs = None,
    results: Results = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    from harness.cli.printing import plan_table, verdicts_lines
    from harness.processes.executor import cores
    from harness.sweep.plan import plan_studies

    results = results or folder_for("results", profile)
    resolved = _load(studies, profile, settings, seeds, dataset)
    planned = plan_studies(resolved, results, jobs or cores(), teller(quiet))
    if json:
        print_json(planned)
        return
    print(plan_table(planned))
    for study in resolved:
        for line in verdicts_lines(study):
            print(f"verdicts of {study.name}: {line}")
    print(f"results: {results}")


@helped(
    """List the studies that are shipped.

    Example: harness list
    """
)
def list_studies(json: Json = False) -> None:
    from harness.spec import load_study, study_names

    studies = [load_study(name) for name in study_names()]
    rows = [
        {"study": study.name, "section": study.section, "arms": len(study.arms), "question": study.question}
        for study in studies
    ]
    print_rows(rows, json)


@helped(
    """Show a study as it would be run: baseline, arms, tuning, seeds.

    Example: harness show optimizer --profile full
    """
)
def show(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A name (see `harness list`) or a .toml file.")],
    profile: Profile = "quick",
    settings: Settings = None,
    seeds: Seeds = None,
    dataset: Data = None,
    json: Json = False,
) -> None:
    from harness.cli.printing import study_record, study_text

    (resolved,) = _load([study], profile, settings, seeds, dataset)
    if json:
        print_json(study_record(resolved))
    else:
        print(study_text(resolved))


def _load(
    names: list[str],
    profile: str,
    settings: list[str] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
) -> "list[Study]":
    from harness.spec import load_study, parse_set, settings_of

    studies = []
    for name in dict.fromkeys(names):
        overrides = parse_set(settings or [], of=settings_of(name))
        if dataset is not None:
            refuse_twice("dataset", overrides)
        studies.append(load_study(name, profile, overrides, seeds, dataset))
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
    quiet: bool,
    until_decided: bool,
    budget: float | None = None,
    tell: Callable[[str], None] = print,
) -> int:
    """Run studies, tell how it went and return the exit code."""
    if jobs is not None and scheduler is not None:
        raise InputError("--jobs and --scheduler exclude each other: the workers of the cluster are its own")
    for study in studies if until_decided and not quiet else ():
        if hint := first_look(study):
            note(f"{study.name}: {hint}")
    from harness.processes.executor import cores
    from harness.sweep.progress import Progress, progress_display
    from harness.sweep.runner import run_studies

    summary = run_studies(
        studies,
        results,
        jobs or cores(),
        scheduler,
        retry_failed,
        fail_fast,
        timeout,
        Progress() if quiet else progress_display(),
        until_decided=until_decided,
        budget=budget,
    )
    counts = {"done": summary.done, "diverged": summary.diverged, "failed": summary.failed, "missing": summary.missing}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    if summary.to_follow:
        told += f" (and {summary.to_follow} to confirm with, which tuning chooses)"
    before = sum(counts.values()) - summary.ran - summary.missing
    tell(f"{summary.ran} trials run now, {before} recorded before: {told}\nresults: {results}")
    again = f"this goes on where it stopped: {shlex.join(['harness', *sys.argv[1:]])}"
    if summary.signal is not None:
        note(f"stopped early; {again}")
        return STOPPED + summary.signal
    if summary.out_of_time and summary.missing:
        note(f"the time is up; {again}")
    missing = summary.missing and not summary.out_of_time
    return 1 if summary.failed or missing else 0


def _time_kernels_once(results: Path, quiet: bool) -> None:
    """Add the short form of the kernel benchmark, unless the results have one."""
    if (results / "bench" / "kernels.csv").exists():
        return
    from harness.bench.benchmarks import bench_kernels

    teller(quiet)("timing the kernels against the limits of this machine")
    bench_kernels(results, lambda _: None, reduced=True)
