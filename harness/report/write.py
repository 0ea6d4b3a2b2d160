"""The report: report.md and its figures, made from a results folder alone.

The Markdown is a pure function of the results and of the bytes of the figures. It ends with a comment that holds the
digest of the results, and for each figure what was drawn and the digest of its file, so that `check_report` can tell
what is stale without trusting a clock.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.processes.executor import cores
from harness.report.figures import draw_study, draw_summary
from harness.report.figures.style import house_style
from harness.report.fingerprint import results_digest, sealed
from harness.report.folder import REPORT, digest, file_digest, publish, refuse_foreign, stale
from harness.report.rendered import Rendered, rendered
from harness.report.sections import render
from harness.report.side_by_side import side_by_side
from harness.report.speed_section import Bench, bench_drawings, bench_section, load_bench
from harness.report.study_frames import Frames, study_frames, told_studies
from harness.report.study_section import StudyText, study_text
from harness.report.tutorial.page import errata
from harness.results.frames import Results, load_results


class Parts(NamedTuple):
    """What a report is put together from, by study in its order; `figures` has those of the summary under "" and those
    on speed under "bench" besides, which no study may be called."""

    frames: dict[str, Frames]
    texts: dict[str, StudyText]
    figures: dict[str, list[Rendered]]

    def pictures(self) -> list[Rendered]:
        """Return every figure."""
        return [figure for group in self.figures.values() for figure in group]


def write_report(results: Path, reports: Path, jobs: int | None = None) -> Path:
    """Write `reports`/report.md and `reports`/figures/*.png from the results folder; return the report's path.

    Studies are drawn in up to `jobs` processes (None: as many as there are cores); the files are the same bytes with
    any number of them. Raises InputError when there are no results, or when `reports` holds other things or cannot be
    written, HarnessError when the disk is full or a process is lost.
    """
    refuse_foreign(reports)
    found, bench = _load(results)
    parts = draw(found, bench, png=True, jobs=jobs)
    files = {f"{figure.name}.png": figure.png for figure in parts.pictures()}
    text = _compose(found, bench, errata(results), parts, {name: digest(content) for name, content in files.items()})
    return publish(reports, text, files)


def check_report(results: Path, reports: Path, jobs: int | None = None) -> list[str]:
    """Return what of the report is stale, edited or missing, a line each; [] when it follows from the results."""
    found, bench = _load(results)
    parts = draw(found, bench, png=False, jobs=jobs)
    names = [f"{figure.name}.png" for figure in parts.pictures()]
    on_disk = {name: file_digest(reports / REPORT.figures / name) for name in names}
    return stale(reports, REPORT, _compose(found, bench, errata(results), parts, on_disk), on_disk)


def _load(results: Path) -> tuple[Results, Bench | None]:
    found = load_results(results)
    if (found.trials["phase"] == "tune").all():
        ran = "none of its trials has been run yet" if found.trials.empty else "only tuning has been run yet"
        raise InputError(f"results folder {results}: {ran}; nothing to report")
    return found, load_bench(results)


def draw(results: Results, bench: Bench | None, png: bool, jobs: int | None = None) -> Parts:
    """Return the parts of a report, their figures with their files where `png` asks for it."""
    names = told_studies(results)
    frames: dict[str, Frames] = {}
    with side_by_side(len(names), jobs or cores()) as begin:
        begun = {}
        for name in names:
            frames[name] = study_frames(results, name)
            begun[name] = begin(draw_part, frames[name], png)
        with house_style():
            figures = {"": [rendered(draw_summary(frames), png)]}
            if bench:
                figures["bench"] = [rendered(drawing, png) for drawing in bench_drawings(bench)]
        drawn = {name: part() for name, part in begun.items()}
    texts = {name: text for name, (text, _) in drawn.items()}
    return Parts(frames, texts, _apart(figures | {name: group for name, (_, group) in drawn.items()}))


def draw_part(frames: Frames, png: bool) -> tuple[StudyText, list[Rendered]]:
    """Return what a study has in the report, its text and its figures."""
    with house_style():
        return study_text(frames), [rendered(drawing, png) for drawing in draw_study(frames)]


def _apart(groups: dict[str, list[Rendered]]) -> dict[str, list[Rendered]]:
    """Give a figure another name where one is taken: a study may be called "summary", or as another and its form."""
    taken: set[str] = set()
    found: dict[str, list[Rendered]] = {}
    for group, figures in groups.items():
        found[group] = []
        for figure in figures:
            name = figure.name
            while name in taken:
                name += "_"
            taken.add(name)
            found[group].append(figure._replace(name=name))
    return found


def _compose(
    results: Results, bench: Bench | None, beside: Sequence[str], parts: Parts, digests: dict[str, str | None]
) -> str:
    identity = results_digest(results) + (bench.digest if bench else "")
    captions = {
        study: [(f"{REPORT.figures}/{figure.name}.png", figure.caption) for figure in group]
        for study, group in parts.figures.items()
    }
    speed = bench_section(bench, captions["bench"]) if bench else None
    text = render(results, parts.frames, parts.texts, captions, speed, beside)
    return sealed(text, identity, {f"{figure.name}.png": figure.drawn for figure in parts.pictures()}, digests)
