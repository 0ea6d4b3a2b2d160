"""Laws of a study: the blocks make the arms that were written, profiles and overrides apply, bad files are refused."""

import json

import pytest
from pandas._libs.parsers import STR_NA_VALUES

from harness.errors import InputError
from harness.spec import Trial, load_study, names, parameter_count, study_from_record, study_from_table, study_names
from harness.spec.validation import NOTHING_IN_CSV

WHOLE = """
title = "Everything"
section = "4.2"
question = "Does each part of the grammar work?"

[baseline]
hidden = [128, 64]
epochs = 10

[[blocks]]
arms = { "SGD" = { optimizer = "sgd" }, "Slow" = { learning_rate = 0.0001, beta2 = 0.99 } }
[[blocks]]
grid = { hidden = [[64], [64, 64], []], dropout = [0.0, 0.5] }
[[blocks]]
zip = { batch_size = [32, "full"], learning_rate = [0.05, 0.1] }
[[blocks]]
one_at_a_time = { activation = ["tanh", "sigmoid"], normalization = ["batch"] }

[tune]
learning_rate = [0.001, 0.01]
l2 = [0.0, 5.0]
seeds = 2

[seeds]
count = 10

[profiles.quick]
baseline = { epochs = 3, train_size = 20000 }
tune = { seeds = 1 }
seeds = { count = 8 }

[profiles.smoke]
tune = { seeds = 0 }

[[claims]]
id = "sooner"
text = "SGD is there sooner"
metric = "time_to_target"
target = 0.95
better = "SGD"
than = ["Slow", { activation = "tanh" }]
"""


@pytest.fixture
def study_file(tmp_path):
    def write(text, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refused(path, **options):
    with pytest.raises(InputError) as caught:
        load_study(path, **options)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"{path}: ")


def load_table(table):
    return study_from_table("mine", table, "mine.toml")


def test_blocks_are_concatenated_and_arms_are_named_by_what_sets_them_apart(study_file):
    study = load_study(study_file(WHOLE))
    assert [arm.name for arm in study.arms] == [
        "baseline",
        "SGD",
        "Slow",
        "dropout=0, hidden=64",
        "dropout=0.5, hidden=64",
        "dropout=0, hidden=64-64",
        "dropout=0.5, hidden=64-64",
        "dropout=0, hidden=none",
        "dropout=0.5, hidden=none",
        "batch_size=32, learning_rate=0.05",
        "batch_size=full, learning_rate=0.1",
        "activation=tanh",
        "activation=sigmoid",
        "normalization=batch",
    ]
    assert study.arm("dropout=0.5, hidden=64-64").trial.canonical() == {
        "dropout": 0.5,
        "epochs": 3,
        "hidden": [64, 64],
        "train_size": 20000,
    }
    assert study.arm("batch_size=full, learning_rate=0.1").settings == {"batch_size": "full", "learning_rate": 0.1}


def test_an_arm_equal_to_the_baseline_stands_for_it(study_file):
    blocks = '[[blocks]]\narms = {{ "plain" = {} }}\n[[blocks]]\none_at_a_time = {{ activation = ["tanh"] }}\n'
    names_of = [arm.name for arm in load_study(study_file(blocks.format('{ activation = "relu" }'))).arms]
    assert names_of == ["plain", "activation=tanh"]
    names_of = [arm.name for arm in load_study(study_file(blocks.format('{ activation = "sigmoid" }'))).arms]
    assert names_of == ["baseline", "plain", "activation=tanh"]


def test_a_study_without_blocks_is_the_baseline(study_file):
    study = load_study(study_file(""))
    assert [(arm.name, arm.settings) for arm in study.arms] == [("baseline", {})]
    assert (study.name, study.title, study.seeds, study.tune) == ("mine", "mine", 10, None)


def test_profiles_override_baseline_tune_and_seeds(study_file):
    path = study_file(WHOLE)
    full, quick, smoke = (load_study(path, profile) for profile in ("full", "quick", "smoke"))
    assert (full.seeds, full.tune.seeds, full.baseline.epochs, full.baseline.train_size) == (10, 2, 10, None)
    assert (quick.seeds, quick.tune.seeds, quick.baseline.epochs, quick.baseline.train_size) == (8, 1, 3, 20000)
    assert list(quick.tune.grid.items()) == [("learning_rate", (0.001, 0.01)), ("l2", (0.0, 5.0))]
    assert smoke.tune is None


def test_a_profile_changes_the_lists_it_names(study_file):
    tune = "[tune]\nl2 = [0.0, 5.0]\nlearning_rate = [0.1, 0.2]\nper_seed = true\ndefault = false\n"
    study = load_study(study_file(tune + "[profiles.quick]\ntune = { learning_rate = [0.3], dropout = [0.0, 0.5] }\n"))
    grid = [("l2", (0.0, 5.0)), ("learning_rate", (0.3,)), ("dropout", (0.0, 0.5))]
    assert list(study.tune.grid.items()) == grid
    assert (study.tune.seeds, study.tune.per_seed, study.tune.default) == (2, True, False)


def test_without_tuning_every_arm_is_run_as_written_whatever_the_file_says(study_file):
    study = load_study(study_file("[tune]\nl2 = [0.0, 5.0]\nseeds = 0\ndefault = false\n"))
    assert study.tune is None
    assert study.phases == ("default",)


def test_the_word_none_stands_for_what_may_be_empty(study_file):
    text = '[baseline]\npatience = "none"\n[[blocks]]\ngrid = { clip_norm = ["none", 1.0] }\n'
    study = load_study(study_file(text + '[tune]\ntrain_size = ["none", 1000]\n'))
    assert [arm.name for arm in study.arms] == ["clip_norm=none", "clip_norm=1"]
    assert [arm.trial.clip_norm for arm in study.arms] == [None, 1.0]
    assert study.tune.grid == {"train_size": (None, 1000)}
    assert study.baseline.patience is None
    again = study_from_record(json.loads(json.dumps(study.to_record(), allow_nan=False)))
    assert [arm.trial for arm in again.arms] == [arm.trial for arm in study.arms]


def test_values_that_differ_have_names_that_differ(study_file):
    study = load_study(study_file("[[blocks]]\ngrid = { dropout = [0.1, 0.1000000001] }\n"))
    assert [arm.name for arm in study.arms] == ["dropout=0.1", "dropout=0.1000000001"]


ARMS = '[[blocks]]\narms = { "a" = { l2 = 1.0 }, "b" = { l2 = 2.0 }, "plain" = { activation = "relu" } }\n'


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ('reference = "b"\n' + ARMS, "b"),
        (ARMS, "plain"),  # as the baseline is
        ("[baseline]\nl2 = 2.0\n" + ARMS, "b"),
        ("[baseline]\nl2 = 3.0\n" + ARMS.replace("plain", "c").replace('activation = "relu"', "l2 = 4.0"), "a"),
        ("[[blocks]]\none_at_a_time = { dropout = [0.5] }\n", "baseline"),
        ("", "baseline"),
    ],
)
def test_others_are_compared_with_the_reference_else_the_baseline_else_the_first(study_file, text, reference):
    study = load_study(study_file(text))
    assert study.reference == reference
    assert study_from_record(study.to_record()).reference == reference


def test_an_unknown_reference_is_refused_with_the_nearest(study_file):
    path = study_file('reference = "plan"\n' + ARMS)
    assert refused(path) == "reference: no arm is named 'plan' (did you mean 'plain'?)"


def test_the_origin_of_a_study_is_its_file(study_file):
    path = study_file("")
    assert load_study(path).origin == str(path.resolve())
    assert load_study("optimizer").origin == "shipped"
    assert "origin" not in load_study(path).to_record()


def test_a_study_of_the_first_schema_is_read():
    study = load_study("depth_width", "smoke")
    record = study.to_record() | {"schema": 1, "kind": "training", "probe": None, "parameters": {}, "published": []}
    claim = {"id": "c", "text": "t", "metric": "time_to_target", "better": "SGD", "than": ["Adam"], "margin": None}
    record["claims"] = [claim | {"target": None}, claim | {"target": 0.95}]
    del record["reference"]
    assert study_from_record(record).to_record() == study.to_record() | {"claims": []}


def test_of_a_study_of_the_second_schema_the_bare_targets_are_left_out():
    record = load_study("depth_width", "smoke").to_record()
    again = study_from_record(record | {"schema": 2, "claims": [{"target": 0.95}]})
    assert again.to_record() == record | {"claims": []}


def test_a_profile_that_counts_other_seeds_leaves_the_room_for_more(study_file):
    path = study_file("seeds = { count = 10, at_most = 40 }\n[profiles.smoke]\nseeds = { count = 3 }\n")
    assert [(study.seeds, study.at_most) for study in (load_study(path), load_study(path, "smoke"))] == [
        (10, 40),
        (3, 40),
    ]
    assert load_study(path, seeds=50).at_most == 50
    assert study_from_record(load_study(path).to_record()).at_most == 40


def test_the_command_line_overrides_the_profile(study_file):
    study = load_study(study_file(WHOLE), overrides={"epochs": 2}, seeds=4, dataset="folder")
    assert {(arm.trial.epochs, arm.trial.dataset) for arm in study.arms} == {(2, "folder")}
    assert study.seeds == 4


@pytest.mark.parametrize("field", sorted(set(Trial.model_fields) - {"seed"}))
@pytest.mark.parametrize("kind", ["grid", "zip", "one_at_a_time"])
def test_every_field_can_be_swept(field, kind):
    default = Trial.model_fields[field].default
    others = {"output_initializer": "zeros", "mean": 0.5, "std": 0.5}
    table = {"blocks": [{kind: {field: [others.get(field, 5) if default is None else default]}}]}
    table["baseline"] = {"mean": 0.1, "std": 0.1}  # which are given together
    assert load_table(table).arms[-1].settings.keys() == {field}


def test_a_study_survives_its_record(study_file):
    study = load_study(study_file(WHOLE))
    again = study_from_record(json.loads(json.dumps(study.to_record(), allow_nan=False)), origin=study.origin)
    assert again == study
    assert [arm.trial for arm in again.arms] == [arm.trial for arm in study.arms]


def test_a_foreign_or_newer_record_is_refused(study_file):
    record = load_study(study_file(WHOLE)).to_record()
    for foreign in ([], {}, {"schema": "1"}, {"schema": 1}, None):
        with pytest.raises(InputError, match=r"^study.json: not a study record$"):
            study_from_record(foreign)
    with pytest.raises(InputError, match=r"^study.json: schema 4 is newer than this version reads \(3\)$"):
        study_from_record(record | {"schema": 4})
    with pytest.raises(InputError, match=r"^study.json: seeds: found 'x', expected a whole number$"):
        study_from_record(record | {"seeds": "x"})
    with pytest.raises(
        InputError, match=r"^study.json: arms\[0\]: name: missing|^study.json: arms\[0\].name: missing$"
    ):
        study_from_record(record | {"arms": [{"settings": {}}]})


@pytest.mark.parametrize("name", study_names())
@pytest.mark.parametrize("profile", names.PROFILES)
def test_every_shipped_study_is_valid_in_every_profile(name, profile):
    study = load_study(name, profile)
    assert study.title
    assert study.question.endswith("?")
    exact = {claim.form for claim in study.claims} == {"equals"}  # what has no chance in it
    assert study.seeds >= 2 or exact  # one bounds no interval


def test_the_five_studies_of_the_tutorial_are_shipped():
    assert {"initialization", "optimizer", "normalization", "dropout", "depth_width"} <= set(study_names())


def test_networks_of_one_budget_differ_by_at_most_three_percent():
    budgets = {"25k": 25_000, "100k": 100_000, "400k": 400_000}
    arms = [arm for arm in load_study("depth_width").arms if arm.name.split(",")[0] in budgets]
    assert len(arms) == 16
    for arm in arms:
        count = parameter_count(arm.trial.hidden, 784, 10)
        assert abs(count / budgets[arm.name.split(",")[0]] - 1) <= 0.03
        assert arm.name.endswith(f"depth {len(arm.trial.hidden)}")


def test_the_words_that_no_arm_may_be_called_are_those_that_pandas_takes_for_nothing():
    assert {*NOTHING_IN_CSV, ""} == STR_NA_VALUES


def test_an_arm_whose_rule_has_defaults_of_its_own_survives_the_record_of_its_study():
    arms = {"adam": {"optimizer": "adam"}, "lion": {"optimizer": "lion"}}
    study = load_table({"baseline": {"epochs": 2}, "blocks": [{"arms": arms}]})
    again = study_from_record(json.loads(json.dumps(study.to_record())), origin=study.origin)
    assert [arm.trial.beta2 for arm in again.arms] == [arm.trial.beta2 for arm in study.arms] == [0.999, 0.99]
    assert again == study


def test_many_equal_widths_are_counted_in_a_name():
    deep = study_from_table("s", {"blocks": [{"grid": {"hidden": [[64] * 50, [64, 64]], "residual": [True]}}]}, "s")
    assert [arm.name for arm in deep.arms] == ["hidden=50x64, residual=true", "hidden=64-64, residual=true"]
