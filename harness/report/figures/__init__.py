"""Figures: one file a form, with the function of its name (DataFrame → Axes, `ax` in and out) and what lays it out.

A study's `[[figures]]` tables say which forms it draws. Others, for notebooks and the tutorial, take arrays or a small
frame to an Axes: what one network predicts, its weights and its curve, a descent, schedules, a batch, dropout's masks.
Call everything here inside `style.house_style()`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness.report.figures import summary
from harness.report.figures.bowl_path import bowl_path
from harness.report.figures.confusion import confusion_counts, confusion_matrix
from harness.report.figures.curves import FORM as CURVES
from harness.report.figures.curves import curves
from harness.report.figures.effects import FORM as EFFECTS
from harness.report.figures.effects import effects, interactions
from harness.report.figures.forest import FORM as FOREST
from harness.report.figures.forest import forest
from harness.report.figures.heatmap import FORM as HEATMAP
from harness.report.figures.heatmap import heatmap
from harness.report.figures.images import FORM as IMAGES
from harness.report.figures.images import images
from harness.report.figures.initial import activation_bands, weight_histogram
from harness.report.figures.layers import FORM as LAYERS
from harness.report.figures.layers import layers
from harness.report.figures.learning import learning_curve
from harness.report.figures.mosaic import first_layer_weights, mistakes, predictions, sample_images
from harness.report.figures.normalized_batch import normalized_batch
from harness.report.figures.panels import Drawing
from harness.report.figures.rates import rate_schedules
from harness.report.figures.response import FORM as RESPONSE
from harness.report.figures.response import response
from harness.report.figures.sensitivity import FORM as SENSITIVITY
from harness.report.figures.sensitivity import sensitivity
from harness.report.figures.strip import FORM as STRIP
from harness.report.figures.strip import strip
from harness.report.figures.style import PALETTE
from harness.report.figures.thinned_network import thinned_network
from harness.report.figures.time import FORM as TIME
from harness.report.figures.time import reached, time
from harness.report.figures.view import Form, view_of
from harness.report.study_frames import Frames
from harness.spec.figures import FigureTable, matching
from harness.spec.probe_file import grammar_of
from harness.spec.probes import PROBES
from harness.spec.validation import checked

__all__ = [
    "Drawing", "activation_bands", "bowl_path", "confusion_counts", "confusion_matrix", "curves", "draw_form",
    "draw_study", "draw_summary", "effects", "figures_of", "first_layer_weights", "forest", "heatmap", "images",
    "interactions", "layers", "learning_curve", "mistakes", "normalized_batch", "predictions", "rate_schedules",
    "reached", "response", "sample_images", "sensitivity", "strip", "thinned_network", "time", "weight_histogram",
]  # fmt: skip

FORMS: dict[str, Form] = {
    "strip": STRIP,
    "response": RESPONSE,
    "curves": CURVES,
    "layers": LAYERS,
    "heatmap": HEATMAP,
    "sensitivity": SENSITIVITY,
    "time": TIME,
    "forest": FOREST,
    "effects": EFFECTS,
    "images": IMAGES,
}
MAX_CURVES = len(PALETTE)  # arms that colours tell apart
LOSSES = ("train_loss", "val_loss")


def figures_of(frames: Frames) -> list[FigureTable]:
    """Return what a study draws: its own figures as far as its phases and arms are run, else some that suit it."""
    tuned = frames.study.tune is not None
    own = [f for f in frames.study.figures if tuned or (f.form != "sensitivity" and set(f.phase) != {"confirm"})]
    own = [f for f in own if matching(f.where, frames.study.arms)]
    if own:
        return own
    if frames.study.probe is not None:
        known = grammar_of(frames.study.probe, "").vocabulary
        return [checked(FigureTable, {"form": "strip", "y": PROBES[frames.study.probe].METRICS}, "", known)]
    panels: dict[str, Any] = {"panels": "dataset"} if frames.trials["dataset"].nunique() > 1 else {}
    found = [FigureTable(form="forest")] * (len(frames.verdicts) > 0)
    blocks = {arm.block for arm in frames.study.arms}
    found += [
        FigureTable(form="effects", where={"block": (ablation.block,)} if ablation.block in blocks else {})
        for ablation in frames.study.ablations
    ]
    found.append(FigureTable(form="strip", **panels))
    curves = frames.phase_curves(frames.final)
    measured = tuple(loss for loss in LOSSES if curves[loss].notna().any())
    if frames.trials["label"].nunique() <= MAX_CURVES and curves["passes"].nunique() > 1 and measured:
        found.append(FigureTable(form="curves", y=measured, **panels))
    return found + [FigureTable(form="sensitivity")] * tuned


def draw_study(frames: Frames) -> list[Drawing]:
    """Return the figures of a study, named after it and, from the second on, after their form."""
    drawings: list[Drawing] = []
    seen = Counter[str]()
    for table in figures_of(frames):
        name = f"{frames.study.name}-{table.form}" if drawings else frames.study.name
        seen[name] += 1
        name += f"-{seen[name]}" * (seen[name] > 1)
        drawings.append(_drawing(name, table, frames))
    return drawings


def draw_form(frames: Frames, form: str) -> Drawing | None:
    """Return the first figure of a study that has this form, named after the study; None where there is none."""
    table = next((table for table in figures_of(frames) if table.form == form), None)
    return _drawing(frames.study.name, table, frames) if table else None


def _drawing(name: str, table: FigureTable, frames: Frames) -> Drawing:
    view = view_of(table, frames)
    figure, caption = FORMS[table.form].draw(view)
    return Drawing(name, figure, " ".join(filter(None, [caption, view.scope, table.note])))


def draw_summary(frames: Mapping[str, Frames]) -> Drawing:
    """Return the summary: for each study the figure that is its headline, or the first.

    Of more studies than it has room for, those that say which figure is their headline.
    """
    tables = {name: figures_of(study) for name, study in frames.items()}
    central = [name for name in frames if any(table.headline for table in tables[name])]
    chosen = []
    for name in central if len(frames) > summary.ROOM and central else frames:
        table = next((table for table in tables[name] if table.headline), tables[name][0])
        chosen.append((view_of(table, frames[name]), FORMS[table.form].headline))
    return summary.draw(chosen, len(frames) - len(chosen))
