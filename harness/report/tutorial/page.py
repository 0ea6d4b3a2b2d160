"""The text of tutorial.md: pure functions from tables to Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from harness.report import markdown as md
from harness.report.sections import Captioned, anchor, pictures
from harness.report.tutorial.claims import claims_table
from harness.report.tutorial.tables import cells, flush_right, heading
from harness.results.tutorial_tables import NUMBERS, read_tables
from harness.spec.tutorial_sections import SECTIONS, Section

Tables = Mapping[str, pd.DataFrame]

ERRATA = "errata"
OPENING = (
    "A walk through the tutorial, section by section. Every number comes from the kernels of this project and stands "
    "beside the tutorial's own, and every picture is drawn from the tables in `results/tutorial`, with nothing made up."
)


def render(tables: Mapping[str, Tables], figures: Mapping[str, Captioned], verdicts: pd.DataFrame) -> str:
    """Return the whole page; tables and figures by the number of the section."""
    parts = ["# The tutorial, computed", OPENING, contents()]
    for section in SECTIONS:
        parts += section_parts(section, tables[section.number], figures[section.number], verdicts)
    parts += ["## From section to command, picture, claim and kernel", index(figures, verdicts)]
    return "\n\n".join(parts) + "\n"


def contents() -> str:
    """Return a line of links to the sections."""
    return " · ".join(f"[{section.number}](#{place(section)})" for section in SECTIONS)


def section_parts(section: Section, tables: Tables, figures: Captioned, verdicts: pd.DataFrame) -> list[str]:
    """Return one section: what is shown, tables, pictures, claims."""
    parts = [f'<a id="{place(section)}"></a>', f"## {title(section)}"]
    parts.append(md.escape(section.says))
    if section.computed and not tables:
        parts.append(f"Not computed here yet; {md.code(command(section))} does it.")
    parts += [printed(name, tables[name]) for name in section.printed if name in tables]
    parts += pictures(figures)
    return [*parts, *judged(section, verdicts)]


def printed(name: str, table: pd.DataFrame) -> str:
    """Return a table of results."""
    rows = [[md.escape(cell) for cell in row] for row in cells(table)]
    wide = [column for column, right in zip(table.columns, flush_right(table), strict=True) if right]
    text = md.table([md.escape(column) for column in table.columns], rows, [md.escape(column) for column in wide])
    return text if name in (NUMBERS, ERRATA) else f"{md.escape(heading(name))}:\n\n{text}"


def judged(section: Section, verdicts: pd.DataFrame) -> list[str]:
    """Return a table of the claims of a section on which the results have a verdict: in words, and the study."""
    text = verdicts.drop_duplicates(["study", "id"]).set_index(["study", "id"])["text"]
    rows = [
        [md.escape(text[study, claim]), verdict, f"[{md.code(study)}](report.md#{anchor(study)})"]
        for study, claim, verdict in claims_table(section, verdicts)
        if (study, claim) in text.index
    ]
    return [md.table(["claim", "verdict", "study"], rows)] if rows else []


def index(figures: Mapping[str, Captioned], verdicts: pd.DataFrame) -> str:
    """Return a row a section: its command, pictures, claims with what became of them, kernels."""
    rows = []
    for section in SECTIONS:
        drawn = [f"[{md.escape(_name(path, section))}]({path})" for path, _ in figures[section.number]]
        claims = [f"{md.code(claim)}: {verdict}" for _, claim, verdict in claims_table(section, verdicts)]
        rows.append(
            [
                f"[{section.number}](#{place(section)})",
                md.code(command(section)),
                *(_listed(names) for names in (drawn, claims, [md.code(name) for name in section.kernels])),
            ]
        )
    return md.table(["section", "command", "pictures", "claims", "kernels"], rows)


def title(section: Section) -> str:
    """Return the heading of a section."""
    return md.escape(section.title if section.number == ERRATA else f"{section.number} {section.title}")


def errata(results: Path) -> list[str]:
    """Return the errata as a section of another page; none where they were not computed."""
    (section,) = (section for section in SECTIONS if section.number == ERRATA)
    tables = read_tables(results, ERRATA)
    if not tables:
        return []
    return ["## Errata of the tutorial", md.escape(section.says), printed(ERRATA, tables[ERRATA])]


def command(section: Section) -> str:
    """Return the command that computes a section."""
    return f"harness tutorial {section.number}"


def place(section: Section) -> str:
    """Return the anchor of a section."""
    return f"section-{section.module.replace('_', '-')}"


def _name(path: str, section: Section) -> str:
    return Path(path).stem.removeprefix(f"{section.number}-")


def _listed(names: Sequence[str]) -> str:
    return "<br>".join(names) or "–"
