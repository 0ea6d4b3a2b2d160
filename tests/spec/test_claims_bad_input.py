"""A claim that cannot be answered is refused when its study is loaded, in one line that says where and why."""

import pytest
from claimed_studies import BETTER, BLIND, BUDGETS, DIAGNOSED, GRID, RATES, RULES, arm

from harness.errors import InputError

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
