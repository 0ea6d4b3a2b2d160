"""The command on the tutorial, and what `reproduce` computes of it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Profile, Reports, Results
from harness.cli.shared import folder_for, helped
from harness.text import note, table

if TYPE_CHECKING:
    from pathlib import Path

    from harness.spec.tutorial_sections import Section

WIDTH = 80  # letters of a line of text


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

    from harness.report.folder import TUTORIAL, refuse_foreign
    from harness.report.tutorial import write_tutorial
    from harness.results.tutorial_tables import read_tables

    refuse_foreign(reports, TUTORIAL)
    compute_sections(results, sections, note)
    path = write_tutorial(results, reports)
    for section in sections:
        print(_told(section, results, reports), end="\n\n")
    print(f"page:    {path}\ntables:  {results / 'tutorial'}")
    there = [section.number for section in outdated_sections(results) if read_tables(results, section.number)]
    if there:
        note(f"other sources than these made {', '.join(there)}; `harness tutorial` computes all sections again")


def compute_sections(results: "Path", sections: "Iterable[Section]", tell: Callable[[str], None]) -> None:
    """Write the tables of sections of the tutorial, and what made them, into a results folder."""
    from harness import tutorial as computed
    from harness.results.lock import locked
    from harness.results.tutorial_tables import write_provenance, write_tables
    from harness.sweep.code_digest import TUTORIAL, code_digest
    from harness.sweep.workers.environment import capture, environment_digest

    environment = {name: value for name, value in capture().items() if name not in ("load", "threads")}  # one thread
    made = {"code_digest": code_digest(TUTORIAL), "environment": {environment_digest(environment): environment}}
    with locked(results):
        for section in sections:
            if section.computed:
                tell(f"{section.number} {section.title}")
                write_tables(results, section.number, computed.compute(section))
                write_provenance(results, section.number, made)


def outdated_sections(results: "Path") -> "list[Section]":
    """Return the sections whose tables are missing, or were made by other sources than the present."""
    from harness.results.tutorial_tables import read_provenance
    from harness.spec.tutorial_sections import SECTIONS
    from harness.sweep.code_digest import TUTORIAL, code_digest

    made = {section: read_provenance(results, section.number).get("code_digest") for section in SECTIONS}
    return [section for section, code in made.items() if section.computed and code != code_digest(TUTORIAL)]


def _told(section: "Section", results: "Path", reports: "Path") -> str:
    """Return a section as a page of text: what is shown, tables, claims with their verdicts, where pictures lie."""
    import textwrap

    from harness.report.folder import TUTORIAL
    from harness.report.tutorial.claims import claims_table, read_verdicts
    from harness.report.tutorial.page import not_here
    from harness.report.tutorial.tables import cells, heading
    from harness.results.tutorial_tables import NUMBERS, read_tables

    tables, verdicts = read_tables(results, section.number), read_verdicts(results)
    title = f"{section.number}  {section.title}"
    parts = [f"{title}\n{'-' * len(title)}", textwrap.fill(section.says, WIDTH)]
    for name in section.printed:
        title = "" if name == NUMBERS else f"{heading(name)}:\n"
        parts.append(title + _fitted(list(tables[name].columns), cells(tables[name])))
    if claims := claims_table(section, verdicts):
        parts.append(table(["study", "claim", "verdict"], claims))
    drawn = sorted((reports / TUTORIAL.figures).glob(f"{section.number}-*.png"))
    if drawn:
        parts.append("\n".join(map(str, drawn)))
    lacking = not_here(section, tables, [path.stem for path in drawn], verdicts)
    parts += [textwrap.fill(line, WIDTH, break_on_hyphens=False) for line in lacking]
    return "\n\n".join(parts)


def _fitted(header: list[str], rows: list[list[str]]) -> str:
    """Return a table, or where it is wider than a line, each row as lines that name its cells."""
    import textwrap

    text = table(header, rows)
    if max(map(len, text.splitlines())) <= WIDTH:
        return text
    lead = max(map(len, header)) + 2
    return "\n\n".join(
        "\n".join(
            textwrap.fill(cell, WIDTH, initial_indent=name.ljust(lead), subsequent_indent=" " * lead)
            for name, cell in zip(header, row, strict=True)
        )
        for row in rows
    )
