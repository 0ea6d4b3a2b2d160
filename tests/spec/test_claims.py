"""Laws of claims: sides are found among the arms and matched one to one."""

import json

import pytest
from claimed_studies import BETTER, BUDGETS, DIAGNOSED, GRID, RATES, RULES, arm

from harness.errors import InputError
from harness.spec import study_from_record
from harness.spec.claim_metrics import METRICS
from harness.spec.claims import Comparison, questions, sign_flip_count


def test_sides_are_matched_in_all_that_they_do_not_name(ask):
    (question,) = ask(GRID, BETTER)
    (comparison,) = question.comparisons
    assert (comparison.a, comparison.b) == ("he_normal", "zeros")
    assert comparison.pairs == tuple(
        ((arm(activation, "he_normal", hidden),), (arm(activation, "zeros", hidden),))
        for hidden in ("8", "8-8")
        for activation in ("relu", "tanh")
    )
    assert (question.phase, question.condition) == ("default", "")


def test_where_and_for_each_choose_the_arms(ask):
    asked = ask(GRID, BETTER + "where = { activation = 'relu' }\nfor_each = 'depth'\n")
    assert [question.condition for question in asked] == ["depth = 1", "depth = 2"]
    assert [question.comparisons[0].pairs for question in asked] == [
        (((arm("relu", "he_normal", hidden),), (arm("relu", "zeros", hidden),)),) for hidden in ("8", "8-8")
    ]


def test_every_rival_makes_a_comparison_and_a_list_in_better_is_averaged(ask):
    (question,) = ask(RULES, "better = ['SGD', 'Adam']\nthan = ['Lion', 'decay']\n")
    assert question.comparisons == (
        Comparison("SGD or Adam", "Lion", ((("SGD",), ("Lion",)), (("Adam",), ("Lion",)))),
        Comparison("SGD or Adam", "decay", ((("SGD",), ("decay",)), (("Adam",), ("decay",)))),
    )


def test_a_list_of_values_is_a_list_of_settings(ask):
    rates = ask(RATES, "better = { learning_rate = 0.1 }\nthan = { learning_rate = [0.3, 3.0] }\n")
    assert [comparison.b for comparison in rates[0].comparisons] == ["learning_rate = 0.3", "learning_rate = 3"]
    widths = ask(BUDGETS, "equivalent = [{ hidden = [10] }, { hidden = [[9, 9], [90, 90]] }]\nmargin = 1\n")
    assert widths[0].comparisons[0].pairs == ((("s1",), ("s2",)), (("s1",), ("l2",)))


def test_what_is_tuned_need_not_match(ask):
    tables = RULES.replace('"sgd"', '"sgd", learning_rate = 0.5')
    claim = "better = { optimizer = 'sgd' }\nthan = { optimizer = 'adam' }\n"
    (question,) = ask(tables, claim)
    assert question.comparisons[0].pairs == ((("SGD",), ("Adam",)),)
    with pytest.raises(InputError, match=r"sgd and adam do not match one to one: learning_rate is 0.5 against 0.001$"):
        ask(tables.partition("[tune]")[0], claim)


def test_constants_that_a_rule_brings_are_no_difference(ask):
    (question,) = ask(RULES, "better = { optimizer = 'lion' }\nthan = { optimizer = 'adam' }\n")
    assert question.comparisons[0].pairs == ((("Lion",), ("Adam",)),)


def test_shapes_leave_the_widths_out(ask):
    asked = ask(BUDGETS, "better = { depth = 2 }\nthan = { depth = 1 }\nfor_each = ['block']\n")
    assert [(question.condition, question.comparisons[0].pairs) for question in asked] == [
        ("block = small", ((("s2",), ("s1",)),)),
        ("block = large", ((("l2",), ("l1",)),)),
    ]


def test_parameters_are_used_like_a_field(ask):
    (question,) = ask(BUDGETS, "better = { parameters = 79510 }\nthan = { parameters = 7960 }\n")
    assert question.comparisons[0].pairs == ((("l1",), ("s1",)),)


def test_equivalent_compares_every_pair(ask):
    (question,) = ask(RULES, "equivalent = ['SGD', 'Adam', 'Lion']\nmargin = 0.3\n")
    assert [(c.a, c.b) for c in question.comparisons] == [("SGD", "Adam"), ("SGD", "Lion"), ("Adam", "Lion")]


def test_differs_takes_the_same_sides_under_two_conditions(ask):
    (question,) = ask(GRID, BETTER + "differs = [{ depth = 2 }, { depth = 1 }]\nwhere = { activation = 'relu' }\n")
    (comparison,) = question.comparisons
    assert comparison.pairs == (((arm("relu", "he_normal", "8-8"),), (arm("relu", "zeros", "8-8"),)),)
    assert comparison.minus == (((arm("relu", "he_normal", "8"),), (arm("relu", "zeros", "8"),)),)


def test_a_trend_has_a_ladder_for_each_combination_of_the_rest(ask):
    (question,) = ask(RATES, "trend = 'falls'\nover = 'learning_rate'\n")
    assert question.ladders == tuple(
        tuple((f"learning_rate={rate}, normalization={kind}",) for rate in ("0.1", "0.3", "3"))
        for kind in ("none", "batch")
    )


def test_full_and_none_stand_at_the_number_of_training_images(ask):
    table = '[baseline]\ntrain_size = 100\n[[blocks]]\ngrid = { batch_size = ["full", 10, 200] }\n'
    (question,) = ask(table, "trend = 'rises'\nover = 'batch_size'\n")
    assert question.ladders == ((("batch_size=10",), ("batch_size=full",), ("batch_size=200",)),)
    (question,) = ask(table.replace("train_size = 100", ""), "trend = 'rises'\nover = 'batch_size'\n")
    assert question.ladders == ((("batch_size=10",), ("batch_size=200",), ("batch_size=full",)),)
    (question,) = ask('[[blocks]]\ngrid = { train_size = ["none", 10] }\n', "trend = 'rises'\nover = 'train_size'\n")
    assert question.ladders == ((("train_size=10",), ("train_size=none",)),)


def test_a_metric_that_reduces_arms_takes_them_in_the_order_of_the_field(ask):
    claim = "better = { normalization = 'batch' }\nthan = { normalization = 'none' }\n"
    (question,) = ask(RATES, claim, "highest_stable_rate")
    batch, none = (
        tuple(f"learning_rate={rate}, normalization={kind}" for rate in ("0.1", "0.3", "3"))
        for kind in ("batch", "none")
    )
    assert question.comparisons[0].pairs == ((batch, none),)
    (question,) = ask(RATES, claim + "target = 0.9\nfield = 'learning_rate'\n", "smallest")
    assert question.comparisons[0].pairs == ((batch, none),)


def test_within_and_equals_read_what_where_allows(ask):
    (question,) = ask(GRID, "within = [1, 2]\nwhere = { activation = 'relu', initializer = 'zeros' }\n")
    assert question.units == ((arm("relu", "zeros", "8"),), (arm("relu", "zeros", "8-8"),))
    (question,) = ask("", "equals = 0.5\ntolerance = 0\n")
    assert question.units == (("baseline",),)


def test_a_claim_is_judged_in_the_phase_that_confirms_or_in_those_that_it_names(ask):
    claim = "better = 'SGD'\nthan = 'Adam'\n"
    assert [question.phase for question in ask(RULES, claim)] == ["confirm"]
    both = claim + "phase = ['default', 'confirm']\n"
    assert [question.phase for question in ask(RULES, both)] == ["default", "confirm"]
    without = RULES + "[profiles.smoke]\ntune = { seeds = 0 }\n"
    assert [question.phase for question in ask(without, both, profile="smoke")] == ["default"]
    assert [question.phase for question in ask(without, claim, profile="smoke")] == ["default"]


def test_a_rate_grid_is_read_as_written(ask):
    claim = "better = { normalization = 'batch' }\nthan = { normalization = 'none' }\nlower_is_better = false\n"
    (question,) = ask(RATES + "[tune]\nlearning_rate = [0.1, 0.2]\n", claim, "best_rate")
    assert question.phase == "default"


def test_sign_flip_verdicts_are_claims_times_conditions_times_phases(load):
    rest = "[[claims]]\nid = 'd'\nmetric = 'gap'\nequivalent = ['SGD', 'Adam']\nmargin = 1\n"
    rest += "[[claims]]\nid = 'e'\nmetric = 'gap'\nbetter = 'SGD'\nthan = ['Adam', 'Lion']\n"
    both = "better = 'SGD'\nthan = 'Adam'\nphase = ['default', 'confirm']\n"
    assert sign_flip_count(load(RULES, both + rest)) == 3
    assert sign_flip_count(load(GRID, BETTER + "for_each = ['depth', 'activation']\n")) == 4


CLOTHES = """
[[blocks]]
name = "digits"
grid = { optimizer = ["sgd", "adam"] }
[[blocks]]
name = "clothes"
needs = "fashion-mnist"
arms = { "f sgd" = { dataset = "fashion-mnist", optimizer = "sgd" }, "f adam" = { dataset = "fashion-mnist" } }
"""


def test_arms_without_their_data_are_left_out_and_asked_for_all_the_same(load):
    study = load(CLOTHES, "better = { optimizer = 'adam' }\nthan = { optimizer = 'sgd' }\nfor_each = 'dataset'\n")
    here = study.without_data(["fashion-mnist"])
    assert [arm.name for arm in here.arms] == ["optimizer=sgd", "optimizer=adam"]
    assert [(arm.name, arm.needs) for arm in here.left_out] == [("f sgd", "fashion-mnist"), ("f adam", "fashion-mnist")]
    assert questions(here) == questions(study)
    assert sign_flip_count(here) == 2
    assert study_from_record(json.loads(json.dumps(here.to_record())), origin=here.origin) == here
    assert study.without_data(["cifar"]) is study


def test_a_study_of_which_no_arm_is_left_is_refused(load):
    study = load(CLOTHES.replace('name = "digits"', 'name = "digits"\nneeds = "x"'), "within = [0, 1]\n")
    with pytest.raises(InputError, match=r"^study 'mine': every arm needs data that is not on this machine: f.*, x$"):
        study.without_data(["fashion-mnist", "x"])


def test_a_reference_that_is_left_out_is_the_baseline_or_the_first_that_remains(load):
    study = load('reference = "f sgd"\n' + CLOTHES, "within = [0, 1]\n")
    assert study.without_data(["fashion-mnist"]).reference == "optimizer=adam"  # which is the baseline


@pytest.mark.parametrize(
    ("tables", "claim", "metric"),
    [
        (GRID, BETTER + "for_each = ['depth']\nat_least = 0.2\n", "val_loss"),
        (GRID, BETTER + "differs = [{ hidden = [8] }, { hidden = [[8, 8]] }]\n", "test_accuracy"),
        (
            RULES,
            "equivalent = [['SGD'], { optimizer = ['lion', 'adam'] }]\nmargin = 1\n",
            "gap",
        ),
        (RATES, "trend = 'falls'\nover = 'learning_rate'\ntarget = 0.9\nunit = 'steps'\n", "time_to_target"),
        (DIAGNOSED + RATES, "within = [0, 1.5]\nlayer = 'last/first'\nepoch = 0\n", "gradient_norm"),
        ("", "equals = 0\ntolerance = 0.1\n", "churn"),
    ],
)
def test_a_claim_survives_its_record(load, tables, claim, metric):
    study = load(tables, claim, metric)
    again = study_from_record(json.loads(json.dumps(study.to_record(), allow_nan=False)), origin=study.origin)
    assert again == study
    assert questions(again) == questions(study)


def test_what_a_claim_leaves_out_is_filled_in(load):
    (claim,) = load(RULES, "better = 'SGD'\nthan = 'Adam'\ntarget = 0.9\n", "time_to_target").claims
    assert (claim.of, claim.unit, claim.lower_is_better) == ("val_accuracy", "epochs", True)
    assert claim.text == "SGD: lower time to target than Adam"
    (claim,) = load(DIAGNOSED + GRID, BETTER + "layer = 1\n", "dead_units").claims
    assert (claim.epoch, claim.lower_is_better) == ("last", True)


def test_every_metric_can_be_claimed(load):
    for name, metric in METRICS.items():
        keys = {"target": "0.9", "layer": "1", "field": "'learning_rate'"}
        more = "".join(f"{key} = {value}\n" for key, value in keys.items() if key in metric.reads)
        assert load(DIAGNOSED + RATES, "within = [0, 1]\n" + more, name).claims[0].metric == name
