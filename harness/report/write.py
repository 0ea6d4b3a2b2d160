"""The report: report.md and its figures, made from a results folder alone.

The Markdown is a pure function of the results and of the bytes of the figures. It ends with a comment that holds the
digest of the results, and for each figure what was drawn and the digest of its file, so that `check_report` can tell
what is stale without trusting a clock.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import InputError
from harness.report.figures import draw_study, draw_summary
from harness.report.figures.panels import Drawing
from harness.report.figures.style import house_style, png_bytes
from harness.report.fingerprint import results_digest, sealed
from harness.report.folder import REPORT, digest, file_digest, publish, refuse_foreign, stale
from harness.report.sections import render
from harness.report.speed_section import Bench, bench_drawings, bench_section, load_bench
from harness.report.study_frames import all_frames
from harness.report.tutorial.page import errata
from harness.results.frames import Results, load_results


def write_report(results: Path, reports: Path) -> Path:
    """Write `reports`/report.md and `reports`/figures/*.png from the results folder; return the report's path.

    Raises InputError when there are no results, or when `reports` holds other things or cannot be written, HarnessError
    when the disk is full.
    """
    refuse_foreign(reports)
    found, bench = _load(results)
    files: dict[str, bytes] = {}
    with house_style():
        drawings = draw(found, bench)
        for drawing in (d for group in drawings.values() for d in group):
            files[f"{drawing.name}.png"] = png_bytes(drawing.figure)
    text = _compose(found, bench, errata(results), drawings, {name: digest(content) for name, content in files.items()})
    return publish(reports, text, files)


def check_report(results: Path, reports: Path) -> list[str]:
    """Return what of the report is stale, edited or missing, a line each; [] when it follows from the results."""
    found, bench = _load(results)
    with house_style():
        drawings = draw(found, bench)
    names = [f"{d.name}.png" for group in drawings.values() for d in group]
    on_disk = {name: file_digest(reports / REPORT.figures / name) for name in names}
    return stale(reports, REPORT, _compose(found, bench, errata(results), drawings, on_disk), on_disk)


def _load(results: Path) -> tuple[Results, Bench | None]:
    found = load_results(results)
    if (found.trials["phase"] == "tune").all():
        ran = "none of its trials has been run yet" if found.trials.empty else "only tuning has been run yet"
        raise InputError(f"results folder {results}: {ran}; nothing to report")
    return found, load_bench(results)


def draw(results: Results, bench: Bench | None) -> dict[str, list[Drawing]]:
    """Return the figures by study, after the summary under ""; those on speed under "bench", which no study may be
    called (call inside house_style()).
    """
    frames = all_frames(results)
    speed = {"bench": bench_drawings(bench)} if bench else {}
    return _apart({"": [draw_summary(frames)]} | speed | {name: draw_study(study) for name, study in frames.items()})


def _apart(groups: dict[str, list[Drawing]]) -> dict[str, list[Drawing]]:
    """Give a figure another name where one is taken: a study may be called "summary", or as another and its form."""
    taken: set[str] = set()
    found: dict[str, list[Drawing]] = {}
    for group, drawings in groups.items():
        found[group] = []
        for drawing in drawings:
            name = drawing.name
            while name in taken:
                name += "_"
            taken.add(name)
            found[group].append(replace(drawing, name=name))
    return found


def _compose(
    results: Results,
    bench: Bench | None,
    beside: Sequence[str],
    drawings: dict[str, list[Drawing]],
    digests: dict[str, str | None],
) -> str:
    identity = results_digest(results) + (bench.digest if bench else "")
    figures = ((f"{d.name}.png", d.figure) for group in drawings.values() for d in group)
    captions = {
        study: [(f"{REPORT.figures}/{d.name}.png", d.caption) for d in group] for study, group in drawings.items()
    }
    speed = bench_section(bench, captions["bench"]) if bench else None
    return sealed(render(results, captions, speed, beside), identity, figures, digests)
