"""Pictures of section 4.2: paths on a bowl, and schedules."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.bowl_path import bowl_path
from harness.report.figures.rates import rate_schedules

CURVATURES = (1.0, 0.02)
RULES = {"sgd": "SGD", "momentum": "Momentum", "ema_momentum": "(1 − β) momentum"}
SCHEDULES = {"warmup_cosine": "warm-up, cosine"}


def momentum(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """A path a panel, and the losses in the last one."""
    paths = tables["paths"]
    runs = list(paths.groupby(["optimizer", "learning_rate"], sort=False))
    names = {key: f"{RULES[key[0]]}, rate {style.number(key[1])}" for key, _ in runs}
    palette = dict(zip(names, style.STRONG, strict=False))
    figure = style.blank_figure(5.0)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(2, 1.15))[:, 0]
    for ax, (key, points) in zip(above.subplots(2, 2).flat, runs, strict=True):
        bowl_path(points, CURVATURES, colour=palette[key], ax=ax)
        ax.set_title(names[key])
    ax = below.subplots()
    for (key, points), dash in zip(runs, ("-", "-", "-", "--"), strict=True):
        ax.plot(points["step"], points["loss"], dash, color=palette[key], label=names[key])
    ax.set(xlabel="step", ylabel="loss", yscale="log")
    ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    ends = {key: points["loss"].iloc[-1] for key, points in runs}
    plain, classical, same, longer = (f"{end:.2g}" for end in ends.values())
    return figure, (
        f"Four runs down the bowl ½(x² + {CURVATURES[1]:g} y²), from the ring towards the star; after "
        f"{paths['step'].max()} steps the loss is {plain} with plain SGD, {classical} with classical momentum, {same} "
        f"with the tutorial's (1 − β) form at the same rate and {longer} with that form at ten times the rate. The "
        "classical form gains along the flat axis; the tutorial's takes steps a tenth as long, so at the same rate it "
        "goes hardly faster than plain SGD, and at ten times the rate it is the classical form, step by step."
    )


def schedules(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The five schedules in one pair of axes."""
    rates = tables["schedules"].assign(schedule=lambda table: table["schedule"].replace(SCHEDULES))
    figure, [[ax]] = style.new_figure(2.9)
    rate_schedules(rates, ax=ax)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    epochs = round(rates["epoch"].max())
    return figure, (
        f"The learning rate of every update of {epochs} epochs, as the training loop asks the schedules for it; all "
        f"start from {style.number(rates['learning_rate'].iloc[0])}. Look at the ends: the cosines reach 0 with a slow "
        "last stretch, step and exponential keep a share of the rate, and warm-up spends its first tenth rising."
    )


PICTURES = {"momentum": momentum, "schedules": schedules}
