"""Figures on speed: ratios against others, growth of a step, and kernels below the roofs of the machine."""

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from harness.report.figures import style
from harness.report.figures.panels import Drawing
from harness.report.labels import wrapped

OURS = "numba"
FASTEST_LAST = 0.8  # of the width between two groups of bars
IN_A_ROW = 6  # groups of bars


def ratio_bars(training: pd.DataFrame) -> Drawing:
    """How many times longer than ours a step takes with each contender, a group of bars a network."""
    data = training[(training["contender"] != OURS) & training["ratio"].notna()]
    colour, networks = style.colours(data["contender"]), list(dict.fromkeys(data["network"]))
    shown = [networks[i : i + IN_A_ROW] for i in range(0, len(networks), IN_A_ROW)]
    figure, axes = style.new_figure(0.6 + 3.1 * len(shown), len(shown), 1, sharey=True)
    for (ax,), row in zip(axes, shown, strict=True):
        _bars(ax, data[data["network"].isin(row)], row, colour)
        style.value_axis(ax.yaxis, [min(0.9, data["ratio"].min()), data["ratio"].max() * 1.3], ratio=1)
        ax.set_ylabel("time of a step / ours")
    handles = [Rectangle((0, 0), 1, 1, color=colour[name]) for name in colour]
    figure.legend(handles, list(colour), loc="outside upper center", ncols=len(colour), columnspacing=1.2,
                  handlelength=1.0)  # fmt: skip
    caption = (
        f"Time of a training step over that of the compiled backend as it is used ({OURS}, the line at 1), which "
        "visits only nonzero pixels in its first layer; above the line, ours is faster. Bare sgemm is not a training: "
        "it runs the dense matrix products of a step and nothing else. A contender without a bar does not have the "
        "network."
    )
    return Drawing("speed-training", figure, caption)


def _bars(ax: Axes, data: pd.DataFrame, networks: list[str], colour: dict[str, str]) -> None:
    width = FASTEST_LAST / len(colour)
    for place, contender in enumerate(colour):
        rows = data[data["contender"] == contender]
        at = [networks.index(network) + (place - (len(colour) - 1) / 2) * width for network in rows["network"]]
        ax.bar(at, rows["ratio"] - 1, 0.92 * width, bottom=1, color=colour[contender])
        for x, ratio in zip(at, rows["ratio"], strict=True):
            ax.annotate(f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}", (x, max(ratio, 1)), (0, 2),
                        textcoords="offset points", ha="center", va="bottom", fontsize=6.5)  # fmt: skip
    ax.axhline(1, color=style.INK, linewidth=1.2)
    style.ticks_at(ax.xaxis, range(len(networks)), [_lines(network) for network in networks])
    ax.set_xlim(-0.5, IN_A_ROW - 0.5)
    ax.tick_params(axis="x", labelsize=7.5, length=0)
    ax.grid(visible=False, axis="x")


def _lines(network: str) -> str:
    shape, _, rest = network.partition(" ")
    return f"{shape}\n{wrapped(rest, 18, 3)}"


GROWTH = {"width": "units in each of two hidden layers", "depth": "hidden layers of 64", "batch": "images a batch"}


def growth(rows: pd.DataFrame) -> Drawing:
    """Time of a step against width, depth and batch, beside its arithmetic, on log axes."""
    figure, axes = style.new_figure(2.9, 1, len(GROWTH))
    said = []
    for ax, (ladder, label) in zip(axes[0], GROWTH.items(), strict=True):
        part = rows[rows["ladder"] == ladder].sort_values("value")
        values, times = part["value"].to_numpy(float), part["us_per_step"].to_numpy(float)
        arithmetic = part["flops"].to_numpy(float) * times[-1] / part["flops"].iloc[-1]
        ax.plot(values, arithmetic, "--", color=style.FAINT, linewidth=1.2)
        ax.plot(values, times, "o-", color=style.PALETTE[0], markersize=4)
        ax.set(xscale="log", xlim=(values[0] / 1.3, values[-1] * 1.3), xlabel=label)
        style.ticks_at(ax.xaxis, values, [f"{value:.0f}" for value in values])
        ax.tick_params(axis="x", labelsize=7.5)
        style.value_axis(ax.yaxis, [arithmetic.min(), *times], ratio=1)
        said.append(f"{ladder} × {values[-1] / values[0]:g}: time × {times[-1] / times[0]:.3g}, "
                    f"arithmetic × {arithmetic[-1] / arithmetic[0]:.3g}")  # fmt: skip
    axes[0][0].set_ylabel("µs a step")
    marks = [
        Line2D([], [], color=style.PALETTE[0], marker="o", markersize=4),
        Line2D([], [], color=style.FAINT, ls="--"),
    ]
    axes[0][0].legend(marks, ["measured", "arithmetic"], loc="upper left")
    caption = (
        "Time of a training step of the compiled backend (ReLU, Adam; batch 128 where it does not vary, hidden layers "
        "128-64 where the batch varies) on log axes. Dashed: its operations, at the rate of the largest network; "
        f"where the measured line lies above, calling and moving data outweigh computing. {'; '.join(said)}."
    )
    return Drawing("speed-growth", figure, caption)


def roofline(kernels: pd.DataFrame, limits: pd.DataFrame) -> Drawing:
    """Operations a second against operations a byte: each kernel below the roofs of this machine."""
    data = kernels[kernels["flops"] > 0].assign(intensity=lambda t: t["flops"] / t["bytes"])
    colour = style.colours(data["family"])
    shape = style.markers(colour)
    figure, axes = style.new_figure(4.4)
    ax = axes[0][0]
    low, high = data["intensity"].min() / 1.6, data["intensity"].max() * 2.5
    peak = float(limits.loc[limits["limit"] == "sgemm", "rate"].iloc[0]) / 1e9
    roofs = _roofs(ax, limits, peak, low)
    for (family, backend), rows in data.groupby(["family", "backend"], sort=False):
        ours = backend == OURS
        ax.plot(rows["intensity"], rows["gflops"], linestyle="", marker=shape[family], markersize=5 if ours else 4,
                markerfacecolor=colour[family] if ours else "none", markeredgecolor=colour[family],
                markeredgewidth=0.4 if ours else 0.8, alpha=0.9 if ours else 0.55, zorder=4 if ours else 3)  # fmt: skip
    style.value_axis(ax.xaxis, [low, high], ratio=1)
    style.value_axis(ax.yaxis, [data["gflops"].min(), peak * 1.3], ratio=1)
    ax.set_xlim(low, high)
    ax.set(xlabel="operations a byte", ylabel="GFLOP/s")
    names = [*(str(roof.get_label()) for roof in roofs), *colour]
    figure.legend([*roofs, *style.legend_marks(colour, 5)], names, loc="outside right upper", fontsize=8)
    left_out = sorted(set(kernels.loc[kernels["flops"] == 0, "kernel"]))
    caption = (
        "Every kernel at every size: operations a second against operations a byte, both counted as what its "
        "definition asks for at least. Filled: compiled; hollow: NumPy. Lines are what one thread of this machine "
        "reached in the same run: matrix products, and streaming through working sets of each cache and of memory. "
        "exp, log and tanh are not counted as operations, so what computes them lies lower; what keeps its buffers in "
        f"registers or in a nearer cache than the whole fits may lie above a line. Without operations: "
        f"{', '.join(left_out)}."
    )
    return Drawing("speed-roofline", figure, caption)


def _roofs(ax: Axes, limits: pd.DataFrame, peak: float, low: float) -> list[Line2D]:
    """Draw the flat roof, and a sloping one for the fastest streaming in each level of memory."""
    best = limits[limits["limit"].isin(["stream", "update"])].groupby("level", sort=False)["rate"].max() / 1e9
    roofs = [ax.axhline(peak, color=style.INK, linewidth=1.2, label=f"sgemm {peak:.0f} GFLOP/s")]
    for (level, rate), dashes in zip(best.items(), itertools.cycle(("-", "--", "-.", ":"))):
        ends = np.array([low, peak / rate])
        label = f"{level} {rate:.0f} GB/s"
        roofs += ax.plot(ends, rate * ends, dashes, color=style.FAINT, linewidth=1.2, label=label)
    return roofs
