"""Laws of `[blocks.ablate]`: every combination once, named by what it has, remembered by the study."""

import itertools
import json

import pytest

from harness.errors import InputError
from harness.spec import study_from_record, study_from_table

RECIPE = {
    "normalization": ["none", "batch"],
    "schedule": ["constant", "cosine"],
    "skip": [{"residual": False}, {"residual": True, "learning_rate": 0.03}],
}


def study_of(*blocks, **more):
    return study_from_table("mine", {"blocks": list(blocks)} | more, "mine.toml")


def test_every_combination_is_an_arm_that_is_called_by_what_it_has():
    study = study_of({"ablate": RECIPE})
    assert {arm.name: arm.settings for arm in study.arms} == {
        "nothing": {"normalization": "none", "schedule": "constant", "residual": False},
        "skip": {"normalization": "none", "schedule": "constant", "residual": True, "learning_rate": 0.03},
        "schedule": {"normalization": "none", "schedule": "cosine", "residual": False},
        "schedule + skip": {"normalization": "none", "schedule": "cosine", "residual": True, "learning_rate": 0.03},
        "normalization": {"normalization": "batch", "schedule": "constant", "residual": False},
        "normalization + skip": {
            "normalization": "batch", "schedule": "constant", "residual": True, "learning_rate": 0.03
        },
        "normalization + schedule": {"normalization": "batch", "schedule": "cosine", "residual": False},
        "everything": {"normalization": "batch", "schedule": "cosine", "residual": True, "learning_rate": 0.03},
    }  # fmt: skip


def test_a_level_may_be_a_value_or_a_table_and_values_may_be_lists_or_none():
    factors = {
        "hidden": [[64], [64, 64]],
        "clip_norm": ["none", 1.0],
        "optimizer": ["sgd", {"optimizer": "momentum", "learning_rate": 0.03}],
    }
    study = study_of({"ablate": factors})
    assert study.arm("hidden + optimizer").settings == {
        "hidden": (64, 64), "clip_norm": None, "optimizer": "momentum", "learning_rate": 0.03
    }  # fmt: skip


@pytest.mark.parametrize("factors", range(1, 9))
def test_up_to_eight_factors_make_two_to_the_power_of_them(factors):
    fields = ("dropout", "l2", "alpha", "momentum", "beta1", "beta2", "rho", "epsilon")[:factors]
    study = study_of({"ablate": {field: [0.1, 0.2] for field in fields}}, seeds={"count": 1})
    assert len(study.arms) == study.trial_count == 2**factors
    assert len({arm.trial for arm in study.arms}) == 2**factors


def test_a_study_remembers_its_factors_and_what_each_arm_has_when_it_is_read_again():
    study = study_of({"ablate": RECIPE}, {"name": "wide", "ablate": {"hidden": [[64], [128, 64]], "l2": [0.0, 5.0]}})
    again = study_from_record(json.loads(json.dumps(study.to_record(), allow_nan=False)))
    assert again == study
    plain, wide = again.ablations
    assert (plain.block, plain.names) == ("ablate", ("normalization", "schedule", "skip"))
    assert list(plain.arms.values()) == list(itertools.product((False, True), repeat=3))
    assert (wide.block, wide.names) == ("wide", ("hidden", "l2"))
    assert wide.arms == {
        "wide: nothing": (False, False), "wide: l2": (False, True), "wide: hidden": (True, False),
        "wide: everything": (True, True),
    }  # fmt: skip
    for ablation in again.ablations:
        for name, has in ablation.arms.items():
            for factor, level in zip(ablation.factors, has, strict=True):
                assert factor.levels[level].given().items() <= again.arm(name).settings.items()


def test_a_record_from_before_ablations_has_none():
    record = study_of({"arms": {"a": {}}}).to_record()
    del record["ablations"]
    assert study_from_record(record).ablations == ()


LONG = "a name that is rather long, but that a factor may well have"
BAD = {
    "no factor": ({}, "blocks[0].ablate: found 0 factors, expected 1 to 8"),
    "nine": (
        {f"f{i}": [{}, {field: 0.5}] for i, field in enumerate(
            ("dropout", "l2", "alpha", "momentum", "beta1", "beta2", "rho", "epsilon", "warmup"))},
        "blocks[0].ablate: found 9 factors, expected 1 to 8",
    ),
    "one level": ({"dropout": [0.0]}, "blocks[0].ablate: dropout: found [0.0], expected [without, with]"),
    "a value": ({"dropout": 0.2}, "blocks[0].ablate: dropout: found 0.2, expected [without, with]"),
    "a wrong value": (
        {"normalization": ["none", "bach"]},
        "blocks[0].ablate.normalization[1].normalization: found 'bach', expected 'none', 'batch' or 'layer' (did you",
    ),
    "a misspelt field": (
        {"normalisation": ["none", "batch"]},
        "blocks[0].ablate: normalisation: found ['none', 'batch']; a factor whose levels are values is called by "
        "their field (did you mean 'normalization'?), any other name takes two tables",
    ),
    "a misspelt field of a level": (
        {"skip": [{}, {"residul": True}]},
        "blocks[0].ablate.skip[1]: unknown key 'residul' (did you mean 'residual'?)",
    ),
    "one field of two factors": (
        {"l2": [0.0, 1.0], "decay": [{}, {"l2": 3.0}]},
        "blocks[0].ablate: l2 and decay both set l2; each field belongs to one factor",
    ),
    "levels alike": ({"l2": [1.0, 1]}, "blocks[0].ablate: l2: both levels are the same"),
    "the name of a combination": ({"nothing": [{}, {"l2": 3.0}]}, "blocks[0].ablate.nothing: found 'nothing'; 'noth"),
    "a joint name": ({"a + b": [{}, {"l2": 3.0}]}, "blocks[0].ablate.'a + b': found 'a + b'; 'nothing', 'everything'"),
    "seeds": ({"seed": [{}, {"seed": 1}]}, "blocks[0].ablate.seed[1]: seed: the seeds of a study come from"),
    "too long a name": (
        {f"{LONG}{i}": [{}, {field: 0.5}] for i, field in enumerate(("dropout", "l2", "alpha"))},
        "blocks[0]: an arm would be called 'a name that",
    ),
    "a combination that is no trial": (
        {"mean": [{}, {"mean": 0.5}], "std": [{}, {"std": 0.5}]},
        "arm 'std': std: given without mean",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("factors", "message"), BAD.values(), ids=BAD)
def test_factors_that_cannot_be_told_apart_or_run_are_refused_in_one_line(factors, message):
    with pytest.raises(InputError) as caught:
        study_of({"ablate": factors})
    assert str(caught.value).startswith(f"mine.toml: {message}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("names", [(None, None), ("ablate", None), (None, "ablate")])
def test_two_blocks_that_ablate_need_names_that_differ(names):
    blocks = [
        {"ablate": factor} | ({"name": name} if name else {})
        for name, factor in zip(names, ({"l2": [0.0, 1.0]}, {"dropout": [0.0, 0.2]}), strict=True)
    ]
    with pytest.raises(InputError, match=r"blocks\[1\]: ablate: a second block that ablates needs a name of its own"):
        study_of(*blocks)
