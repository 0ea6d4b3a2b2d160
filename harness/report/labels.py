"""The words of figures and tables: names of arms, fields, their values and metrics, and how a long one is shortened."""

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.spec.arms import arm_name
from harness.spec.study import Study
from harness.text import number

SHOWN_PHASES = {"default": "as written", "tune": "tuning", "confirm": "tuned"}
FIELD_TITLES = {
    "train_size": "training images",
    "hidden": "hidden units",
    "depth": "hidden layers",
    "width": "units of the first hidden layer",
    "dropout": "dropout rate",
    "input_dropout": "dropout rate of the inputs",
}
METRIC_TITLES = {
    "train_error": "training error (%)",
    "val_error": "validation error (%)",
    "test_error": "test error (%)",
    "gap": "gap: test − training error (points)",
    "lost": "lost seeds (%)",
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "train_accuracy": "training accuracy",
    "val_accuracy": "validation accuracy",
    "gradient_norm": "norm of the gradient",
    "weight_norm": "norm of the weights",
    "activation_variance": "variance of the activations",
    "preactivation_variance": "variance before the activation",
    "dead_units": "share of dead units",
    "distinct_units": "share of distinct units",
    "bias_gradient_norm": "norm of the bias gradient",
    "saturated": "share of saturated entries",
}
EFFECT_KINDS = {
    "shapley": "Shapley value",
    "main": "mean over all combinations",
    "leave_one_out": "in the full set",
    "add_one_in": "alone",
}
UNITS = {"%": " %", "points": " points"}


def arm_labels(study: Study) -> dict[str, str]:
    """Return a label for each arm, no two alike: its own name, or "tanh · xavier_normal" for an unnamed one."""
    names = [arm.name for arm in study.arms]
    labels = [short(arm.settings) if arm.name == arm_name(arm.settings) else arm.name for arm in study.arms]
    return dict(zip(names, labels if len(set(labels)) == len(labels) else names, strict=True))


def field_title(field: str) -> str:
    """Return what an axis or a legend calls a field."""
    return FIELD_TITLES.get(field, field.replace("_", " "))


def metric_title(metric: str) -> str:
    """Return what an axis calls a metric, with its unit."""
    return METRIC_TITLES.get(metric, metric.replace("_", " "))


def metric_unit(metric: str) -> str:
    """Return what follows a number of this metric: " %", " points" or nothing."""
    return next((told for unit, told in UNITS.items() if metric_title(metric).endswith(f"({unit})")), "")


def short_title(metric: str) -> str:
    """Return what a small axis calls a metric: "gap (points)"."""
    return in_words(metric) + (f" ({metric_unit(metric).strip()})" if metric_unit(metric) else "")


def listed(words: Iterable[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def in_words(metric: str) -> str:
    """Return a metric within a sentence: "test error", "gap"."""
    return metric_title(metric).partition(" (")[0].partition(":")[0]


def value_text(field: str, value: Any) -> str:
    """Return a value of a field as a figure writes it; `hidden` is text like "128,64"."""
    if value is None or value is pd.NA or value != value:
        return "all" if field == "train_size" else "none"
    if field == "phase":
        return SHOWN_PHASES[value]
    if field == "hidden":
        return widths(tuple(int(width) for width in value.split(",") if width))
    if field == "dataset":
        return Path(value).name or value
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:,}" if float(value).is_integer() and 1000 <= abs(value) < 1e9 else number(float(value))


def panel_title(field: str, value: str) -> str:
    """Return the title of the panel of one value: "tanh", "hidden units: 64", "residual: yes"."""
    speaks = any(letter.isalpha() for letter in value) and value not in ("yes", "no", "all", "none")
    return value if speaks else f"{field_title(field)}: {value}"


def shortened(names: Iterable[str], room: int) -> dict[str, str]:
    """Return each name in at most `room` characters (8 or more), no two alike.

    Of a long name the beginning and the end stay, whole words where it has some there. Names that differ only between
    them are cut anew from where they begin to differ, so that the difference is what stays.
    """
    names = list(dict.fromkeys(names))
    found: dict[str, str] = {}
    for name in names:
        found[name] = name if len(name) <= room else _elided(name, room)
    for group in _alike(found).values():
        found |= _apart(group, found, room)
    for group in _alike(found).values():  # what is left alike is counted
        found |= {name: f"{found[name][: room - 5]} ({place})" for place, name in enumerate(group[1:], 2)}
    return found


def _elided(name: str, room: int) -> str:
    head, tail = name[: room - room // 3 - 1], name[-(room // 3) :]
    start, end = head.rpartition(" ")[0], tail.partition(" ")[2]
    return f"{start} … {end}" if start and end else f"{head}…{tail}"


def _alike(found: dict[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, text in found.items():
        groups.setdefault(text, []).append(name)
    return groups


def _apart(group: list[str], found: dict[str, str], room: int) -> dict[str, str]:
    """Cut the names of a group, which begin and end alike, from where they differ; again for those still alike."""
    if len(group) == 1:
        return {group[0]: found[group[0]]}
    differ = (place for place, letters in enumerate(zip(*group, strict=False)) if len(set(letters)) > 1)
    same = next(differ, min(map(len, group)))
    head = group[0][: room // 3]
    head = head.rpartition(" ")[0] or head
    cut = {name: f"{head}…{_from(name, same, len(head), room - len(head) - 1)}" for name in group}
    parts = list(_alike(cut).values())
    if len(parts) == 1:
        return cut
    return {name: text for part in parts for name, text in _apart(part, cut, room).items()}


def _from(name: str, place: int, least: int, room: int) -> str:
    """Return at most `room` characters of a name around a place, from `least` on: whole words where they fit."""
    word = max(name.rfind(sign, 0, place) for sign in " =,") + 1
    start = word if word >= least and place - word <= room // 2 else max(place - 2, least)
    text = name[start:]
    if len(text) <= room:
        return text
    kept = text[: room - 1]
    whole = kept.rpartition(" ")[0]
    return f"{whole if len(whole) > place - start else kept}…"


def wrapped(text: str, room: int, lines: int = 2) -> str:
    """Return `text` in at most `lines` lines of `room` characters, an ellipsis where it goes on."""
    return "\n".join(textwrap.wrap(text, max(room, 8), max_lines=lines, placeholder=" …")) or text


def in_two_lines(text: str, room: int) -> str:
    """Return a text of more than `room` characters in two lines, broken at the space nearest to its middle."""
    if len(text) <= room:
        return text
    middle = len(text) // 2
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    at = min(spaces, key=lambda place: abs(place - middle), default=middle)
    at = at if max(at, len(text) - at) <= room else middle
    return f"{text[:at].rstrip()}\n{text[at:].lstrip()}"


def short(settings: dict[str, Any]) -> str:
    """Return what an arm changes, in a few words."""
    return " · ".join(_word(field, value) for field, value in sorted(settings.items()))


def _word(field: str, value: Any) -> str:
    spoken = field.replace("_", " ")
    if field == "dataset":
        return value_text(field, value)
    if field == "hidden":
        return f"hidden {widths(value)}" if value else widths(value)
    if field == "train_size":
        return "all images" if value is None else f"{value:,} images"
    if isinstance(value, bool):
        return spoken if value else f"no {spoken}"
    if isinstance(value, str):
        return f"no {spoken}" if value == "none" else value
    return f"{spoken} {number(value)}" if isinstance(value, int | float) else f"{spoken} {value}".lower()


def widths(hidden: tuple[int, ...]) -> str:
    """Return "64-32" or, for three layers and more of one width, "3 × 64"."""
    if len(hidden) > 2 and len(set(hidden)) == 1:
        return f"{len(hidden)} × {hidden[0]}"
    return "-".join(map(str, hidden)) or "no hidden layer"
