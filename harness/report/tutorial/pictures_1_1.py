"""Pictures of section 1.1: the perceptron's line, and XOR by one unit and by two layers."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import style

CLASS = {0: (style.PALETTE[0], "o"), 1: (style.PALETTE[1], "s")}
DASHES = ("-", "--")


def labelled_points(points: pd.DataFrame, label: str, *, ax: Axes, says: str | None = None) -> Axes:
    """Draw points `x1`, `x2` in the colour of their `label`; a red cross where `says` differs from it."""
    for value, part in points.groupby(label):
        colour, marker = CLASS[int(value)]
        ax.plot(part["x1"], part["x2"], marker, color=colour, markersize=9, zorder=4, label=f"label {value}")
    wrong = points[points[says] != points[label]] if says else points[:0]
    if len(wrong):
        ax.plot(wrong["x1"], wrong["x2"], "x", color=style.ALARM, markersize=16, markeredgewidth=2, zorder=5,
                label="unit is wrong")  # fmt: skip
    ax.set(xlabel="x1", ylabel="x2", aspect="equal")
    return ax


def boundary(line: pd.Series, dash: str, *, ax: Axes, name: str) -> Axes:
    """Draw w1 x1 + w2 x2 + b = 0 between the limits of x1, and an arrow to the side on which the unit fires."""
    x = np.array(ax.get_xlim())
    ax.plot(x, -(line["b"] + line["w1"] * x) / line["w2"], dash, color=style.INK, linewidth=1.6, label=name)
    middle = np.array([x.mean(), -(line["b"] + line["w1"] * x.mean()) / line["w2"]])
    normal = np.array([line["w1"], line["w2"]]) / np.hypot(line["w1"], line["w2"])
    tip = middle + 0.3 * normal
    ax.annotate("", tuple(tip), tuple(middle), arrowprops={"arrowstyle": "-|>", "color": style.INK})
    return ax


def perceptron(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The tutorial's points with the line drawn there, and with the one that the rule learns."""
    points, lines = tables["points"], tables["lines"].set_index("line")
    figure, [axes] = style.new_figure(3.4, 1, 2)
    for ax, line, says, dash in zip(axes, ("drawn", "learned"), ("unit", "learned unit"), DASHES, strict=True):
        labelled_points(points, "tutorial's label", says=says, ax=ax)
        ax.set(xlim=(-0.3, 1.8), ylim=(-0.3, 1.8))
        told = lines.loc[line]
        boundary(told, dash, ax=ax, name=f"{told['w1']:g} x1 + {told['w2']:g} x2 - {-told['b']:g} = 0")
        ax.set_title(f"The line that is {line}" + " in the tutorial" * (line == "drawn"))
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, markerscale=0.6)
    wrong = int((points["unit"] != points["tutorial's label"]).sum())
    return figure, (
        f"The tutorial's seven points with its labels: its own line (left) is wrong on {wrong} of them, crossed out, "
        f"and the learning rule finds another (right) in {len(tables['learning'])} passes. The arrow points to where "
        "the unit fires; (1, 0) lies on the left line itself."
    )


def xor(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """XOR by one unit and by a trained network 2-2-1."""
    bits, plane = tables["XOR"], tables["plane"]
    figure, [[one, two]] = style.new_figure(3.4, 1, 2)
    labelled_points(bits, "XOR", says="one unit", ax=one)
    one.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
    line = tables["lines"].set_index("line").loc["XOR"]
    boundary(line, "-", ax=one, name="one unit's line")
    one.set_title("One threshold unit: 3 of 4 at best")
    side = plane["x1"].unique()
    grid = plane["p"].to_numpy().reshape(len(side), len(side))
    shown = two.contourf(side, side, grid, levels=np.linspace(0, 1, 11), cmap="coolwarm", alpha=0.6)
    two.contour(side, side, grid, levels=[0.5], colors=[style.INK], linewidths=1.6)
    labelled_points(bits, "XOR", says="2-2-1", ax=two)
    two.set_title("A trained network 2-2-1: 4 of 4")
    figure.colorbar(shown, ax=two, label="output for 1", ticks=[0, 0.5, 1])
    one.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, markerscale=0.6)
    last = tables["passes_over_XOR"]
    return figure, (
        "XOR by the best that one threshold unit can do, which is wrong on one of the four inputs, and by a trained "
        "network with two hidden units, whose output crosses one half on the black lines. The learning rule of the one "
        f"unit still makes {last['mistakes'].max()} mistakes a pass after {last['last'].max()} passes."
    )


PICTURES = {"perceptron": perceptron, "xor": xor}
