"""Effects: what each ingredient of an ablation is worth, in four ways side by side, and which ones interact."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from harness.report.effect_words import measured, reached, unit
from harness.report.figures import findings, panels, style
from harness.report.figures.marks import MEAN, SEED, lost_counts, name_rows, note, nothing
from harness.report.figures.view import Form, View
from harness.report.labels import EFFECT_KINDS, listed, shortened, wrapped
from harness.spec.ablation import JOINT
from harness.statistics import factorial
from harness.statistics.claim_values import Measure
from harness.statistics.effect_table import Ablated, best_first, block_of, measures_of
from harness.text import rounded

PALETTE = dict(zip(EFFECT_KINDS.values(), style.PALETTE, strict=False))
RAMP = matplotlib.colormaps["PuOr"]
LEVEL = 0.05


def effects(
    table: pd.DataFrame,
    seeds: pd.DataFrame,
    *,
    factors: Sequence[str],
    kinds: Sequence[str] = tuple(EFFECT_KINDS),
    numbers: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a row per factor, in the order given, and in it a mark per kind: the effect with its interval and its seeds.

    `table` is what `factorial.effects` returns, `seeds` what `factorial.seed_effects` does. The first kind stands in
    the right margin as a number.
    """
    ax = ax if ax is not None else style.new_figure(0.8 + 0.6 * len(factors))[1][0][0]
    by_name = table.set_index(["kind", "factors"])
    shape, step = style.markers(PALETTE), 0.8 / len(kinds)
    beside = blended_transform_factory(ax.transAxes, ax.transData)
    for row, factor in enumerate(factors):
        for lane, kind in enumerate(kinds):
            at, name = row + (lane - (len(kinds) - 1) / 2) * step, EFFECT_KINDS[kind]
            shade, one = PALETTE[name], by_name.loc[(kind, factor)]
            dots = seeds.loc[(seeds["kind"] == kind) & (seeds["factors"] == factor), "effect"]
            ax.scatter(dots, np.full(len(dots), at + 0.15 * step), s=7, color=shade, **SEED)
            if np.isnan(one["effect"]):
                continue
            ax.plot([one["low"], one["high"]], [at - 0.1 * step] * 2, color=shade, linewidth=1.8, zorder=4)
            ax.plot(one["effect"], at - 0.1 * step, shape[name], color=shade, markersize=5.5, zorder=5, **MEAN)
        first = by_name.loc[(kinds[0], factor)]
        if numbers:
            known = not np.isnan(first["effect"])
            said = findings.plus_minus(*first[["effect", "low", "high"]]) if known else "not known"
            ax.annotate(said, (1, row), (8, 0), xycoords=beside, textcoords="offset points", fontsize=7.5, va="center",
                        color=style.readable(PALETTE[EFFECT_KINDS[kinds[0]]]))  # fmt: skip
    for boundary in range(1, len(factors)):
        ax.axhline(boundary - 0.5, color="#F0F2F5", linewidth=0.8, zorder=0)
    ax.axvline(0, color=style.FAINT, linewidth=0.9, zorder=1)
    ax.set_ylim(len(factors) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    name_rows(ax, factors)
    chosen = table[table["kind"].isin(kinds)]
    drawn = seeds[seeds["kind"].isin(kinds)]
    ends = np.clip(chosen[["low", "high"]].to_numpy(dtype=float), *_room(drawn["effect"]))
    style.fit(ax.xaxis, [0.0, *drawn["effect"], *ends.ravel()], ratio=float("inf"))
    return ax


def _room(values: pd.Series) -> tuple[float, float]:
    """Return how far an axis may go: an interval of two seeds would leave no room for anything else."""
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    return min(low, 0.0) - (high - low), max(high, 0.0) + (high - low)


def interactions(table: pd.DataFrame, *, factors: Sequence[str], better: int = -1, ax: Axes | None = None) -> Axes:
    """Draw a cell per pair of factors in the colour of its interaction; bold where its adjusted p is at most 0.05.

    `table` is what `factorial.effects` returns; `better` is the sign of what is good, which violet
    stands for.
    """
    ax = ax if ax is not None else style.new_figure(3.0)[1][0][0]
    pairs = table[table["kind"] == "interaction"]
    most = pairs["effect"].abs().max()
    for pair in pairs.to_dict("records"):
        row, column = sorted((factors.index(name) for name in pair["factors"].split(JOINT)), reverse=True)
        value = pair["effect"]
        face = "#F0F2F5" if np.isnan(value) else to_hex(RAMP(0.5 + 0.42 * better * value / most if most else 0.5))
        ax.add_patch(Rectangle((column - 0.5, row - 1.5), 1, 1, facecolor=face, edgecolor="white", linewidth=1.2))
        ink = "white" if style.contrast(face) > style.contrast(style.INK) / style.contrast(face) else style.INK
        said = "–" if np.isnan(value) else rounded(value, 2, "+")
        sure = pair["p_adjusted"] <= LEVEL
        ax.text(column, row - 1, said, ha="center", va="center", fontsize=7, color=ink,
                fontweight="bold" if sure else "normal")  # fmt: skip
    last = len(factors) - 1
    ax.set(xlim=(-0.5, last - 0.5), ylim=(last - 0.5, -0.5))
    ax.grid(False)
    ax.tick_params(length=0, labelsize=7.5)
    for spine in ax.spines.values():
        spine.set_visible(False)
    names = list(shortened(factors, 16).values())
    style.ticks_at(ax.xaxis, range(last), names[:-1])
    ax.tick_params(axis="x", rotation=30)
    for label in ax.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    style.ticks_at(ax.yaxis, range(last), names[1:])
    return ax


class Told(NamedTuple):
    """The effects by one measure, best ingredient first."""

    of: Ablated
    table: pd.DataFrame
    seeds: pd.DataFrame
    factors: list[str]
    gain: pd.Series

    @property
    def measure(self) -> Measure:
        """What the effects are measured by."""
        return self.of.compared.measure

    @property
    def values(self) -> pd.DataFrame:
        """The values of the trials."""
        return self.of.values

    @property
    def better(self) -> int:
        """The sign of an effect that is good."""
        return -1 if self.of.compared.lower_is_better else 1

    @property
    def empty(self) -> bool:
        """Whether no training has anything to say."""
        return self.seeds.empty or bool(self.values["lost"].all())


def draw(view: View) -> tuple[Figure, str]:
    """A row a measure: what each ingredient is worth, and the interactions beside it."""
    parts = _measured(view)
    k, rows = len(parts[0].factors), len(parts)
    widths = [2.0, 1.0] if k > 2 else [1.0]
    figure, axes = style.new_figure(0.7 + rows * (0.9 + 0.42 * max(k, 2)), rows, len(widths), width_ratios=widths)
    for line, one in zip(axes, parts, strict=True):
        width = style.WIDTH * widths[0] / sum(widths) - 1.5
        _panel(line[0], view, one, width)
        if len(line) > 1 and one.table.loc[one.table["kind"] == "interaction", "effect"].isna().all():
            line[1].set_axis_off()
        elif len(line) > 1:
            _pairs(line[1], one)
    shown = list(PALETTE) if any(not one.empty for one in parts) else []
    panels.key(figure, PALETTE, shown)
    return figure, _caption(view, parts)


def headline(ax: Axes, view: View) -> str:
    """The Shapley values by the first measure."""
    one = _measured(view)[0]
    if one.empty:
        note(ax, _empty(view, one))
    else:
        effects(one.table, one.seeds, factors=one.factors, kinds=["shapley"], numbers=False, ax=ax)
    ax.set_xlabel(wrapped(f"{_change(one.measure)} by each ingredient", 40))
    return "Shapley values"


def _measured(view: View) -> list[Told]:
    ablation = block_of(view.table, view.frames.study)
    found = {one.compared.measure: one for one in view.frames.ablated if one.ablation == ablation}
    return [told(found[measure]) for measure in measures_of(view.table)]


def told(of: Ablated) -> Told:
    """Return the effects by one measure, best ingredient first; unknown ones last."""
    names = of.ablation.names
    table, seeds = factorial.effects(of.values, names), factorial.seed_effects(of.values, names)
    return Told(
        of, table, seeds, best_first(table, of.compared.lower_is_better), factorial.whole_gain(of.values, names)
    )


def _panel(ax: Axes, view: View, one: Told, width: float) -> None:
    if one.empty:
        note(ax, _empty(view, one))
    else:
        effects(one.table, one.seeds, factors=one.factors, ax=ax)
    helps = "left" if one.better < 0 else "right"
    ax.set_xlabel(f"{_change(one.measure)} by adding the ingredient; {helps} of 0 it helps")
    trials = _trials(view, one)
    lost = [f"{arm}: {said}" for arm, said in lost_counts(trials, ["arm"]).items()]
    lost += [f"{arm}: no trial" for arm in one.of.ablation.arms if arm not in set(trials["arm"])]
    title = _what(one.measure)
    if not one.empty and not np.isnan(one.gain["effect"]):
        said = findings.plus_minus(*one.gain[["effect", "low", "high"]])
        title += f": everything − nothing = {said}"
    panels.headed(ax, title, width, panels.note_lines(lost, width))


def _pairs(ax: Axes, one: Told) -> None:
    interactions(one.table, factors=one.factors, better=one.better, ax=ax)
    ax.set_title("Interactions")


def _trials(view: View, one: Told) -> pd.DataFrame:
    trials = view.frames.phase(*view.phases)
    return trials[trials["arm"].isin(one.values["arm"])]


def _empty(view: View, one: Told) -> str:
    trials = _trials(view, one)
    if (came := reached(one.values)) and (trials["status"] == "done").any():
        return f"{came}: too few for any effect"
    return nothing(trials, one.measure.metric)


def _what(measure: Measure) -> str:
    """Return what is measured, to begin a sentence with."""
    words = measured(measure)
    return words[0].upper() + words[1:]


def _change(measure: Measure) -> str:
    if measure.target is not None:
        return f"change in {unit(measure)}"
    return f"change in {measured(measure)}" + f" ({unit(measure)})" * bool(unit(measure))


def _caption(view: View, parts: Sequence[Told]) -> str:
    what = listed(_what(one.measure).lower() for one in parts)
    k, trials = len(parts[0].factors), _trials(view, parts[0])
    text = (
        f"What each of {k} ingredients is worth in {what}, from all {2**k} combinations, "
        f"{panels.seeds_said(trials, ['arm'])} each: the change that the ingredient makes, best first; {panels.DOTS}. "
        "The Shapley value is the mean over all orders of putting the ingredients in, and these sum to everything − "
        "nothing."
    )
    if k > 2:
        text += (
            " Interactions: how much more the one changes where the other is in; violet where together they do better "
            f"than by themselves, bold where the adjusted p is at most {LEVEL}."
        )
    return text + "".join(_missed(one) for one in parts) + findings.lost(trials)


def _missed(one: Told) -> str:
    if not one.values["missed"].any():
        return ""
    reached, target = (~one.values["missed"]).sum(), one.measure.target
    return (
        f" {reached} of {len(one.values)} trainings reached {target:g}; a miss counts as the largest budget, so an "
        "effect may be larger than it looks, and one of which both sides mostly miss is not known."
    )


FORM = Form(draw, headline)
