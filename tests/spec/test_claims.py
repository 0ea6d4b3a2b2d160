"""Laws of claims: sides are found among the arms and matched one to one; what cannot be answered is refused at once."""

import json

import pytest

from harness.errors import InputError
from harness.spec import load_study, study_from_record
from harness.spec.claim_metrics import METRICS
from harness.spec.claims import Comparison, questions, sign_flip_count

GRID = """
[[blocks]]
name = "grid"
grid = { activation = ["relu", "tanh"], initializer = ["zeros", "he_normal"], hidden = [[8], [8, 8]] }
"""
DIAGNOSED = "[baseline]\ndiagnostics = true\nevaluate_train = true\n"
BLIND = "[baseline]\nval_size = 0\n"
RATES = """
[[blocks]]
grid = { normalization = ["none", "batch"], learning_rate = [0.3, 0.1, 3.0] }
"""
BUDGETS = """
[[blocks]]
name = "small"
arms = { "s1" = { hidden = [10] }, "s2" = { hidden = [9, 9] } }
[[blocks]]
name = "large"
arms = { "l1" = { hidden = [100] }, "l2" = { hidden = [90, 90] } }
"""
RULES = """
[[blocks]]
[blocks.arms]
"SGD" = { optimizer = "sgd" }
"Adam" = { optimizer = "adam" }
"Lion" = { optimizer = "lion" }
"decay" = { optimizer = "adamw", l2 = 5.0 }
[tune]
learning_rate = [0.1, 0.2]
"""
BETTER = "better = { initializer = 'he_normal' }\nthan = { initializer = 'zeros' }\n"


def arm(activation, initializer, hidden):
    return f"activation={activation}, hidden={hidden}, initializer={initializer}"


@pytest.fixture
def load(tmp_path):
    """Return the study of some tables and one claim (its id and metric left out)."""

    def write(tables, claim, metric="test_error", **options):
        path = tmp_path / "mine.toml"
        path.write_text(f"{tables}\n[[claims]]\nid = 'c'\nmetric = '{metric}'\n{claim}\n")
        return load_study(path, **options)

    return write


@pytest.fixture
def ask(load):
    return lambda *args, **options: questions(load(*args, **options))


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


SIDES = "better = 'SGD'\nthan = 'Adam'\n"
REFUSED = {
    "unknown metric": (
        RULES,
        "test_eror",
        SIDES,
        "claims[0].metric: unknown metric 'test_eror' (did you mean 'test_error'?)",
    ),
    "unknown key": (RULES, "gap", "beter = 'SGD'", "claims[0]: unknown key 'beter' (did you mean 'better'?)"),
    "no form": (
        RULES,
        "gap",
        "",
        "claims[0]: found none, expected one of differs, better, equivalent, trend, within, equals",
    ),
    "two forms": (RULES, "gap", SIDES + "trend = 'falls'", "claims[0]: found better and trend, expected one of "),
    "half a form": (RULES, "gap", "better = 'SGD'", "claims[0]: form 'better' needs than"),
    "differs alone": (
        RULES,
        "gap",
        "differs = [{ depth = 2 }, { depth = 1 }]",
        "claims[0]: form 'differs' needs better",
    ),
    "no margin": (RULES, "gap", "equivalent = ['SGD', 'Adam']", "claims[0]: form 'equivalent' needs margin"),
    "a key of another form": (
        RULES,
        "gap",
        SIDES + "margin = 1",
        "claims[0]: margin: not read by form 'better', which reads better, than, at_least, lower_is_better",
    ),
    "a key of another metric": (
        RULES,
        "gap",
        SIDES + "target = 1",
        "claims[0]: target: not read by metric 'gap', which reads no key of its own",
    ),
    "a key that the metric needs": (RULES, "gap_at", SIDES, "claims[0]: metric 'gap_at' needs target"),
    "a metric without a direction": (
        RULES,
        "epochs_run",
        SIDES,
        "claims[0]: lower_is_better: missing, for metric 'epochs_run'",
    ),
    "an empty side": (
        RULES,
        "gap",
        "better = []\nthan = 'Adam'",
        "claims[0].better: found [], expected the name of an arm",
    ),
    "a number for a side": (
        RULES,
        "gap",
        "better = 3\nthan = 'Adam'",
        "claims[0].better: found 3, expected the name of an arm",
    ),
    "a side twice": (RULES, "gap", "better = ['SGD', 'SGD']\nthan = 'Adam'", "claims[0].better: found 'SGD' twice"),
    "one side": (
        RULES,
        "gap",
        "equivalent = ['SGD']\nmargin = 1",
        "claims[0].equivalent: found ['SGD'], expected a list of two",
    ),
    "an unknown field": (
        RULES,
        "gap",
        "better = { optimiser = 'sgd' }\nthan = 'Adam'",
        "claims[0].better: unknown field 'optimiser' (did you mean 'optimizer'?)",
    ),
    "a value that no field has": (
        RULES,
        "gap",
        "better = { optimizer = 'sdg' }\nthan = 'Adam'",
        "claims[0].better: optimizer: found 'sdg', expected",
    ),
    "one condition": (
        GRID,
        "gap",
        BETTER + "differs = [{ depth = 1 }]",
        "claims[0].differs: found [{'depth': 1}], expected two conditions",
    ),
    "one condition twice": (
        GRID,
        "gap",
        BETTER + "differs = [{ depth = 1 }, { depth = 1 }]",
        "claims[0].differs: found {'depth': 1} twice",
    ),
    "a field twice": (GRID, "gap", BETTER + "for_each = ['depth', 'depth']", "claims[0].for_each: found 'depth' twice"),
    "an unknown field to part by": (
        GRID,
        "gap",
        BETTER + "for_each = ['dept']",
        "claims[0].for_each: unknown field 'dept' (did you mean 'depth'?)",
    ),
    "an unknown column": (
        RULES,
        "reached",
        SIDES + "target = 1\nof = 'val_acuracy'",
        "claims[0].of: unknown metric 'val_acuracy' (did you mean 'val_accuracy'?)",
    ),
    "tuning as a phase": (
        RULES,
        "gap",
        SIDES + "phase = 'tune'",
        "claims[0].phase: found 'tune', which chooses settings and answers no claim",
    ),
    "bounds the wrong way round": (
        RULES,
        "gap",
        "within = [2, 1]",
        "claims[0]: within: found [2.0, 1.0], expected the smaller number first",
    ),
    "one bound": (RULES, "gap", "within = [2]", "claims[0].within: found [2], expected a list of two numbers"),
    "no place": (
        GRID,
        "dead_units",
        BETTER + "layer = 'middle'",
        "claims[0].layer: found 'middle', expected a whole number, 'first'",
    ),
    "an id twice": (
        RULES,
        "gap",
        SIDES + "[[claims]]\nid = 'c'\nmetric = 'gap'\n" + SIDES,
        "claims: duplicated id 'c'",
    ),
    "an unknown arm": (
        RULES,
        "gap",
        "better = 'SDG'\nthan = 'Adam'",
        "claim 'c': better: no arm is named 'SDG' (did you mean 'SGD'?)",
    ),
    "a value that no arm has": (
        GRID,
        "gap",
        BETTER.replace("zeros", "uniform"),
        "claim 'c': than.initializer: no arm has 'uniform'",
    ),
    "a where that no arm meets": (
        GRID,
        "gap",
        BETTER + "where = { activation = 'sigmoid' }",
        "claim 'c': where.activation: no arm has 'sigmoid'",
    ),
    "a count of parameters that no arm has": (
        BUDGETS,
        "gap",
        "within = [0, 1]\nwhere = { parameters = 7 }",
        "claim 'c': where: no arm has all of these values",
    ),
    "a side outside where": (
        GRID,
        "gap",
        BETTER + "where = { initializer = 'he_normal' }",
        "claim 'c': than: no arm that where allows is 'zeros'",
    ),
    "an arm on both sides": (
        GRID,
        "gap",
        "better = { initializer = 'zeros' }\nthan = { activation = 'relu' }\nwhere = { depth = 1 }",
        "claim 'c': than: arm 'activation=relu, hidden=8, initializer=zeros' is on both sides",
    ),
    "sides that differ in more": (
        RULES,
        "gap",
        "better = { optimizer = 'adamw' }\nthan = { optimizer = 'adam' }",
        "claim 'c': than: adamw and adam do not match one to one: l2 is 5.0 against 0.0",
    ),
    "several arms a side": (
        BUDGETS,
        "gap",
        "better = { depth = 2 }\nthan = { depth = 1 }",
        "claim 'c': better: expected one arm, found ['s2', 'l2']; tell them apart by where or for_each = [\"block\"]",
    ),
    "several arms beside a name": (
        GRID,
        "gap",
        f"better = {{ activation = 'relu' }}\nthan = '{arm('tanh', 'zeros', 8)}'",
        "claim 'c': better: expected one arm beside an arm given by name, found [",
    ),
    "conditions that differ in more": (
        RULES.replace('"sgd"', '"sgd", l2 = 5.0'),
        "gap",
        "better = { optimizer = 'adam' }\nthan = { optimizer = 'lion' }\ndiffers = [{ l2 = 0.0 }, { l2 = 5.0 }]",
        "claim 'c': better: no arm is 'adam' under l2 = 5",
    ),
    "a tuned field": (
        RULES,
        "gap",
        "better = { learning_rate = 0.001 }\nthan = 'Adam'",
        "claim 'c': better: learning_rate is tuned, so the arms do not differ in it",
    ),
    "parted by what the sides name": (
        GRID,
        "gap",
        BETTER + "for_each = ['initializer']",
        "claim 'c': for_each: initializer is what the sides name",
    ),
    "parted by what the trend goes over": (
        RATES,
        "gap",
        "trend = 'falls'\nover = 'learning_rate'\nfor_each = 'learning_rate'",
        "claim 'c': for_each: learning_rate is what the trend goes over",
    ),
    "a reduced field": (
        RATES,
        "highest_stable_rate",
        "better = { learning_rate = 0.1 }\nthan = { learning_rate = 0.3 }",
        "claim 'c': better: metric 'highest_stable_rate' takes the values of learning_rate together",
    ),
    "a reduced side by name": (
        RULES,
        "highest_stable_rate",
        SIDES,
        "claim 'c': better: metric 'highest_stable_rate' takes several arms together, so a side is given by",
    ),
    "nothing to reduce": (
        GRID,
        "highest_stable_rate",
        BETTER,
        "claim 'c': better: metric 'highest_stable_rate' takes several values of learning_rate together, but",
    ),
    "a reduced field that is tuned": (
        RATES + "[tune]\nlearning_rate = [0.1, 0.2]\n",
        "highest_stable_rate",
        "phase = 'confirm'\nwithin = [0, 1]",
        "claim 'c': phase: learning_rate is tuned, and metric 'highest_stable_rate' reads arms as written",
    ),
    "no order": (GRID, "gap", "trend = 'falls'\nover = 'activation'", "claim 'c': over: activation has no order, arm "),
    "a ladder of one": (
        RULES,
        "gap",
        "trend = 'falls'\nover = 'l2'",
        "claim 'c': over: arm 'SGD' has no other that differs in l2 alone; leave it out by where",
    ),
    "ladders of other steps": (
        GRID + '[[blocks]]\narms = { "deeper" = { hidden = [8, 8, 8], activation = "tanh", initializer = "zeros" } }\n',
        "gap",
        "trend = 'falls'\nover = 'depth'",
        "claim 'c': over: arms do not have the same values of depth throughout: 1, 2 of arm ",
    ),
    "no named blocks": (
        RULES,
        "gap",
        SIDES + "for_each = 'block'",
        "claim 'c': for_each: no [[blocks]] of the study has a name",
    ),
    "nothing confirmed": (
        GRID,
        "gap",
        BETTER + "phase = 'confirm'",
        "claim 'c': phase: 'confirm' needs a [tune] table, and the study has none",
    ),
    "no such phase": (
        RULES,
        "gap",
        SIDES + "phase = 'tuned'",
        "claims[0].phase: found 'tuned', expected 'default' or 'confirm' (did you mean 'confirm'?)",
    ),
    "half a metric": (RULES, "accuracy", SIDES, "claims[0].metric: unknown metric 'accuracy' (did you mean 'test_acc"),
    "no diagnostics": (
        GRID,
        "dead_units",
        BETTER + "layer = 1",
        "claim 'c': metric 'dead_units' is recorded with diagnostics = true only (arm 'activation=relu, hidden=8, ",
    ),
    "no such layer": (
        DIAGNOSED + GRID,
        "dead_units",
        BETTER + "layer = 2",
        "claim 'c': layer: found 2, but metric 'dead_units' has 1 hidden layer (arm 'activation=relu, hidden=8, ",
    ),
    "no layer 0": (
        DIAGNOSED + GRID,
        "dead_units",
        BETTER + "layer = 0",
        "claim 'c': layer: found 0, but metric 'dead_units' has 1 hidden layer",
    ),
    "a layer beyond the output": (
        DIAGNOSED + GRID,
        "weight_norm",
        BETTER + "where = { hidden = [8] }\nlayer = 3\nlower_is_better = true",
        "claim 'c': layer: found 3, but metric 'weight_norm' has 2 layers (the output layer counted) (arm ",
    ),
    "no training curve for the gap": (
        GRID,
        "gap_at",
        BETTER + "target = 0.5",
        "claim 'c': metric 'gap_at' reads the training curve, which takes evaluate_train = true (arm ",
    ),
    "no training curve for a time": (
        GRID,
        "time_to_target",
        BETTER + "target = 0.9\nof = 'train_accuracy'",
        "claim 'c': metric 'time_to_target' reads the training curve, which takes evaluate_train = true (arm ",
    ),
    "no validation images": (
        BLIND + GRID,
        "val_error",
        BETTER,
        "claim 'c': metric 'val_error' reads the validation images, but val_size is 0 (arm ",
    ),
    "no validation images for a curve": (
        BLIND + GRID,
        "time_to_target",
        BETTER + "target = 0.9",
        "claim 'c': metric 'time_to_target' reads the validation images, but val_size is 0 (arm ",
    ),
    "nothing as written": (
        RULES + "default = false\n",
        "gap",
        SIDES + "phase = 'default'",
        "claim 'c': phase: no arm is run as written, for tune.default is false",
    ),
}


@pytest.mark.parametrize(("tables", "metric", "claim", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_claim_that_cannot_be_answered_is_refused_in_one_line(load, tables, metric, claim, message):
    with pytest.raises(InputError) as caught:
        load(tables, claim, metric)
    told = str(caught.value).partition("mine.toml: ")[2]
    assert told.startswith(message)
    assert len(told.splitlines()) == 1
