"""The text of tutorial.md: pure functions from tables to Markdown."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from harness.report import markdown as md
from harness.report.folder import REPORT, TUTORIAL
from harness.report.labels import listed
from harness.report.provenance import environment_table
from harness.report.sections import Captioned, pictures
from harness.report.study_section import anchor
from harness.report.tutorial.claims import claims_table, read_verdicts
from harness.report.tutorial.tables import cells, flush_right, heading
from harness.results.tutorial_tables import NUMBERS, read_tables
from harness.spec.tutorial_sections import SECTIONS, Section, claims_of, find_section

Tables = Mapping[str, pd.DataFrame]

ERRATA, SEE = "errata", "see"
OPENING = (
    "A walk through the tutorial, section by section. Every number comes from the kernels of this project and stands "
    "beside the tutorial's own, and every picture is drawn from the tables in `results/tutorial` or from the trials of "
    "a study, with nothing made up."
)


MADE = (
    "What is worked by hand is the same everywhere; what is trained may differ in its last digits under other versions "
    "or on another kind of CPU."
)


def render(
    tables: Mapping[str, Tables],
    figures: Mapping[str, Captioned],
    verdicts: pd.DataFrame,
    provenance: Mapping[str, Mapping[str, Any]],
) -> str:
    """Return the whole page; tables, figures and what made the tables by the number of the section."""
    parts = ["# The tutorial, computed", OPENING, contents()]
    for section in SECTIONS:
        parts += section_parts(section, tables[section.number], figures[section.number], verdicts)
    parts += environment({number: made for number, made in provenance.items() if tables[number]})
    parts += ["## From section to command, picture, claim and kernel", index(figures, verdicts)]
    return "\n\n".join(parts) + "\n"


def contents() -> str:
    """Return a line of links to the sections."""
    return " · ".join(f"[{section.number}](#{place(section)})" for section in SECTIONS)


def section_parts(section: Section, tables: Tables, figures: Captioned, verdicts: pd.DataFrame) -> list[str]:
    """Return one section: what is shown, tables, pictures, claims."""
    parts = [f'<a id="{place(section)}"></a>', f"## {title(section)}"]
    parts.append(md.escape(section.says))
    parts += not_here(section, tables, [Path(path).stem for path, _ in figures], verdicts)
    parts += [printed(name, tables[name], set(verdicts["study"])) for name in section.printed if name in tables]
    parts += pictures(figures)
    return [*parts, *judged(section, verdicts)]


def not_here(section: Section, tables: Tables, drawn: Collection[str], verdicts: pd.DataFrame) -> list[str]:
    """Return what the results lack of a section, a sentence each with the command that makes it.

    `drawn` are the names of its pictures that could be drawn.
    """
    lines = []
    lacking = [name for name in section.printed if name not in tables]
    lacking += [name for name in section.pictures if f"{section.number}-{name}" not in drawn]
    if section.computed and not tables:
        lines.append(f"Not computed here yet: `{command(section)}` does it.")
    elif lacking:
        lines.append(f"Made by another version, without {listed(lacking)}: `{command(section)}` computes it again.")
    asked = dict.fromkeys([*(study for study, _ in section.studies), *claims_of(section)])
    if unasked := [study for study in asked if study not in set(verdicts["study"])]:
        lines.append(f"Results of its studies are missing: `harness run {' '.join(unasked)}` makes them.")
    return lines


def environment(provenance: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return where and with what versions the sections were computed, as far as that is known."""
    known: dict[str, dict[str, Any]] = {}
    sections, codes = defaultdict(list), defaultdict(list)
    for number, made in provenance.items():
        known |= made.get("environment", {})
        codes[made.get("code_digest", "not known")].append(number)
        for digest in made.get("environment", {}):
            sections[digest].append(number)
    if not known:
        return []
    lead = ["sections", *(", ".join(sections[digest]) if len(known) > 1 else "all" for digest in known)]
    told = [md.code(code) + f" ({', '.join(numbers)})" * (len(codes) > 1) for code, numbers in codes.items()]
    return ["## Environment", MADE, environment_table(known, lead), f"Code {', '.join(told)}."]


def printed(name: str, table: pd.DataFrame, studies: Collection[str]) -> str:
    """Return a table of results; what is to be seen elsewhere is linked, a study where it is among `studies`."""
    told = [_linked(studies) if column == SEE else md.escape for column in table.columns]
    rows = [[tell(cell) for tell, cell in zip(told, row, strict=True)] for row in cells(table)]
    wide = [column for column, right in zip(table.columns, flush_right(table), strict=True) if right]
    text = md.table([md.escape(column) for column in table.columns], rows, [md.escape(column) for column in wide])
    return text if name in (NUMBERS, ERRATA) else f"{md.escape(heading(name))}:\n\n{text}"


def judged(section: Section, verdicts: pd.DataFrame) -> list[str]:
    """Return a table of the claims of a section on which the results have a verdict: in words, and the study."""
    text = verdicts.drop_duplicates(["study", "id"]).set_index(["study", "id"])["text"]
    rows = [
        [md.escape(text[study, claim]), verdict, _study_link(study)]
        for study, claim, verdict in claims_table(section, verdicts)
        if (study, claim) in text.index
    ]
    return [md.table(["claim", "verdict", "study"], rows)] if rows else []


def _linked(studies: Collection[str]) -> Callable[[str], str]:
    """Return the function that links the sections and studies in a text such as "§4.2, study bowl"."""

    def link(found: re.Match[str]) -> str:
        if found["section"]:
            return f"[§{found['section']}]({TUTORIAL.text}#{place(find_section(found['section']))})"
        name = found["study"]
        return f"study {_study_link(name) if name in studies else md.code(name)}"

    return lambda text: re.sub(r"§(?P<section>[\d.]+)|study (?P<study>\w+)", link, text)


def _study_link(name: str) -> str:
    return f"[{md.code(name)}]({REPORT.text}#{anchor(name)})"


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
    if ERRATA not in tables:
        return []
    table = printed(ERRATA, tables[ERRATA], set(read_verdicts(results)["study"]))
    return ["## Errata of the tutorial", md.escape(section.says), table]


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
