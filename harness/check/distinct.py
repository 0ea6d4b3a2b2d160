"""Does each choice run code of its own? Ten steps with each value of a field end with weights of their own."""

import itertools
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from harness.check.one_check import Check
from harness.datasets import Dataset
from harness.spec import Trial
from harness.training import train

TRIAL: dict[str, Any] = {
    "hidden": (12, 12, 12), "train_size": 78, "val_size": 100, "batch_size": 16, "epochs": 2, "dtype": "float64",
}  # fmt: skip
"""Two epochs of five batches, the last of which is not whole, through hidden layers that skips can join."""
ACTS_WITH: dict[str, tuple[dict[str, Any], ...]] = {
    "dropout_form": ({"dropout": 0.5},),
    "eps_outside": ({"optimizer": "rmsprop", "epsilon": 1e-3},),
    "optimizer": ({}, {"l2": 1.0}),  # a rule that did not get to its decay would end as without
}
"""Where a field is compared: what else is set so that it acts."""
ALIKE = {
    ("optimizer", "adam", "adamw"): "they differ in how weights decay, and without L2 none do",
    ("output_initializer", "he_normal", "None"): "none is the initializer of the other layers, which is he_normal",
}
"""Pairs that may end with the same weights, and why."""
DO_NOT_ACT = {
    "backend": "both compute the same, which is what the other checks prove",
    "diagnostics": "records figures of the same training",
    "diagnostic_images": "records figures of the same training",
    "evaluate_train": "records figures of the same training",
    "monitor": "says what is read on the way, which moves no weight before training stops early",
    "restore_best": "acts where training has stopped early, after more evaluations than ten steps have",
}
"""Fields whose values may end with the same weights, and why."""


def values_of(annotation: Any) -> tuple[Any, ...]:
    """Return all values of a field that chooses among names, or on and off; none for a number or a text."""
    if annotation is bool:
        return (False, True)
    if annotation is NoneType:
        return (None,)
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in (Union, UnionType):
        kinds = [values_of(kind) for kind in get_args(annotation)]
        return tuple(itertools.chain(*kinds)) if all(kinds) else ()
    return ()


FIELDS: dict[str, tuple[Any, ...]] = {
    name: values
    for name, field in Trial.model_fields.items()
    if (values := values_of(field.annotation)) and name not in DO_NOT_ACT
}
"""Every field of a trial that chooses code, and its values."""


def distinct_checks(field: str, backend: str, dataset: Dataset) -> Iterator[Check]:
    """Train with each value of a field; yield how many pairs of them end with the same weights: none may."""
    ends = {}
    for also in ACTS_WITH.get(field, ({},)):
        for value in FIELDS[field]:
            trial = Trial(**{**TRIAL, "backend": backend, **also, field: value})
            ends[_label(value, also)] = train(trial, dataset).record["weights_sha256"]
    pairs = [pair for pair in itertools.combinations(ends, 2) if (field, *pair) not in ALIKE]
    same = [f"{one} = {other}" for one, other in pairs if ends[one] == ends[other]]
    shape = "; ".join(same) or f"{len(FIELDS[field])} values"
    yield Check(f"choices: {field}", backend, TRIAL["dtype"], shape, "distinct", float(len(same)), 0.0)


def _label(value: Any, also: dict[str, Any]) -> str:
    return " ".join([str(value), *(f"{name}={setting}" for name, setting in also.items())])
