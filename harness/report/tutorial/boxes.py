"""Matrices as boxes of squares, side by side."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from harness.report.figures import style

GAP = 1.6  # between boxes, in squares
SIGNS = ("·", "+", "=")


def matrix(name: str, rows: int, columns: int, left: float, *, ax: Axes, colour: str, shape: str = "") -> float:
    """Draw a matrix whose left side is at `left`, about the height 0; return where its right side is."""
    for i in range(rows):
        for j in range(columns):
            corner = (left + j, rows / 2 - 1 - i)
            ax.add_patch(Rectangle(corner, 0.92, 0.92, facecolor=colour, edgecolor="white", alpha=0.75))
    ax.text(left + columns / 2, rows / 2 + 0.25, name, ha="center", va="bottom", fontsize=10)
    ax.text(left + columns / 2, -rows / 2 - 0.25, shape or f"({rows}, {columns})", ha="center", va="top", fontsize=10)
    return left + columns


def product(matrices: Sequence[tuple[str, int, int]], *, ax: Axes) -> Axes:
    """Draw (name, rows, columns) of x, w, b and z with ·, + and = between."""
    right = 0.0
    for i, (name, rows, columns) in enumerate(matrices):
        if i:
            ax.text(right + GAP / 2, 0, SIGNS[i - 1], ha="center", va="center", fontsize=14)
        left = right + (GAP if i else 0)
        right = matrix(name, rows, columns, left, ax=ax, colour=style.PALETTE[i])
    tallest = max(rows for _, rows, _ in matrices)
    ax.set(xlim=(-0.5, right + 0.5), ylim=(-tallest / 2 - 1.3, tallest / 2 + 1.3), aspect="equal")
    ax.set_axis_off()
    return ax
