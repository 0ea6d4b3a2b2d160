"""What one figure of a study shows: its rows, with the words and colours that they are drawn with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.labels import field_title, listed, value_text
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.spec.figures import FigureTable, matching
from harness.text import setting

OWN_SCALE = ("phase", "dataset")
"""Panels of these fields have scales of their own: tuned beside untuned, an easy dataset beside a hard one."""


@dataclass(frozen=True)
class View:
    """One `[[figures]]` table over the frames of its study.

    The frames that `trials`, `curves` and `layers` return hold the rows of its phases and arms, with two more columns
    of words: `series` (the value of the field that colours; "" without one) and `panel`.
    """

    table: FigureTable
    frames: Frames
    phases: tuple[str, ...]
    colour: str | None  # the field
    palette: Mapping[str, str]  # of every value in the study, so that an arm has one colour in all its figures

    def trials(self) -> pd.DataFrame:
        """Return a row per trial."""
        return self._chosen(self.frames.trials)

    def curves(self) -> pd.DataFrame:
        """Return a row per trial and evaluation."""
        return self._chosen(self.frames.curves)

    def layers(self) -> pd.DataFrame:
        """Return a row per trial, epoch, layer and metric."""
        return self._chosen(self.frames.layers)

    def panels(self) -> list[str]:
        """Return the titles of the panels, in order; [""] where there is one."""
        present = set(self.trials()["panel"])
        return [text for text in self._levels(self.table.panels).values() if text in present] or [""]

    def shown(self, frame: pd.DataFrame) -> list[str]:
        """Return the names of the palette that occur in `frame`."""
        present = set(frame["series"])
        return [name for name in self.palette if name in present]

    @property
    def key_title(self) -> str:
        """What the legend calls the colours; phases and arms speak for themselves."""
        return "" if self.colour in (None, "arm", "phase") else field_title(str(self.colour))

    @property
    def scope(self) -> str:
        """Which arms and phases the figure shows, in a sentence; "" where it shows all that there is."""
        named = [
            ("" if field == "arm" else f"{field_title(field)} ") + " or ".join(setting(one) or "none" for one in values)
            for field, values in self.table.where.items()
        ]
        phases = [listed(SHOWN_PHASES[phase] for phase in self.phases)] * (self.frames.study.tune is not None)
        with_fields = "" if "arm" in self.table.where else "the arms with "
        arms = [with_fields + listed(named)] if named else ["all arms"] * len(phases)
        return f"Shown: {', '.join([*arms, *phases])}." if arms else ""

    @property
    def own_scale(self) -> bool:
        """Whether each panel has a scale of its own."""
        return self.table.panels in OWN_SCALE

    def _levels(self, field: str | None) -> dict[Any, str]:
        return levels(self.frames.trials, field) if field else {}

    def _chosen(self, frame: pd.DataFrame) -> pd.DataFrame:
        arms = matching(self.table.where, self.frames.study.arms)
        frame = frame[frame["phase"].isin(self.phases) & frame["arm"].isin(arms)]
        if "parameters" in self.table.where:
            frame = frame[frame["parameters"].isin(self.table.where["parameters"])]
        return frame.assign(
            series=spoken(frame, self.colour, self._levels(self.colour)),
            panel=spoken(frame, self.table.panels, self._levels(self.table.panels)),
        )


class Form(NamedTuple):
    """How a form is drawn: as a figure with its caption; and as the one panel that stands for the study in the
    summary, which returns what part of the figure it shows."""

    draw: Callable[[View], tuple[Figure, str]]
    headline: Callable[[Axes, View], str]


def view_of(table: FigureTable, frames: Frames) -> View:
    """Return the view of a figure; what it leaves open is chosen here."""
    both = tuple(phase for phase in ("default", "confirm") if len(frames.phase(phase)))
    by_form = {"strip": both, "time": both, "sensitivity": ("tune",), "effects": frames.study.phases[-1:]}
    phases = table.phase or by_form.get(table.form) or (frames.final,)
    colour = table.colour if table.form != "heatmap" else None
    if colour is None and table.form in ("curves", "layers", "sensitivity", "images"):
        colour = "arm"
    if colour is None and table.form in ("strip", "time") and len(phases) > 1 and table.panels != "phase":
        colour = "phase"
    return View(table, frames, phases, colour, palette(frames.trials, colour, phases))


def column(field: str) -> str:
    """Return the column of the frames that holds a field."""
    return "label" if field == "arm" else field


def levels(trials: pd.DataFrame, field: str) -> dict[Any, str]:
    """Return the values of a field in order, and their words: numbers ascending, then none; texts as the arms come."""
    found = trials[column(field)].dropna().unique().tolist()
    if field == "phase":
        found = [phase for phase in SHOWN_PHASES if phase in found]
    elif is_numeric(found):
        found = sorted(found)
    elif field == "hidden":
        found = sorted(found, key=lambda hidden: [int(width) for width in hidden.split(",") if width])
    if trials[column(field)].isna().any():
        found.append(None)
    words = {value: style.drawable(value_text(field, value)) for value in found}
    return words if len(set(words.values())) == len(words) else {value: style.drawable(str(value)) for value in found}


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether all values are numbers, and true and false are none."""
    return all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values if v is not None)


def spoken(frame: pd.DataFrame, field: str | None, words: Mapping[Any, str]) -> pd.Series:
    """Return the words of a field, row by row; "" where there is no field."""
    if field is None:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column(field)].map(words).fillna(words.get(None, "")).astype(object)


def palette(trials: pd.DataFrame, field: str | None, phases: Iterable[str]) -> dict[str, str]:
    """Return a colour for the words of each value of a field: shades for an ordered quantity, else the palette."""
    if field is None:
        return {"": style.PALETTE[0]}
    found = levels(trials, field)
    if field == "phase":
        found = {phase: text for phase, text in found.items() if phase in phases}
    ordered = is_numeric(found) and len(found) > 1
    return (style.shades if ordered else style.colours)(found.values())
