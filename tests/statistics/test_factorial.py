"""Laws of factorial effects: exact on made tables, one whole from the parts, intervals that cover."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from harness.statistics.factorial import EFFECT_COLUMNS, KINDS, combinations, effects, weights, whole_gain
from harness.statistics.paired import seed_by_seed

WORTH = {"a": -3.0, "b": 1.0, "c": -0.5}
TOGETHER = -2.0  # what a and b bring beyond their own, where both are in


def frame_of(factors, value, seeds=4):
    """A row per seed and combination; `value(seed, has)` with `has` the ingredients of the combination."""
    rows = [
        {
            "seed": seed,
            **dict(zip(factors, has, strict=True)),
            "value": value(seed, dict(zip(factors, has, strict=True))),
        }
        for seed in range(seeds)
        for has in itertools.product((False, True), repeat=len(factors))
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)  # rows may come in any order


def made(seed, has):
    return 10 + seed + sum(worth * has[name] for name, worth in WORTH.items()) + TOGETHER * has["a"] * has["b"]


def of_kind(table, kind):
    return table[table["kind"] == kind].set_index("factors")["effect"].to_dict()


def test_effects_are_exact_on_a_table_that_was_made_with_one_interaction():
    table = effects(frame_of(list(WORTH), made), list(WORTH))
    assert list(table.columns) == list(EFFECT_COLUMNS)
    assert tuple(dict.fromkeys(table["kind"])) == KINDS
    assert of_kind(table, "main") == pytest.approx({"a": -4.0, "b": 0.0, "c": -0.5})
    assert of_kind(table, "leave_one_out") == pytest.approx({"a": -5.0, "b": -1.0, "c": -0.5})
    assert of_kind(table, "add_one_in") == pytest.approx({"a": -3.0, "b": 1.0, "c": -0.5})
    assert of_kind(table, "shapley") == pytest.approx({"a": -4.0, "b": 0.0, "c": -0.5})
    assert of_kind(table, "interaction") == pytest.approx({"a + b": -2.0, "a + c": 0.0, "b + c": 0.0})
    assert (table["n"] == 4).all()


def test_where_nothing_interacts_every_kind_says_the_same_and_interactions_are_nothing_at_all():
    def additive(seed, has):
        return 0.1 * seed + sum(0.3 * worth * has[name] for name, worth in WORTH.items())

    table = effects(frame_of(list(WORTH), additive), list(WORTH))
    single = table[table["kind"] != "interaction"].pivot(index="factors", columns="kind", values="effect")
    assert single.sub(single["main"], axis=0).abs().to_numpy().max() < 1e-12
    pairs = table[table["kind"] == "interaction"]
    assert (pairs[["effect", "low", "high"]] == 0).all(axis=None)  # rounding is no effect
    assert (pairs["p"] == 1).all()


@pytest.mark.parametrize("k", [1, 2, 6, 8])
def test_shapley_values_sum_to_the_whole_gain(k):
    names = [f"f{i}" for i in range(k)]
    rng = np.random.default_rng(k)
    values = frame_of(names, lambda *_: 5 + 3 * rng.normal(), seeds=5)
    shapley = sum(of_kind(effects(values, names), "shapley").values())
    assert shapley == pytest.approx(whole_gain(values, names)["effect"], abs=1e-12)


def test_a_shapley_value_is_the_mean_over_all_orders_of_putting_in():
    names = ["a", "b", "c", "d"]
    rng = np.random.default_rng(1)
    values = frame_of(names, lambda *_: rng.normal(), seeds=3)
    cells = values.groupby(names)["value"].mean()
    added = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(names):
        has = dict.fromkeys(names, False)
        for name in order:
            before = cells[tuple(has.values())]
            has[name] = True
            added[name] += (cells[tuple(has.values())] - before) / math.factorial(4)
    assert of_kind(effects(values, names), "shapley") == pytest.approx(added)


def test_an_ingredient_of_one_factor_is_worth_its_paired_difference():
    values = frame_of(["a"], lambda seed, has: seed**2 - has["a"] * (1 + seed), seeds=5)
    table = effects(values, ["a"])
    assert table["kind"].tolist() == list(KINDS[:4])
    assert table["effect"].tolist() == pytest.approx([-3.0] * 4)
    half = 2.7764451052 * np.std([1, 2, 3, 4, 5], ddof=1) / math.sqrt(5)
    assert (table["high"] - table["low"]).tolist() == pytest.approx([2 * half] * 4)
    assert table["p"].tolist() == [2 / 2**5] * 4


def test_holm_goes_over_each_kind_by_itself():
    names = list(WORTH)
    values = frame_of(names, lambda seed, has: made(seed, has) + 0.001 * math.sin(7 * seed + 3 * sum(has.values())))
    table = effects(values, names)
    for _, rows in table.groupby("kind"):
        assert rows["p_adjusted"].max() <= 1
        assert rows["p_adjusted"].min() == pytest.approx(min(1, 3 * rows["p"].min()))


def test_intervals_cover_what_the_ingredients_are_worth():
    names, truth = list(WORTH), {"main": -4.0, "leave_one_out": -5.0, "add_one_in": -3.0, "shapley": -4.0}
    rng = np.random.default_rng(3)
    tries, seeds = 4000, 8
    plain = np.array([made(0, dict(zip(names, has, strict=True))) for has in combinations(3)])
    drawn = plain + rng.normal(size=(tries, seeds, 1)) + rng.normal(size=(tries, seeds, len(plain)))
    for kind, worth in truth.items():
        told = seed_by_seed(drawn @ weights(3)[kind][0], np.ones((tries, seeds), dtype=bool))
        covered = told["low"].le(worth).mul(told["high"].ge(worth)).mean()
        assert covered == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / tries))


def test_a_seed_counts_for_the_effects_whose_combinations_it_has():
    names = list(WORTH)
    values = frame_of(names, made)
    stopped = (values["seed"] == 3) & values["a"] & ~values["b"] & ~values["c"]
    n = effects(values[~stopped], names).set_index(["kind", "factors"])["n"]
    assert (n["main"] == 3).all()
    assert n["leave_one_out"].tolist() == [4, 4, 4]
    assert n["add_one_in"].tolist() == [3, 4, 4]


def test_a_seed_without_a_value_leaves_no_effect_of_the_others():
    names = list(WORTH)
    values = frame_of(names, made)
    values.loc[(values["seed"] == 1) & values["a"] & ~values["b"] & ~values["c"], "value"] = np.inf
    table = effects(values, names).set_index(["kind", "factors"])
    assert (table["n"] == 4).all()
    assert table.loc["main", "effect"].isna().all()
    assert table.loc["add_one_in", "p"].isna().tolist() == [True, False, False]


def test_where_more_than_half_miss_there_is_no_effect():
    names = ["a", "b"]
    values = frame_of(names, lambda seed, has: 1.0 + seed + has["a"])
    reached = values["a"] | ((values["seed"] < 1) & ~values["b"])  # 8 + 1 of 16; of nothing 1 of 4, of b none
    table = effects(values.assign(missed=~reached), names).set_index(["kind", "factors"])
    assert table["effect"].isna().to_dict() == {
        ("main", "a"): False, ("main", "b"): False, ("leave_one_out", "a"): False, ("leave_one_out", "b"): False,
        ("add_one_in", "a"): False, ("add_one_in", "b"): True, ("shapley", "a"): False, ("shapley", "b"): False,
        ("interaction", "a + b"): False,
    }  # fmt: skip


def test_a_combination_twice_is_refused():
    values = frame_of(["a"], lambda *_: 1.0)
    with pytest.raises(ValueError, match="duplicate"):
        effects(pd.concat([values, values.tail(1)]), ["a"])
