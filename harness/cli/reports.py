"""The commands on results: report, compare and export."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.json_output import print_json
from harness.cli.options import Form, Jobs, Json, Output, Profile, Reports, Results
from harness.cli.shared import folder_for, helped
from harness.errors import HarnessError


@helped(
    """Write the report from a results folder alone, or check that the one there is follows from it.

    Example: harness report --results results --reports reports --check
    """
)
def report(
    profile: Profile = "quick",
    results: Results = None,
    reports: Reports = None,
    jobs: Jobs = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the report is stale.")] = False,
) -> None:
    results, reports = results or folder_for("results", profile), reports or folder_for("reports", profile)
    if not check:
        write(results, reports, jobs)
        return
    from harness.report.tutorial import check_tutorial
    from harness.report.write import check_report
    from harness.results.tutorial_tables import has_tutorial

    stale = check_report(results, reports, jobs)
    stale += check_tutorial(results, reports, jobs) if has_tutorial(results) else []
    for line in stale:
        print(line)
    if stale:
        again = f"harness report --results {shlex.quote(str(results))} --reports {shlex.quote(str(reports))}"
        raise HarnessError(f"the report in {reports} does not follow from {results}; `{again}` rewrites it")
    print(f"{reports}: the report follows from {results}")


@helped(
    """Compare errors, times to target and speed of two results folders, seed by seed; exit 1 on a regression.

    Also two folders of one study each, or two `bench` folders, by kernel and by network.

    Example: harness compare results results/local/quick
    """
)
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Results folder to compare with, as of an older version.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Results folder to judge.")],
    json: Json = False,
) -> None:
    from harness.statistics.compare_bench import is_bench

    (_compare_bench if is_bench(a) and is_bench(b) else _compare_results)(a, b, json)


def _compare_results(a: Path, b: Path, json: bool) -> None:
    from harness.cli.comparison_text import comparison_text, regression_line
    from harness.statistics.compare import compare, regressions

    found = compare(a, b)
    print_json(found.rows) if json else print(comparison_text(found, a, b))
    if len(worse := regressions(found.rows)):
        raise HarnessError(regression_line(worse, len(found.rows), b))


def _compare_bench(a: Path, b: Path, json: bool) -> None:
    from harness.cli.comparison_text import bench_line, bench_text
    from harness.statistics.compare_bench import compare_bench, slower

    found = compare_bench(a, b)
    print_json(found.rows) if json else print(bench_text(found, a, b))
    if len(worse := slower(found.rows)):
        raise HarnessError(bench_line(worse, len(found.rows), b))


@helped(
    """Write the tables of a results folder for a paper: arms, paired differences, verdicts and effects in booktabs.

    Example: harness export results/local/quick --to latex
    """
)
def export(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Results folder, or the folder of one study.")],
    to: Form = "latex",
    output: Output = None,
) -> None:
    from harness.report.latex_tables import export_latex

    output = output or Path("reports") / "local" / to / results.resolve().name
    written = export_latex(results, output)
    print(f"{len(written)} tables: {output}")


def write(results: Path, reports: Path, jobs: int | None = None) -> None:
    from harness.report.tutorial import write_tutorial
    from harness.report.write import write_report
    from harness.results.tutorial_tables import has_tutorial

    print(f"report:  {write_report(results, reports, jobs)}")
    if has_tutorial(results):
        print(f"page:    {write_tutorial(results, reports, jobs)}")
