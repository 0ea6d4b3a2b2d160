"""The command on the tutorial."""

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Profile, Reports, Results
from harness.cli.shared import folder_for, helped
from harness.text import note, table

if TYPE_CHECKING:
    from pathlib import Path

    from harness.spec.tutorial_sections import Section

WIDTH = 100  # letters of a line of text


@helped(
    """Compute the tutorial's examples and draw its pictures: all sections, or the one of this number.

    Example: harness tutorial 2.3

    Tables go to RESULTS/tutorial, the page to REPORTS/tutorial.md. Verdicts
    on the tutorial's claims come from the studies in RESULTS.
    """
)
def tutorial(
    number: Annotated[str | None, typer.Argument(metavar="[SECTION]", help="As 2.3.", show_default="all")] = None,
    profile: Profile = "quick",
    results: Results = None,
    reports: Reports = None,
) -> None:
    from harness.spec.tutorial_sections import SECTIONS, find_section

    sections = SECTIONS if number is None else (find_section(number),)
    results, reports = results or folder_for("results", profile), reports or folder_for("reports", profile)

    from harness import tutorial as computed
    from harness.report.folder import TUTORIAL, refuse_foreign
    from harness.report.tutorial import write_tutorial
    from harness.results.lock import locked
    from harness.results.tutorial_tables import write_tables

    refuse_foreign(reports, TUTORIAL)
    with locked(results):
        for section in sections:
            if section.computed:
                note(f"{section.number} {section.title}")
                write_tables(results, section.number, computed.compute(section))
        path = write_tutorial(results, reports)
    for section in sections:
        print(_told(section, results, reports), end="\n\n")
    print(f"page:    {path}\ntables:  {results / 'tutorial'}")


def _told(section: "Section", results: "Path", reports: "Path") -> str:
    """Return a section as a page of text: what is shown, tables, claims with their verdicts, where pictures lie."""
    import textwrap

    from harness.report.folder import TUTORIAL
    from harness.report.tutorial.claims import claims_table, read_verdicts
    from harness.report.tutorial.tables import cells, heading
    from harness.results.tutorial_tables import NUMBERS, read_tables

    tables, verdicts = read_tables(results, section.number), read_verdicts(results)
    title = f"{section.number}  {section.title}"
    parts = [f"{title}\n{'-' * len(title)}", textwrap.fill(section.says, WIDTH)]
    for name in section.printed:
        title = "" if name == NUMBERS else f"{heading(name)}:\n"
        parts.append(title + table(list(tables[name].columns), cells(tables[name])))
    if claims := claims_table(section, verdicts):
        parts.append(table(["study", "claim", "verdict"], claims))
    if drawn := sorted((reports / TUTORIAL.figures).glob(f"{section.number}-*.png")):
        parts.append("\n".join(map(str, drawn)))
    return "\n\n".join(parts)
