"""Figures of layers at an epoch: one number a trial, from the rows of layers.csv."""

import pandas as pd

Place = int | str
"""A layer or an epoch: its number, or first, last, mean, last/first."""


def layer_figure(layers: pd.DataFrame, metric: str, layer: Place, epoch: Place) -> pd.Series:
    """Return the figure by `trial_id`: taken at the epoch in each layer, then at the layer.

    Layers count from 1, among those that have the metric; epoch 0 is before training. A trial without a row there has
    no figure.
    """
    rows = layers[layers["metric"] == metric]
    by_layer = _at(rows, ["trial_id", "layer"], "epoch", epoch)
    return _at(by_layer.reset_index(), ["trial_id"], "layer", layer)


def _at(rows: pd.DataFrame, by: list[str], along: str, place: Place) -> pd.Series:
    """Reduce `value` to one number a group: where `along` has this place."""
    ordered = rows.sort_values(along, kind="stable")
    groups = ordered.groupby(by)["value"]
    match place:
        case "first" | "last":
            rows = ordered.drop_duplicates(by, keep=place).set_index(by)
            return rows["value"]
        case "mean":
            return groups.mean()
        case "last/first":
            return _at(rows, by, along, "last") / _at(rows, by, along, "first")
        case int():
            return ordered[ordered[along] == place].set_index(by)["value"]
    raise ValueError(f"{along}: found {place!r}, expected a whole number, first, last, mean or last/first")
