"""How every figure looks: one style sheet, one palette, axes with readable numbers, and PNG bytes that repeat."""

import io
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib.image
import matplotlib.style
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

WIDTH = 9.0  # inches; at DPI this is what a report column shows without scaling up
DPI = 140
INK, FAINT, GRID, ALARM = "#1F2933", "#7B8794", "#E4E7EB", "#C62828"
# Okabe and Ito's colours, told apart with any colour vision; their yellow, too pale on white, gave way to a wine red,
# and a brown stands at the end.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#111111", "#882255", "#7A5C2E")
BLACK = PALETTE[6]
MARKERS = ("o", "s", "^", "D", "v", ">", "X", "<", "p", "P")  # one more than colours: their pairs do not repeat soon

FONT = "DejaVu Sans"  # ships with Matplotlib: the same glyphs on every machine
READABLE = 4.5  # least contrast of coloured text on white; WCAG asks it of small text

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "font.family": FONT,
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "text.parse_math": False,  # a name with a dollar sign in it is a name
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save inside this: Matplotlib's own defaults plus STYLE, whatever the user's matplotlibrc says."""
    with matplotlib.style.context(["default", STYLE]):
        yield


def new_figure(height: float, rows: int = 1, columns: int = 1, **grid: Any) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of WIDTH × `height` inches and its rows × columns axes."""
    figure = blank_figure(height)
    axes = figure.subplots(rows, columns, squeeze=False, **grid)
    return figure, [list(row) for row in axes]


def blank_figure(height: float, width: float = WIDTH) -> Figure:
    """Return a figure of `width` × `height` inches without axes; any width has as many pixels."""
    figure = Figure(figsize=(width, height), dpi=DPI * WIDTH / width, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG; the same figure on the same versions gives the same bytes."""
    buffer, canvas = io.BytesIO(), figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()  # once, where savefig draws a figure twice
    unsigned: dict[str, Any] = {"Software": None}
    pixels = canvas.buffer_rgba()
    matplotlib.image.imsave(buffer, pixels, format="png", origin="upper", dpi=figure.dpi, metadata=unsigned)
    return buffer.getvalue()


def colours(names: Iterable[object]) -> dict[Any, str]:
    """Return a colour for each distinct name, by order of appearance; "none" is black, whatever it is compared with."""
    distinct = list(dict.fromkeys(names))
    others = [colour for colour in PALETTE if colour != BLACK or "none" not in distinct]
    bright = itertools.cycle(others)
    return {name: BLACK if name == "none" else next(bright) for name in distinct}


def markers(names: Iterable[object]) -> dict[Any, str]:
    """Return a marker for each distinct name, by order of appearance: what a colour says, a shape says again."""
    return {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(dict.fromkeys(names))}


def shades(names: Iterable[object], colormap: str = "viridis_r") -> dict[Any, str]:
    """Return a colour for each distinct name of an ordered quantity, from light to dark in the order given."""
    distinct = list(dict.fromkeys(names))
    ramp = matplotlib.colormaps[colormap]
    steps = [0.46 + 0.54 * i / max(len(distinct) - 1, 1) for i in range(len(distinct))]
    return {name: matplotlib.colors.to_hex(ramp(step)) for name, step in zip(distinct, steps, strict=True)}


def contrast(colour: str) -> float:
    """Return the contrast of a colour with white, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(colour)]
    return 1.05 / (0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2] + 0.05)


STRONG = tuple(colour for colour in PALETTE if contrast(colour) >= 3)
"""Those that thin lines can have, too (WCAG asks 3 of graphics)."""


def readable(colour: str) -> str:
    """Return a colour for text: `colour` itself, or as much darker as it takes to be read on white."""
    red, green, blue = matplotlib.colors.to_rgb(colour)
    while contrast(colour) < READABLE:
        red, green, blue = 0.96 * red, 0.96 * green, 0.96 * blue
        colour = matplotlib.colors.to_hex((red, green, blue))
    return matplotlib.colors.to_hex(colour)


@cache
def _glyphs() -> FT2Font:
    return get_font(findfont(FONT))


def drawable(text: str) -> str:
    """Return `text` as the figures' font can draw it: a symbol that it lacks by its name, a letter by its number.

    Thus 🚀 becomes "(rocket)" and 学 "U+5B66": names that differ stay different, where boxes would be alike.
    """
    return "".join(letter if _glyphs().get_char_index(ord(letter)) else _named(letter) for letter in text)


def _named(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cf", "Mn"):  # joiners, and selectors of a letter's variant
        return ""
    return f"({unicodedata.name(letter).lower()})" if category in ("So", "Sk") else f"U+{ord(letter):04X} "


def number(value: float) -> str:
    """Return a short plain number: 0.0003, 0.1, 20, 400k, 2e9."""
    if abs(value) >= 1e9:
        return re.sub(r"e\+0*", "e", f"{value:.2g}")
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g}M"
    if abs(value) >= 1e3:
        return f"{value / 1e3:.4g}k"
    if value and abs(value) < 1e-4:
        return f"{value:.2g}".replace("e-0", "e-")
    return f"{value:.4g}"


def ticks_at(axis: Axis, positions: Sequence[float], labels: Sequence[str] | None = None) -> None:
    """Put ticks exactly at `positions`, labelled by number() or by `labels`; no minor ticks."""
    axis.set_major_locator(FixedLocator(list(positions)))
    axis.set_minor_locator(NullLocator())
    if labels is None:
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    else:
        axis.set_ticks(list(positions), labels=list(labels))


def value_axis(axis: Axis, values: Sequence[float], *, ratio: float = 6.0, low: float = 0.0) -> None:
    """Scale an axis of positive values: logarithmic where they span more than `ratio`, else linear, with a margin.

    The limits enclose `values`; ticks are few and plain numbers (1, 2, 5, 10, …).
    """
    smallest, largest = min(values), max(values)
    across = axis is axis.axes.xaxis
    set_scale = axis.axes.set_xscale if across else axis.axes.set_yscale
    set_limits = axis.axes.set_xlim if across else axis.axes.set_ylim
    if smallest > 0 and largest / smallest > ratio:
        set_scale("log")
        bounds = smallest / (largest / smallest) ** 0.06, largest * (largest / smallest) ** 0.06
        set_limits(*bounds)
        ticks_at(axis, _round_numbers(*bounds, most=_room(axis)))
        return
    margin = 0.08 * (largest - smallest) or 0.1 * abs(largest) or 1.0
    set_limits(max(smallest - margin, low) if smallest >= low else smallest - margin, largest + margin)
    axis.set_major_locator(MaxNLocator(min(_room(axis), 6), steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value, 10))))


def powers_axis(axis: Axis, powers: Sequence[float]) -> None:
    """Scale an axis of logarithms to base 10 (so that means are of the logarithms), labelled by what they stand for."""
    low, high = math.floor(min(powers)), math.ceil(max(powers))
    ticks = range(low, high + 1, max(1, -(-(high - low) // 6)))
    axis.axes.set_ylim(min(powers) - 0.3, max(powers) + 0.3)
    ticks_at(axis, list(ticks), [number(10.0**tick) for tick in ticks])


def fit(axis: Axis, values: Sequence[float], ratio: float = 6.0) -> None:
    """Scale an axis to the finite `values`, if there are any; see value_axis()."""
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        value_axis(axis, finite, ratio=ratio)


def _room(axis: Axis) -> int:
    """Return how many numbers an axis has room for, 3 to 8."""
    width, height = inches(axis.axes)
    return int(min(max(width / 0.5 if axis is axis.axes.xaxis else height / 0.25, 3), 8))


def inches(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes, about: the layout has yet to make room for what stands beside them."""
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def _round_numbers(low: float, high: float, most: int = 8) -> list[float]:
    """Return the round numbers of a log axis from `low` to `high`: as many of 1-2-5, 1-3 or 1 per decade as fit."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [
            float(f"{step}e{decade}")
            for decade in decades
            for step in steps
            if low <= float(f"{step}e{decade}") <= high
        ]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // most)]


def log_axis(ax: Axes, positions: Iterable[float], width: float) -> None:
    """Make x a log axis with ticks at the positions used; if `width` (inches) is too small, at decades."""
    ax.set_xscale("log")
    used = sorted({float(position) for position in positions})
    ax.set_xlim(used[0] / 1.5, used[-1] * 1.5)
    decades = [rate for rate in used if f"{rate:e}".startswith("1.000000e")]
    room = width / 0.42  # a label takes less than that, inches
    shown = used if _closest(used) * room >= 1 else decades if len(decades) > 1 else [used[0], used[-1]]
    ticks_at(ax.xaxis, shown, [number(rate) for rate in shown])


def _closest(positions: list[float]) -> float:
    """Return the smallest distance between neighbours on a log axis, as a share of the whole."""
    logs = [math.log10(position) for position in positions]
    steps = [after - before for before, after in itertools.pairwise(logs)]
    return min(steps) / (logs[-1] - logs[0] + 0.35) if steps else 1.0


def legend_marks(colour: Mapping[Any, str], size: float, names: Iterable[object] | None = None) -> list[Line2D]:
    """Return the entries of a legend for `names` (all): each one's marker in its colour."""
    shape = markers(colour)
    return [
        Line2D([], [], linestyle="", marker=shape[name], color=colour[name], markersize=size)
        for name in (colour if names is None else names)
    ]
