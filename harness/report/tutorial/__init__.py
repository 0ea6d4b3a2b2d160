"""The tutorial as a page: tutorial.md and its pictures, made from the tables in results/tutorial and the verdicts."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from harness.errors import InputError
from harness.processes.executor import cores
from harness.report.figures import draw_form
from harness.report.figures.panels import Drawing
from harness.report.figures.style import house_style
from harness.report.fingerprint import sealed
from harness.report.folder import TUTORIAL, digest, file_digest, publish, refuse_foreign, stale
from harness.report.rendered import Rendered, rendered
from harness.report.side_by_side import side_by_side
from harness.report.study_frames import all_frames
from harness.report.tutorial.claims import read_verdicts, verdicts_digest
from harness.report.tutorial.page import render
from harness.results.files import STUDY_FILE
from harness.results.frames import load_study_results
from harness.results.tutorial_tables import has_tutorial, read_provenance, read_tables, tables_digest
from harness.spec.tutorial_sections import SECTIONS, Section

Tables = Mapping[str, pd.DataFrame]
Picture = Callable[[Tables], tuple[Figure, str]]
"""From the tables of a section to a picture and its caption."""


def write_tutorial(results: Path, reports: Path, jobs: int | None = None) -> Path:
    """Write `reports`/tutorial.md and `reports`/tutorial/*.png from the results folder; return the page's path.

    Raises InputError when there are no tables of the tutorial, or when `reports` holds other things or cannot be
    written, HarnessError when the disk is full. Sections are drawn in `jobs` processes as studies are in a report.
    """
    refuse_foreign(reports, TUTORIAL)
    figures = _figures(results, png=True, jobs=jobs)
    files = {f"{figure.name}.png": figure.png for group in figures.values() for figure in group}
    text = _compose(results, figures, {name: digest(content) for name, content in files.items()})
    return publish(reports, text, files, TUTORIAL)


def check_tutorial(results: Path, reports: Path, jobs: int | None = None) -> list[str]:
    """Return what of the page is stale, edited or missing, a line each; [] when it follows from the results."""
    figures = _figures(results, png=False, jobs=jobs)
    names = [f"{figure.name}.png" for group in figures.values() for figure in group]
    on_disk = {name: file_digest(reports / TUTORIAL.figures / name) for name in names}
    return stale(reports, TUTORIAL, _compose(results, figures, on_disk), on_disk)


def draw_section(section: Section, tables: Tables) -> list[Drawing]:
    """Return the pictures of a section, named after it; none of what was not computed (call inside house_style())."""
    if not section.pictures or not tables:
        return []
    known: Mapping[str, Picture] = import_module(f"{__name__}.pictures_{section.module}").PICTURES
    drawings = []
    for name in section.pictures:
        with suppress(KeyError):  # a table or a column that another version did not make: the page says so
            drawings.append(Drawing(f"{section.number}-{name}", *known[name](tables)))
    return drawings


def study_drawings(section: Section, results: Path) -> list[Drawing]:
    """Return the figures of studies that a section shows, as far as the results hold them."""
    drawings = []
    for study, form in section.studies:
        if (results / study / STUDY_FILE).is_file():
            found = all_frames(load_study_results(results / study))
            drawing = draw_form(found[study], form) if study in found else None
            if drawing is not None:
                caption = f"From the study {study}. {drawing.caption}"
                drawings.append(Drawing(f"{section.number}-{study}", drawing.figure, caption))
    return drawings


def _figures(results: Path, png: bool, jobs: int | None) -> dict[str, list[Rendered]]:
    """Return the figures by the number of their section, with their files where `png` asks for it."""
    if not has_tutorial(results):
        raise InputError(f"results folder {results}: holds nothing of the tutorial; `harness tutorial` computes it")
    with side_by_side(len(SECTIONS), jobs or cores()) as begin:
        begun = {section.number: begin(draw_part, section, results, png) for section in SECTIONS}
        return {number: part() for number, part in begun.items()}


def draw_part(section: Section, results: Path, png: bool) -> list[Rendered]:
    """Return the figures of a section."""
    with house_style():
        own = draw_section(section, read_tables(results, section.number))
        return [rendered(drawing, png) for drawing in own + study_drawings(section, results)]


def _compose(results: Path, figures: Mapping[str, list[Rendered]], digests: Mapping[str, str | None]) -> str:
    identity = tables_digest(results) + verdicts_digest(results)
    shown = {f"{figure.name}.png": figure.drawn for group in figures.values() for figure in group}
    captions = {
        number: [(f"{TUTORIAL.figures}/{figure.name}.png", figure.caption) for figure in group]
        for number, group in figures.items()
    }
    tables = {section.number: read_tables(results, section.number) for section in SECTIONS}
    provenance = {section.number: read_provenance(results, section.number) for section in SECTIONS}
    text = render(tables, captions, read_verdicts(results), provenance)
    return sealed(text, identity, shown, digests)
