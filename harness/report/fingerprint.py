"""Digests that survive another machine: of the results, and of what a figure shows rather than of its pixels."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from matplotlib.collections import Collection, LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike

from harness.results.frames import Results


def results_digest(results: Results) -> str:
    """Return 16 hex digits for everything the results hold, however the journals are compressed or ordered."""
    digest = hashlib.sha256()
    for name in sorted(results.studies):
        digest.update(json.dumps(results.studies[name].to_record(), sort_keys=True).encode())
    for frame in (results.trials, results.curves, results.layers, *([results.rows] if len(results.rows) else [])):
        rows = frame.to_csv(index=False, lineterminator="\n").splitlines()
        digest.update("\n".join([*rows[:1], *sorted(rows[1:])]).encode())
    digest.update(json.dumps(results.environments, sort_keys=True).encode())
    if results.predictions.trials:  # by the weights that predict
        digest.update(json.dumps(sorted(results.predictions.trials)).encode())
    if results.predictions.images:
        digest.update(json.dumps(sorted(results.predictions.images)).encode())
    return digest.hexdigest()[:16]


def drawn(figure: Figure) -> str:
    """Return 16 hex digits for what a figure shows: texts, lines, dots and limits, to 6 digits, and their colours."""
    digest = hashlib.sha256()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            named = getattr(axis.get_major_formatter(), "seq", ())
            digest.update(
                f"axis {axis.get_scale()} {_numbers(limits)} {axis.get_label_text()} {list(named)}\n".encode()
            )
        digest.update(axes.get_title(loc="left").encode())
        for artist in axes.get_children():
            digest.update(_shown(artist).encode())
    for text in figure.texts:
        digest.update(_shown(text).encode())
    for legend in (*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))):
        for text in legend.get_texts():
            digest.update(_shown(text).encode())
    return digest.hexdigest()[:16]


def sealed(text: str, results: str, shown: Mapping[str, str], files: Mapping[str, str | None]) -> str:
    """Return a page's text with its seal: the digest of the results, and for each of its figures, by the name of its
    file, what it shows (`drawn`) and the digest of the file."""
    marks = {name: {"drawn": what, "file": files[name]} for name, what in shown.items()}
    return text + f"\n<!-- seal {json.dumps({'results': results, 'figures': marks}, indent=1)} -->\n"


def _shown(artist: object) -> str:
    if isinstance(artist, Text):
        return f"text {artist.get_text()} {to_hex(artist.get_color())}\n"
    if isinstance(artist, Line2D):
        face = artist.get_markerfacecolor()
        return f"line {_numbers(artist.get_xydata())} {to_hex(artist.get_color())} {to_hex(face, keep_alpha=True)}\n"
    if isinstance(artist, Rectangle):
        sides = _numbers([*artist.get_xy(), artist.get_width(), artist.get_height()])
        return f"cell {sides} {to_hex(artist.get_facecolor())}\n"
    if isinstance(artist, LineCollection):
        return f"lines {[_numbers(segment) for segment in artist.get_segments()]}\n"
    if isinstance(artist, Collection) and (values := artist.get_array()) is not None:  # coloured only when rendered
        return f"ramp {_numbers(values)}\n"
    if isinstance(artist, Collection):
        faces = [to_hex(face) for face in np.asarray(artist.get_facecolor())]
        return f"dots {_numbers(artist.get_offsets())} {faces}\n"
    return ""


def _numbers(values: ArrayLike) -> list[str]:
    plain: np.ndarray = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    return [f"{value:.6g}" for value in plain.ravel()]
