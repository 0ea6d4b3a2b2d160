"""Depth against width: networks of equal parameter count, from shallow and wide to deep and narrow."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames
from harness.analysis.statistics import summarise

SAME_BUDGET = 1.25  # neighbouring parameter counts within this ratio share a budget


def draw(frames: Frames) -> list[Drawing]:
    """Test error against depth at equal parameter count and against the parameters; then every arm."""
    return [depth_and_parameters(frames), panels.arms_strip(frames, "depth_width-arms")]


def headline(ax: Axes, frames: Frames) -> None:
    """Test error against depth at equal parameter count."""
    data = networks(frames)
    equal_panel(ax, data)
    style.fit(ax.yaxis, data["test_error"])
    ax.set(xlabel="hidden layers", ylabel="test error (%)")
    equal = equal_count(data)
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


def depth_and_parameters(frames: Frames) -> Drawing:
    """Left: depth on x, a colour a budget; right: parameters on x, a colour a depth."""
    data = networks(frames)
    figure, [[left, right]] = style.new_figure(3.9, 1, 2, sharey=True)
    equal_panel(left, data)
    left.set(xlabel="hidden layers", ylabel="test error (%)", title="depth at equal parameter count")
    equal = equal_count(data)
    style.small_legend(left, style.shades(equal["budget"]), "parameters")
    depths = style.shades(sorted(data["depth"].unique()), "plasma_r")
    right.set_xscale("log")
    for depth, part in data.sort_values("depth", kind="stable").groupby("depth"):
        means = summarise(part, ["parameters"], "test_error")
        right.scatter(part["parameters"], part["test_error"], s=9, color=depths[depth], **marks.SEED)
        right.vlines(means["parameters"], means["low"], means["high"], color=depths[depth], linewidth=1.2, zorder=4)
        right.plot(means["parameters"], means["mean"], "o-", color=depths[depth], markersize=4.5, zorder=5,
                   linewidth=1.6 if depth == data["depth"].min() else 0.6, **marks.MEAN)  # fmt: skip
    counts = data.groupby("budget", sort=False)["parameters"].median()
    style.ticks_at(right.xaxis, list(counts), [name.removeprefix("≈ ") for name in counts.index])
    right.set(xlabel="parameters", title="size, by depth")
    style.small_legend(right, depths, "hidden layers")
    style.fit(left.yaxis, data["test_error"])
    caption = (
        "Test error of networks with about the same number of parameters, from one wide layer to many narrow ones "
        f"(left), and of all networks by size (right); {panels.seeds_said(data, ['arm'])} each: {panels.DOTS}."
    )
    return Drawing("depth_width", figure, caption)


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
