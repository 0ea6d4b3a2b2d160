"""The commands on results: report and compare."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Profile, Reports, Results
from harness.cli.shared import folder_for, helped
from harness.errors import HarnessError
from harness.text import note


@helped(
    """Write the report from a results folder alone, or check that the one there is follows from it.

    Example: harness report --results results --reports reports --check
    """
)
def report(
    profile: Profile = "quick",
    results: Results = None,
    reports: Reports = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the report is stale.")] = False,
) -> None:
    results, reports = results or folder_for("results", profile), reports or folder_for("reports", profile)
    if not check:
        write(results, reports)
        return
    from harness.report.write import check_report

    stale = check_report(results, reports)
    for line in stale:
        print(line)
    if stale:
        again = f"harness report --results {shlex.quote(str(results))} --reports {shlex.quote(str(reports))}"
        raise HarnessError(f"the report in {reports} is not what {results} gives; `{again}` rewrites it")
    print(f"{reports}: the report follows from {results}")


@helped(
    """Compare accuracy, time to target and speed of two results folders, seed by seed; exit 1 on a regression.

    Example: harness compare results results/local/quick
    """
)
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Results folder to compare with, as of an older version.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Results folder to judge.")],
) -> None:
    from harness.cli.printing import comparison_table
    from harness.statistics.compare import changed_settings, regressions
    from harness.statistics.compare import compare as compare_results

    comparison = compare_results(a, b)
    for line in changed_settings(a, b):
        note(line)
    print(comparison_table(comparison))
    if worse := regressions(comparison):
        raise HarnessError(f"worse in {b}: {'; '.join(worse)}")


def write(results: Path, reports: Path) -> None:
    from harness.report.write import write_report

    print(f"report:  {write_report(results, reports)}")
