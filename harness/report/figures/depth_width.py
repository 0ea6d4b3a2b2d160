"""Depth against width: networks of equal parameter count, from shallow and wide to deep and narrow."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import findings, marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.study_frames import Frames

SAME_BUDGET = 1.25  # neighbouring parameter counts within this ratio share a budget


def draw(frames: Frames) -> list[Drawing]:
    """Test error against depth at equal parameter count and against width; then every arm."""
    return [depth_and_width(frames), panels.arms_strip(frames, "depth_width-arms")]


def headline(ax: Axes, frames: Frames) -> None:
    """Test error against depth at equal parameter count."""
    data = networks(frames)
    equal_panel(ax, data)
    ax.set(xlabel="hidden layers", ylabel="test error (%)")
    equal = equal_count(data)
    if len(equal):
        style.fit(ax.yaxis, marks.extent(equal, ["arm"], "test_error"), ratio=3)
        style.small_legend(ax, style.shades(equal["budget"]), "parameters")


def networks(frames: Frames) -> pd.DataFrame:
    """Return the trials with `depth` (hidden layers) and `budget` ("≈ 100k" parameters), smallest first."""
    data = frames.phase(frames.final)
    depth = data["hidden"].map(lambda hidden: len(hidden.split(",")) if hidden else 0)
    data = data.assign(depth=depth, parameters=data["parameters"].astype(float))
    return data.assign(budget=budgets(data["parameters"])).sort_values(["parameters", "depth"], kind="stable")


def equal_panel(ax: Axes, data: pd.DataFrame) -> None:
    """Depth on x, a colour a budget."""
    equal = equal_count(data)
    if equal.empty:
        marks.note(ax, "no budget with several depths")
        return
    marks.response(ax, equal, "depth", "test_error", "budget", style.shades(equal["budget"]))
    style.ticks_at(ax.xaxis, sorted(equal["depth"].unique()))


def depth_and_width(frames: Frames) -> Drawing:
    """Left: depth on x, a colour a budget; right: the width of a single hidden layer on x."""
    data = networks(frames)
    equal = equal_count(data)
    single = data[(data["depth"] == 1) & ~data["arm"].isin(equal["arm"])]
    single = single.assign(width=single["hidden"].astype(float))
    figure, [[left, right]] = style.new_figure(3.9, 1, 2, sharey=True)
    equal_panel(left, data)
    left.set(xlabel="hidden layers", ylabel="test error (%)", title="depth at equal parameter count")
    if len(equal):
        style.small_legend(left, style.shades(equal["budget"]), "parameters")
    right.set_xscale("log", base=2)
    if len(single):
        marks.response(right, single, "width", "test_error", "depth", {1: style.PALETTE[1]})
        counts = sorted(single["width"].unique())
        style.ticks_at(right.xaxis, counts, [f"{width:g}" for width in counts])
    right.set(xlabel="hidden units", title="width of one hidden layer")
    style.fit(left.yaxis, marks.extent(pd.concat([equal, single]), ["arm"], "test_error"), ratio=3)
    caption = (
        "Test error of networks with about the same number of parameters, from one wide layer to many narrow ones "
        "(left), and of networks of a single hidden layer against its width (right); "
        f"{panels.seeds_said(data, ['arm'])} each: {panels.DOTS}. {seen(equal, single)}"
    )
    return Drawing("depth_width", figure, caption)


def seen(equal: pd.DataFrame, single: pd.DataFrame) -> str:
    """Return the depths and widths with the lowest and the highest mean test error."""
    depth = equal.assign(layers=equal["depth"].map(lambda n: f"depth {n}"))
    width = single.assign(units=single["hidden"].map(lambda n: f"width {n}"))
    parts = [
        f"{budget} parameters: {findings.extremes(part, 'layers', 'test_error')}"
        for budget, part in depth.groupby("budget", sort=False)
    ]
    parts += [f"one layer: {findings.extremes(width, 'units', 'test_error')}"] if len(width) else []
    return f"Lowest and highest mean: {'; '.join(parts)}."


def equal_count(data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of budgets that several depths share, one arm for each depth: the one nearest the budget."""
    arms = data.drop_duplicates("arm").assign(middle=lambda t: t.groupby("budget")["parameters"].transform("median"))
    arms = arms[arms.groupby("budget")["depth"].transform("nunique") > 1]
    arms = arms.assign(off=(arms["parameters"] / arms["middle"] - 1).abs()).sort_values("off", kind="stable")
    return data[data["arm"].isin(arms.drop_duplicates(["budget", "depth"])["arm"])]


def budgets(parameters: pd.Series) -> pd.Series:
    """Name the budget of each parameter count ("≈ 100k"): counts that lie close together share one."""
    counts = np.sort(parameters.unique())
    starts = np.flatnonzero(counts[1:] / counts[:-1] > SAME_BUDGET) + 1
    names: dict[float, str] = {}
    for group in np.split(counts, starts):
        names |= dict.fromkeys(group.tolist(), f"≈ {style.number(float(f'{np.median(group):.2g}'))}")
    return parameters.map(names)
