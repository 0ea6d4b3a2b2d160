"""Laws of a trial: exact types, a digest that holds what is run and nothing else, and --set texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.errors import InputError
from harness.spec import Trial, names, parameter_count, parse_set, trial_from, trial_id
from harness.spec.trial import Settings

CHOICES = {
    "activation": names.ACTIVATIONS,
    "initializer": names.INITIALIZERS,
    "bias_init": names.BIAS_INITIALIZERS,
    "normalization": names.NORMALIZATIONS,
    "loss": names.LOSSES,
    "optimizer": names.OPTIMIZERS,
    "schedule": names.SCHEDULES,
    "dropout_form": names.DROPOUT_FORMS,
    "input_scale": names.INPUT_SCALES,
    "dtype": names.DTYPES,
    "backend": names.BACKENDS,
    "split": names.SPLITS,
    "monitor": names.MONITORS,
}
OTHER_VALUES = {
    "train_size": 1000,
    "val_size": 100,
    "hidden": [64, 64],
    "alpha": 0.1,
    "init_std": 0.5,
    "output_initializer": "zeros",
    "bias_std": 0.5,
    "residual": True,
    "dropout": 0.5,
    "input_dropout": 0.2,
    "momentum": 0.5,
    "beta1": 0.5,
    "beta2": 0.5,
    "rho": 0.5,
    "epsilon": 1e-7,
    "eps_outside": True,
    "learning_rate": 0.1,
    "schedule_factor": 0.1,
    "schedule_every": 2,
    "schedule_floor": 0.1,
    "warmup": 0.2,
    "batch_size": "full",
    "drop_last": True,
    "shuffle": False,
    "epochs": 3,
    "evaluate_every": 1000,
    "evaluate_train": True,
    "l2": 0.1,
    "clip_norm": 1.0,
    "patience": 3,
    "min_delta": 0.01,
    "restore_best": False,
    "mean": 0.5,
    "std": 0.5,
    "seed": 7,
    "diagnostics": True,
    "diagnostic_images": 64,
} | {field: next(v for v in values if v != Settings.model_fields[field].default) for field, values in CHOICES.items()}


def test_every_listed_name_is_a_valid_value():
    for field, values in CHOICES.items():
        for value in values:
            assert getattr(Trial(**{field: value}), field) == value


def test_every_field_but_the_dataset_changes_the_digest():
    assert set(OTHER_VALUES) | {"dataset"} == set(Trial.model_fields)
    with_partner = {"mean": {"std": 1.0}, "std": {"mean": 0.0}}  # which are given together
    ids = {
        trial_id(Trial(**{field: value, **with_partner.get(field, {})}), "d") for field, value in OTHER_VALUES.items()
    }
    assert len(ids | {trial_id(Trial(), "d")}) == len(OTHER_VALUES) + 1


def test_the_dataset_counts_by_content_and_not_by_name():
    assert trial_id(Trial(dataset="here"), "digest") == trial_id(Trial(dataset="/there"), "digest")
    assert trial_id(Trial(), "one") != trial_id(Trial(), "other")


def test_a_default_written_out_is_the_same_trial():
    written = {name: field.default for name, field in Trial.model_fields.items()}
    assert Trial(**written).canonical() == {}
    assert Trial(learning_rate=1) == Trial(learning_rate=1.0)
    assert trial_id(Trial(learning_rate=1), "d") == trial_id(Trial(learning_rate=1.0), "d")


KNOWN_IDS = {
    "78ab0d42a6250d6e": {},
    "353e6d97b60f677d": {"hidden": (64, 64), "optimizer": "sgd", "learning_rate": 0.1},
    "2d1582ee871fd9bd": {"hidden": (), "optimizer": "sgd"},
    "505c968b271f1db6": {"clip_norm": 1.0, "patience": 3, "train_size": 1000},
    "9b01217cd46a7c32": {"bias_init": "normal", "initializer": "normal", "init_std": 0.1, "seed": 1003},
    "a470558aea5816ee": {"input_scale": "standardised", "evaluate_every": 1000},
    "739adfe18130de1e": {
        "normalization": "batch", "dropout": 0.2, "l2": 5.0, "batch_size": "full", "backend": "numpy",
        "dtype": "float64",
    },
}  # fmt: skip
"""Made before `evaluate_train`, `bias_std`, `output_initializer`, `mean` and `std` were fields."""


@pytest.mark.parametrize("identity", KNOWN_IDS)
def test_the_digest_of_a_trial_never_changes(identity):
    assert trial_id(Trial(**KNOWN_IDS[identity]), "d") == identity


def test_the_digest_holds_what_is_not_default():
    trial = Trial(hidden=(64, 64), optimizer="sgd", learning_rate=0.1)
    assert trial.canonical() == {"hidden": [64, 64], "learning_rate": 0.1, "optimizer": "sgd"}


def test_a_trial_survives_json():
    trial = Trial(**OTHER_VALUES)
    assert Trial(**json.loads(json.dumps(trial.model_dump(mode="json")))) == trial


def test_a_trial_cannot_be_changed():
    with pytest.raises(ValidationError):
        Trial().epochs = 3


@pytest.mark.parametrize("field", sorted(OTHER_VALUES))
@pytest.mark.parametrize("wrong", ["3", {}, [[]], float("nan"), float("inf"), b"3"], ids=repr)
def test_a_wrong_type_is_refused(field, wrong):
    with pytest.raises(InputError, match=f"^t: {field}"):
        trial_from({field: wrong}, "t")


@pytest.mark.parametrize("field", [f for f, v in OTHER_VALUES.items() if not isinstance(v, bool)])
def test_true_is_neither_a_number_nor_a_name(field):
    with pytest.raises(InputError, match=f"^t: {field}: found true, expected"):
        trial_from({field: True}, "t")


@pytest.mark.parametrize("field", [f for f, v in OTHER_VALUES.items() if isinstance(v, bool)])
def test_one_is_not_true(field):
    with pytest.raises(InputError, match=f"^t: {field}: found 1, expected true or false$"):
        trial_from({field: 1}, "t")


@pytest.mark.parametrize(
    "field",
    [f for f, v in OTHER_VALUES.items() if isinstance(v, int | float) and not isinstance(v, bool)] + ["batch_size"],
)
def test_a_negative_number_is_refused(field):
    with pytest.raises(InputError, match=f"^t: {field}: found -1"):
        trial_from({field: -1}, "t")


@pytest.mark.parametrize(
    "field", ["learning_rate", "epochs", "batch_size", "train_size", "epsilon", "clip_norm", "init_std"]
)
def test_zero_is_refused_where_it_means_nothing(field):
    with pytest.raises(InputError, match=f"^t: {field}: found 0"):
        trial_from({field: 0}, "t")


def test_messages_name_key_value_and_what_is_allowed():
    cases = {
        "optimizer": ("adm", "t: optimizer: found 'adm', expected 'sgd', .* (did you mean 'adam'?)"),
        "epochs": (2.5, "t: epochs: found 2.5, expected a whole number"),
        "hidden": ([64, "x"], "t: hidden[1]: found 'x', expected a whole number"),
        "learning_rate": (float("nan"), "t: learning_rate: found nan, expected a finite number"),
        "batch_size": ("ful", "t: batch_size: found 'ful', expected a whole number above 0 or 'full'"),
    }
    for field, (value, message) in cases.items():
        with pytest.raises(InputError) as caught:
            trial_from({field: value}, "t")
        head, _, tail = message.partition(".*")
        assert str(caught.value).startswith(head)
        assert str(caught.value).endswith(tail)


def test_an_unknown_field_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"^t: unknown key 'learning_rat' \(did you mean 'learning_rate'\?\)$"):
        trial_from({"learning_rat": 0.1}, "t")


def test_an_absurd_network_is_refused_with_its_parameter_count():
    with pytest.raises(InputError, match=r"makes 1,000,796,000,010 parameters .* at most 100,000,000"):
        trial_from({"hidden": [1_000_000, 1_000_000]}, "t")


def test_early_stopping_without_validation_images_is_refused():
    with pytest.raises(InputError, match=r"patience: .* val_size is 0"):
        trial_from({"patience": 3, "val_size": 0}, "t")
    trial_from({"patience": 3, "val_size": 0, "monitor": "test"}, "t")


@pytest.mark.parametrize("field", ["batch_size", "train_size"])
def test_batch_norm_of_one_image_at_a_time_is_refused_with_the_reason(field):
    with pytest.raises(InputError, match=rf"^t: {field}: 1 under batch norm, but a batch of one image has no variance"):
        trial_from({field: 1, "normalization": "batch"}, "t")
    for fine in ({"normalization": "layer"}, {"normalization": "batch", "hidden": ()}, {}):
        trial_from({field: 1} | fine, "t")


EMPTY = [name for name, field in Trial.model_fields.items() if field.default is None]


@pytest.mark.parametrize("field", EMPTY)
def test_the_word_none_empties_a_field_that_may_be_empty(field):
    assert getattr(trial_from({field: "none"}), field) is None
    assert parse_set([f"{field}=none"]) == {field: None}


@pytest.mark.parametrize("field", sorted(set(OTHER_VALUES) - set(EMPTY) - {"normalization"}))
def test_the_word_none_is_refused_elsewhere(field):
    with pytest.raises(InputError, match=f"^t: {field}: found 'none', expected"):
        trial_from({field: "none"}, "t")


def test_no_normalization_keeps_its_name():
    assert Trial(normalization="none").normalization == "none"


@pytest.mark.parametrize(("alone", "absent"), [("mean", "std"), ("std", "mean")])
def test_a_mean_without_a_standard_deviation_is_refused(alone, absent):
    with pytest.raises(InputError, match=rf"^t: {alone}: given without {absent}; expected both of them or neither$"):
        trial_from({alone: 0.5}, "t")


def test_a_trial_without_one_whole_batch_is_refused():
    with pytest.raises(InputError, match="drop_last: train_size 100 is less than one batch of 128"):
        trial_from({"drop_last": True, "train_size": 100}, "t")


def test_parameters_are_counted_as_in_the_tutorial_network():
    assert parameter_count((128, 64), 784, 10) == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    assert parameter_count((), 784, 10) == 7850
    assert parameter_count((30,), 784, 10, "batch") == parameter_count((30,), 784, 10) + 60


def test_set_texts_become_typed_values():
    texts = ["hidden=64, 32", "epochs=10", "learning_rate=1e-2", "batch_size=full", "shuffle=false", "clip_norm=none"]
    assert parse_set(texts) == {
        "hidden": (64, 32),
        "epochs": 10,
        "learning_rate": 0.01,
        "batch_size": "full",
        "shuffle": False,
        "clip_norm": None,
    }
    assert parse_set(["hidden="]) == {"hidden": ()}
    assert parse_set(["normalization=none", "input_scale=256", "dataset=123"]) == {
        "dataset": "123",
        "normalization": "none",
        "input_scale": "256",
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["epochs"], "--set 'epochs': expected key=value"),
        (["epoch=3"], "--set 'epoch=3': unknown field 'epoch' (did you mean 'epochs'?)"),
        (["zzz=3"], "--set 'zzz=3': unknown field 'zzz'; known: dataset"),
        (["epochs=1", "epochs=2"], "--set 'epochs=2': epochs is set twice"),
        (["epochs=true"], "--set: epochs: found true, expected a whole number"),
        (["epochs="], "--set: epochs: found '', expected a whole number"),
        (["hidden=64,,64"], "--set: hidden[1]: found '', expected a whole number"),
        (["learning_rate=nan"], "--set: learning_rate: found nan"),
        (["learning_rate=inf"], "--set: learning_rate: found inf"),
        (["learning_rate=-0.1"], "--set: learning_rate: found -0.1, expected greater than 0"),
        (["dropout=1"], "--set: dropout: found 1, expected less than 1"),
        (["dataset="], "--set: dataset: found ''"),
    ],
)
def test_bad_set_texts_are_refused_in_one_line(texts, message):
    with pytest.raises(InputError) as caught:
        parse_set(texts)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def complaint_of(call):
    try:
        call()
    except InputError as error:
        return str(error)
    return ""


@given(
    st.lists(
        st.text(max_size=30) | st.builds("{}={}".format, st.sampled_from(list(Trial.model_fields)), st.text()),
        max_size=3,
    )
)
def test_any_set_text_is_parsed_or_refused_in_one_line(texts):
    assert len(complaint_of(lambda: parse_set(texts)).splitlines()) <= 1


@given(
    st.fixed_dictionaries(
        {},
        optional={
            field: st.text(max_size=8) | st.integers() | st.floats() | st.none() | st.lists(st.integers(), max_size=3)
            for field in Trial.model_fields
        },
    )
)
def test_any_settings_make_a_trial_or_one_line(settings):
    complaint = complaint_of(lambda: trial_from(settings, "t"))
    assert len(complaint.splitlines()) <= 1
    if not complaint:
        trial = trial_from(settings, "t")
        assert trial_id(trial, "d") == trial_id(Trial(**trial.model_dump(mode="json")), "d")


# Under another name a field may have another default; under this one, recorded trials mean this.
DEFAULTS = {
    "train_size": None, "val_size": 5000, "split": "random", "monitor": "validation",
    "hidden": (128, 64), "activation": "relu", "alpha": 0.01, "initializer": "he_normal", "init_std": 1.0,
    "output_initializer": None, "bias_init": "zeros", "bias_std": 1.0, "normalization": "none", "residual": False,
    "dropout": 0.0, "input_dropout": 0.0, "dropout_form": "inverted", "loss": "cross_entropy", "optimizer": "adam",
    "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "rho": 0.9, "epsilon": 1e-8, "eps_outside": False,
    "learning_rate": 0.001, "schedule": "constant", "schedule_factor": 0.5, "schedule_every": 1,
    "schedule_floor": 0.0, "warmup": 0.1,
    "batch_size": 128, "drop_last": False, "shuffle": True, "epochs": 10, "evaluate_every": None,
    "evaluate_train": False, "l2": 0.0, "clip_norm": None, "patience": None, "min_delta": 0.0, "restore_best": True,
    "input_scale": "unit", "mean": None, "std": None, "dtype": "float32", "backend": "numba", "seed": 0,
    "diagnostics": False,
    "diagnostic_images": 128,
}  # fmt: skip


@pytest.mark.parametrize("field", DEFAULTS)
def test_a_default_never_changes_since_ids_of_recorded_trials_leave_it_out(field):
    assert Trial.model_fields[field].default == DEFAULTS[field]


def test_a_new_field_is_added_to_the_defaults_that_never_change():
    assert set(Trial.model_fields) - {"dataset"} == set(DEFAULTS)
