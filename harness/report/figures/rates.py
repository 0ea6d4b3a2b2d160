"""The learning rate along a training, by schedule."""

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import style

HEIGHT = 3.0
DASHES = ("-", "--", "-", "-.", "-")


def rate_schedules(rates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the learning rate of each update against the epochs, a line a schedule.

    `rates` has `schedule`, `epoch` (with fractions) and `learning_rate`.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    lines = zip(rates.groupby("schedule", sort=False), DASHES, style.STRONG, strict=False)
    for (name, part), dash, colour in lines:
        ax.plot(part["epoch"], part["learning_rate"], dash, color=colour, linewidth=1.8, label=name)
    ax.set(xlabel="epoch", ylabel="learning rate")
    ax.set_ylim(bottom=0)
    return ax
