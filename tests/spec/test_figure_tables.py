"""What a study says it draws is read, or refused in one line that names the key and the nearest match."""

import json

import numpy as np
import pytest

from harness.errors import InputError
from harness.results.frames import CURVE_FIGURES, TRIAL_COLUMNS
from harness.spec.figures import CURVE_METRICS, FORMS, LAYER_METRICS, TRAINING, TRIAL_METRICS, FigureTable, matching
from harness.spec.probe_file import FORMS as OF_PROBES
from harness.spec.shipped import study_names
from harness.spec.study import load_study, study_from_record, study_from_table
from harness.training.diagnostics import LayerValues, layer_rows
from kernels import layout

BLOCKS = [
    {"name": "deep", "arms": {"a": {"dropout": 0.1, "hidden": [64, 64]}, "b": {"dropout": 0.5, "hidden": [64]}}},
    {"arms": {"c": {"normalization": "batch"}}},
]


def study(*figures: dict, **more: object):
    return study_from_table("mine", {"blocks": BLOCKS, "figures": list(figures), **more}, "mine.toml")


BAD = {
    "not yet": ({"form": "published"}, "figures[0].form: 'published' is not drawn yet; forms today: strip, response"),
    "key of images": (
        {"form": "images", "x": "arm"},
        "figures[0].x: not read by form 'images', which reads",
    ),
    "form": ({"form": "stripp"}, "figures[0].form: found 'stripp', expected 'strip', 'response'"),
    "no form": ({"x": "dropout"}, "figures[0].form: missing"),
    "key": ({"form": "strip", "color": "arm"}, "figures[0]: unknown key 'color' (did you mean 'colour'?)"),
    "key of another form": (
        {"form": "strip", "target": 0.9},
        "figures[0].target: not read by form 'strip', which reads",
    ),
    "layer": ({"form": "layers", "x": "epochs"}, "figures[0].x: not read by form 'layers', which reads"),
    "no x": ({"form": "response"}, "figures[0]: form 'response' needs x"),
    "no target": ({"form": "time"}, "figures[0]: form 'time' needs target"),
    "field": ({"form": "response", "x": "dropot"}, "figures[0].x: unknown field 'dropot' (did you mean 'dropout'?)"),
    "panels": ({"form": "strip", "panels": "fase"}, "figures[0].panels: unknown field 'fase' (did you mean 'phase'?)"),
    "metric": ({"form": "strip", "y": "gapp"}, "figures[0].y: unknown metric 'gapp' (did you mean 'gap'?)"),
    "metric of a list": ({"form": "curves", "y": ["val_loss", "gap"]}, "figures[0].y: unknown metric 'gap'"),
    "metric of a heatmap": (
        {"form": "heatmap", "x": "dropout", "y": "arm", "colour": "arm"},
        "figures[0].colour: unknown metric 'arm'",
    ),
    "two fields down": ({"form": "heatmap", "x": "arm", "y": ["alpha", "l2"]}, "y: form 'heatmap' takes one, found"),
    "unit": ({"form": "curves", "x": "epoch"}, "figures[0].x: unknown unit 'epoch' (did you mean 'epochs'?)"),
    "phase": (
        {"form": "strip", "phase": "confrim"},
        "figures[0].phase[0]: found 'confrim', expected 'default', 'tune'",
    ),
    "phase without tuning": ({"form": "strip", "phase": "confirm"}, "phase: ['confirm'] needs a [tune] table"),
    "sensitivity without tuning": ({"form": "sensitivity"}, "figures[0]: form: 'sensitivity' needs a [tune] table"),
    "effects without an ablation": ({"form": "effects"}, "figures[0]: form: 'effects' needs a block that ablates"),
    "a time without a target": (
        {"form": "effects", "y": "time_to_target"},
        "figures[0]: target: form 'effects' needs one for 'time_to_target' in y, and only for that",
    ),
    "a target without a time": ({"form": "effects", "target": 0.9}, "figures[0]: target: form 'effects' needs one for"),
    "field of where": ({"form": "strip", "where": {"dropuot": 1.0}}, "where: unknown field 'dropuot' (did you mean"),
    "phase of where": ({"form": "strip", "where": {"phase": "tune"}}, "where: phase: is a key of its own"),
    "type of where": ({"form": "strip", "where": {"dropout": "x"}}, "where: dropout: found 'x', expected a number"),
    "value of where": (
        {"form": "strip", "where": {"dropout": 0.7}},
        "figures[0]: where.dropout: no arm has 0.7; the arms have [0.1, 0.5, 0.0]",
    ),
    "block of where": (
        {"form": "strip", "where": {"block": "depp"}},
        "figures[0]: where.block: no arm has 'depp' (did you mean 'deep'?)",
    ),
    "values together": ({"form": "strip", "where": {"dropout": 0.1, "hidden": [64]}}, "where: no arm has all of these"),
    "note of two lines": ({"form": "strip", "note": "a\nb"}, "figures[0].note: found 'a\\nb', expected one line"),
    "percent": ({"form": "time", "target": 95.0}, "figures[0].target: found 95.0, expected less than or equal to 1"),
}


@pytest.mark.parametrize(("figure", "message"), BAD.values(), ids=BAD)
def test_a_figure_that_cannot_be_drawn_is_refused(figure, message):
    with pytest.raises(InputError) as found:
        study(figure)
    assert message in str(found.value)
    assert str(found.value).startswith("mine.toml: ")
    assert "\n" not in str(found.value)


def test_two_headlines_are_refused():
    with pytest.raises(InputError, match="figures: more than one is the headline"):
        study({"form": "strip", "headline": True}, {"form": "curves", "headline": True})


def test_a_field_that_is_not_tuned_has_no_sensitivity():
    tune = {"learning_rate": [0.1, 1.0]}
    assert study({"form": "sensitivity"}, tune=tune).figures[0].x is None
    with pytest.raises(InputError, match="x: found 'l2', expected a tuned field: learning_rate"):
        study({"form": "sensitivity", "x": "l2"}, tune=tune)


def test_a_block_is_a_field_only_where_one_has_a_name():
    unnamed = [{"arms": {"a": {}}}]
    with pytest.raises(InputError, match=r"figures\[0\]: colour: no \[\[blocks\]\] of the study has a name"):
        study_from_table("m", {"blocks": unnamed, "figures": [{"form": "strip", "colour": "block"}]}, "m.toml")
    twice = [{"name": "x", "arms": {"a": {}}}, {"name": "x", "arms": {"b": {}}}]
    with pytest.raises(InputError, match="blocks: duplicated name 'x'"):
        study_from_table("m", {"blocks": twice}, "m.toml")


@pytest.mark.parametrize(
    ("where", "arms"),
    [
        ({}, ["a", "b", "c"]),
        ({"block": "deep"}, ["a", "b"]),
        ({"hidden": [64]}, ["b"]),
        ({"hidden": [[64], [64, 64]]}, ["a", "b"]),
        ({"depth": 2, "width": [64, 128]}, ["a", "c"]),
        ({"arm": ["a", "c"], "normalization": "batch"}, ["c"]),
        ({"dropout": [0.1, 0.5], "epochs": 10}, ["a", "b"]),
    ],
)
def test_where_picks_the_arms_that_have_one_of_the_values_in_every_field(where, arms):
    found = study({"form": "strip", "where": where})
    assert matching(found.figures[0].where, found.arms) == arms


def test_figures_and_blocks_survive_the_record_and_may_be_missing_in_an_older_one():
    for name in study_names():
        found = load_study(name)
        assert study_from_record(json.loads(json.dumps(found.to_record())), origin=found.origin) == found
        older = found.to_record()
        del older["figures"]
        for arm in older["arms"]:
            del arm["block"]
        assert study_from_record(older).figures == ()


def test_every_numeric_column_of_the_tables_is_a_metric():
    assert set(CURVE_FIGURES) <= set(CURVE_METRICS)
    numbers = {name for name in TRIAL_COLUMNS if name.endswith(("_loss", "_accuracy", "seconds"))}
    assert numbers < set(TRIAL_METRICS)
    assert {"parameters", "epochs_run", "best_epoch", "learning_rate", "dropout"} < set(TRIAL_METRICS)


def test_the_metrics_of_layers_are_those_that_diagnostics_record():
    network = layout.network([2, 2, 1])
    state = layout.new_state(network, layout.optimizer("sgd"), np.float64)
    values = [LayerValues(np.ones((3, 2)), np.ones((3, 2)))]
    rows = layer_rows(1, values, state, network, [np.ones((3, 2))], [0.0])
    assert {row["metric"] for row in rows} == set(LAYER_METRICS)


def test_every_form_says_what_it_reads():
    needed = {key for forms in (TRAINING.forms, OF_PROBES) for keys in forms.values() for key in keys}
    assert set(FigureTable.model_fields) >= {key for reads in FORMS.values() for key in reads.more} | needed


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"activation": "relu"}, "where.activation: effects are of every combination; they can be chosen by block"),
        ({"block": "deep"}, "where.block: found ['deep'], expected one of the blocks that ablate: parts, more"),
        ({"block": ["parts", "more"]}, "where.block: found ['parts', 'more'], expected one of the blocks that"),
        ({}, "where.block: expected one of the blocks that ablate: parts, more"),
    ],
)
def test_effects_are_those_of_one_block_that_ablates(where, message):
    blocks = [
        *BLOCKS,
        {"name": "parts", "ablate": {"activation": ["tanh", "relu"]}},
        {"name": "more", "ablate": {"l2": [0.0, 5.0]}},
    ]
    with pytest.raises(InputError) as caught:
        study({"form": "effects", "where": where}, blocks=blocks)
    assert str(caught.value).startswith(f"mine.toml: figures[0]: {message}")
    assert study({"form": "effects", "where": {"block": "more"}}, blocks=blocks).figures[0].form == "effects"
