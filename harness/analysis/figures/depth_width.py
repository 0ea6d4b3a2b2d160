"""Depth against width: networks of equal parameter count, from shallow and wide to deep and narrow."""

import numpy as np
import pandas as pd

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames

SAME_BUDGET = 1.25  # neighbouring parameter counts within this ratio share a budget


def draw(frames: Frames) -> list[Drawing]:
    """Test error against depth at equal parameter count, and against the parameter count by depth."""
    return [depth_and_parameters(frames), panels.arms_strip(frames, "depth_width-error")]


def depth_and_parameters(frames: Frames) -> Drawing:
    """Left: depth on x, a colour a budget; right: parameters on x, a colour a depth."""
    data = frames.phase(frames.final)
    data = data.assign(depth=data["hidden"].map(depth), parameters=data["parameters"].astype(float))
    data = data.assign(budget=budgets(data["parameters"])).sort_values(["parameters", "depth"], kind="stable")
    figure, [[left, right]] = style.new_figure(3.9, 1, 2, sharey=True)
    equal = equal_count(data)
    by_budget, by_depth = style.shades(equal["budget"]), style.shades(sorted(data["depth"].unique()), "magma_r")
    if len(equal):
        marks.response(left, equal, "depth", "test_error", "budget", by_budget)
        style.ticks_at(left.xaxis, sorted(equal["depth"].unique()))
        left.legend(title="parameters", loc="best")
    left.set(xlabel="hidden layers", ylabel="test error (%)", title="at equal parameter count")
    right.set_xscale("log")
    marks.response(right, data.sort_values("depth", kind="stable"), "parameters", "test_error", "depth", by_depth)
    style.ticks_at(right.xaxis, sorted(data.groupby("budget")["parameters"].median()))
    right.set(xlabel="parameters", title="by depth")
    right.legend(title="hidden layers", loc="best", ncols=2)
    if data["test_error"].notna().any():
        style.value_axis(left.yaxis, data["test_error"].dropna())
    caption = (
        "Test error of networks with about the same number of parameters, from one wide layer to many narrow ones (left), "
        f"and of all networks by size (right); {panels.seeds_said(data, ['arm'])} each. {panels.SEEDS}."
    )
    return Drawing("depth_width", figure, caption)


def depth(hidden: str) -> int:
    """Return the number of hidden layers of "64,64"."""
    return len(hidden.split(",")) if hidden else 0


def equal_count(data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of budgets that several depths share, one arm for each depth: the one nearest the budget."""
    arms = data.drop_duplicates("arm").assign(middle=lambda t: t.groupby("budget")["parameters"].transform("median"))
    arms = arms[arms.groupby("budget")["depth"].transform("nunique") > 1]
    arms = arms.assign(off=(arms["parameters"] / arms["middle"] - 1).abs()).sort_values("off", kind="stable")
    return data[data["arm"].isin(arms.drop_duplicates(["budget", "depth"])["arm"])]


def budgets(parameters: pd.Series) -> pd.Series:
    """Name the budget of each parameter count ("≈ 100k"): counts that lie close together share one."""
    counts = np.sort(parameters.unique())
    starts = np.concatenate([[0], np.flatnonzero(counts[1:] / counts[:-1] > SAME_BUDGET) + 1])
    names = {}
    for group in np.split(counts, starts[1:]):
        middle = float(f"{np.median(group):.2g}")
        names.update(dict.fromkeys(group, f"≈ {style.number(middle)}"))
    return parameters.map(names)
