"""verdicts.csv: the right word for every claim of a study, whatever became of its trials."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import DIVERGED, FAILED, around, errors_of, results_of, study_of

from harness.results.predictions import prediction
from harness.spec.schema import VERDICTS_COLUMNS
from harness.spec.study import study_from_table
from harness.statistics.judging import advantage_test
from harness.statistics.paired import paired_differences
from harness.statistics.tables import differences
from harness.statistics.verdict_table import open_questions, told_verdicts, verdicts

ARMS = {"a": {}, "b": {"learning_rate": 0.1}, "c": {"learning_rate": 0.2}}
BETTER = {"metric": "test_error", "better": "a", "than": "b"}
FIGURES = ["effect", "low", "high", "share", "p", "p_adjusted"]


def told(claims, ended, arms=ARMS, notes=(), **tables):
    """Every verdict with what is told beside it, a row each."""
    claims = claims if isinstance(claims, list) else [claims]
    return told_verdicts(results_of(study_of(arms, claims, **tables), ended, notes)).to_dict("records")


def test_an_arm_that_is_better_is_said_to_be():
    a, b = around(4.0, key=1), around(4.5, key=2)
    (row,) = told(BETTER, errors_of(a=a, b=b))
    expected = paired_differences(
        pd.DataFrame({"seed": [*range(8)] * 2, "arm": ["a"] * 8 + ["b"] * 8, "value": a + b}), [("a", "b")]
    ).iloc[0]
    assert row["verdict"] == "supported"
    assert (row["n"], row["a"], row["b"], row["marked"], row["lost"], row["reason"]) == (8, "a", "b", False, 0, "")
    assert [row["effect"], row["low"], row["high"]] == pytest.approx(expected[["difference", "low", "high"]].tolist())
    assert [row["share"], row["p"], row["p_adjusted"]] == pytest.approx(expected[["share", "p", "p_adjusted"]].tolist())
    assert [row["mean_a"], row["mean_b"], row["median_a"]] == pytest.approx([np.mean(a), np.mean(b), np.median(a)])
    assert told(BETTER | {"better": "b", "than": "a"}, errors_of(a=a, b=b))[0]["verdict"] == "refuted"
    assert told(BETTER | {"lower_is_better": False}, errors_of(a=a, b=b))[0]["verdict"] == "refuted"


def test_the_table_has_the_promised_columns_in_the_order_of_the_file():
    claims = [BETTER | {"phase": ["default", "confirm"]}, {"metric": "gap", "better": "c", "than": "a"}]
    study = study_of(ARMS, claims, tune={"l2": [0.0, 1.0]})
    found = verdicts(results_of(study, errors_of(a=[1], b=[2])))
    assert list(found.columns) == list(VERDICTS_COLUMNS)
    assert found["id"].tolist() == ["claim0", "claim0", "claim1"]
    assert found["phase"].tolist() == ["default", "confirm", "confirm"]
    assert list(verdicts(results_of(study_of(ARMS), {})).columns) == list(VERDICTS_COLUMNS)


def test_against_several_the_effect_is_that_on_the_nearest_and_p_the_largest():
    arms = errors_of(a=around(4.0, key=1), b=around(5.0, key=2), c=around(4.2, 0.2, key=3))
    one, other, both = told([BETTER, BETTER | {"than": "c"}, BETTER | {"than": ["b", "c"]}], arms)
    assert both["b"] == "c"
    assert both["p"] == max(one["p"], other["p"]) > min(one["p"], other["p"])
    assert (both["effect"], both["mean_b"]) == (other["effect"], other["mean_b"])


def test_an_advantage_below_at_least_counts_for_neither_side():
    arms = errors_of(a=around(4.0, 0.02, key=1), b=around(4.2, 0.02, key=2))
    claims = [BETTER | {"at_least": bar} for bar in (0.1, 0.3)] + [
        BETTER | {"better": "b", "than": "a", "at_least": 0.3}
    ]
    assert [row["verdict"] for row in told(claims, arms)] == ["supported", "inconclusive", "inconclusive"]


def test_several_arms_a_side_are_averaged_within_the_seed():
    arms = {
        f"{rule}{depth}": {"optimizer": rule, "hidden": [8] * depth} for rule in ("sgd", "adam") for depth in (1, 2)
    }
    seeds = np.arange(8)
    ended = errors_of(sgd1=list(5.0 + seeds), sgd2=list(7.0 - seeds), adam1=list(4.0 + seeds), adam2=list(5.0 - seeds))
    claim = {"metric": "test_error", "better": {"optimizer": "adam"}, "than": {"optimizer": "sgd"}}
    (row,) = told(claim, ended, arms)
    assert (row["effect"], row["low"], row["high"], row["share"]) == pytest.approx((-1.5, -1.5, -1.5, 1))
    shallow, deep = told(claim | {"for_each": ["depth"]}, ended, arms)
    assert [shallow["condition"], deep["condition"]] == ["depth = 1", "depth = 2"]
    assert [shallow["effect"], deep["effect"]] == pytest.approx([-1, -2])


def test_a_claim_that_the_advantage_differs_is_of_the_difference_of_differences():
    arms = {
        f"{rule}{depth}": {"optimizer": rule, "hidden": [8] * depth} for rule in ("sgd", "adam") for depth in (1, 2)
    }
    ended = errors_of(
        sgd1=around(5.0, key=1), sgd2=around(9.0, key=2), adam1=around(4.5, key=3), adam2=around(6.0, key=4)
    )
    claim = {"metric": "test_error", "better": {"optimizer": "adam"}, "than": {"optimizer": "sgd"}}
    deep, shallow = [{"depth": 2}, {"depth": 1}]
    more, less = told([claim | {"differs": pair} for pair in ([deep, shallow], [shallow, deep])], ended, arms)
    assert (more["verdict"], less["verdict"]) == ("supported", "refuted")
    assert more["effect"] == -less["effect"] == pytest.approx(-2.5, abs=0.2)


def test_a_trend_is_the_mean_rise_a_step():
    arms = {f"l2={l2}": {"l2": l2} for l2 in (0.0, 1.0, 100.0)}
    means = dict(zip(arms, (9, 7, 5), strict=True))
    ended = {(arm, seed): mean + seed + 0.01 * (seed * mean % 3) for arm, mean in means.items() for seed in range(8)}
    falls, rises = told(
        [{"metric": "test_error", "trend": way, "over": "l2"} for way in ("falls", "rises")], ended, arms
    )
    assert (falls["verdict"], rises["verdict"]) == ("supported", "refuted")
    assert falls["effect"] == pytest.approx(-2, abs=0.02)
    assert (falls["share"], rises["share"]) == (1, 0)
    assert (falls["a"], falls["b"]) == ("lowest l2", "highest l2")
    assert falls["mean_a"] - falls["mean_b"] == pytest.approx(4, abs=0.05)


def test_equivalents_and_means_are_a_family_of_their_own():
    arms = errors_of(a=around(4.0, key=1), b=around(4.02, key=2), c=around(4.8, key=3))
    claims = [
        {"metric": "test_error", "equivalent": ["a", "b"], "margin": 0.3},
        {"metric": "test_error", "equivalent": ["a", "b", "c"], "margin": 0.3},
        {"metric": "test_error", "within": [3.5, 4.5], "where": {"arm": "a"}},
        BETTER,
    ]
    same, other, within, better = told(claims, arms)
    assert [row["verdict"] for row in (same, other, within)] == ["supported", "refuted", "supported"]
    assert (other["a"], other["b"]) in {("a", "c"), ("b", "c")}
    p = [row["p"] for row in (same, other, within)]
    assert max(row["p_adjusted"] for row in (same, other, within)) == pytest.approx(max(p[0], p[1], p[2]), rel=3)
    assert better["p_adjusted"] == better["p"], "it is the only one of its family"
    assert within["effect"] == within["mean_a"]


def test_what_has_no_chance_in_it_is_exact_and_counts_nowhere():
    claims = [{"metric": "test_accuracy", "equals": 0.6817, "tolerance": 1e-4, "where": {"arm": arm}} for arm in "ab"]
    ended = {
        ("a", 0): {"test_accuracy": 0.68175},
        ("a", 1): {"test_accuracy": 0.68165},
        ("b", 0): {"test_accuracy": 0.69},
    }
    exact, off, better = told([*claims, BETTER], ended)
    assert [exact["verdict"], off["verdict"]] == ["supported", "refuted"]
    assert np.isnan([exact["p"], exact["p_adjusted"]]).all()
    assert better["verdict"] == "exploratory"


def test_so_few_seeds_that_no_verdict_can_fall_are_exploratory():
    arms = errors_of(a=around(4.0, key=1, n=6), b=around(9.0, key=2, n=6))
    assert told(BETTER, arms)[0]["verdict"] == "supported"
    words = {row["verdict"] for row in told([BETTER, BETTER | {"than": "b", "at_least": 1.0}], arms)}
    assert words == {"exploratory"}, "two claims take seven seeds"
    (row,) = told(BETTER, errors_of(a=[4.0], b=[5.0]))
    assert (row["verdict"], row["effect"], row["p"]) == ("exploratory", pytest.approx(-1), 1)
    assert np.isnan([row["low"], row["high"]]).all()


def test_an_inconclusive_verdict_tells_the_seeds_that_would_decide():
    close = errors_of(a=around(4.0, 0.5, key=1), b=around(4.3, 0.5, key=2))
    (row,) = told(BETTER, close)
    assert row["verdict"] == "inconclusive"
    assert 8 < row["seeds_to_decide"] < 1000
    (same,) = told(BETTER, errors_of(a=[1.0, 2.0] * 4, b=[2.0, 1.0] * 4))
    assert same["seeds_to_decide"] == 1001
    (clear,) = told(BETTER, errors_of(a=around(4.0, key=1), b=around(6.0, key=2)))
    assert pd.isna(clear["seeds_to_decide"])


@pytest.mark.parametrize("claim", [BETTER, {"metric": "test_error", "equivalent": ["a", "b"], "margin": 0.4}])
def test_a_family_that_is_larger_takes_more_seeds(claim):
    ended = errors_of(
        a=around(4.0, 0.5, 10, key=1), b=around(4.3, 0.5, 10, key=2), c=around(9.0, 0.1, 10, key=3), d=[9.0] * 10
    )
    clear = [BETTER | {"than": "c"}] * 4 + [{"metric": "test_error", "equivalent": ["c", "d"], "margin": 1.0}] * 4
    (alone,), (among, *_) = told(claim, ended, ARMS | {"d": {}}), told([claim, *clear], ended, ARMS | {"d": {}})
    assert among["seeds_to_decide"] > alone["seeds_to_decide"] > 10


def test_what_t_tests_judge_is_never_exploratory():
    claim = {"metric": "test_error", "equivalent": ["a", "b"], "margin": 0.6}
    assert told(claim, errors_of(a=[4.0, 4.1, 4.2], b=[4.01, 4.1, 4.2]))[0]["verdict"] == "supported"
    assert told(claim, errors_of(a=[4.0], b=[4.01]))[0]["verdict"] == "inconclusive"


def test_an_interval_that_disagrees_with_p_is_marked():
    skewed = [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 3.0]
    (row,) = told(BETTER, errors_of(a=[1.0] * 8, b=[1 + d for d in skewed]))
    assert (row["verdict"], row["marked"]) == ("supported", True)
    assert row["low"] < 0 < row["high"]


@pytest.mark.parametrize("end", [DIVERGED, FAILED, {"test_accuracy": 0.5, "status": "diverged"}])
def test_a_lost_seed_counts_as_chance_and_is_counted(end):
    ended = errors_of(a=around(4.0, key=1), b=around(9.0, key=2)) | {("a", "default", 3): end}
    (row,) = told(BETTER, ended)
    assert row["lost"] == 1
    assert row["mean_a"] == pytest.approx((7 * 4 + 90) / 8, abs=0.2)
    assert row["median_a"] < 5
    assert row["verdict"] == "inconclusive"


def test_a_lost_seed_without_chance_value_leaves_the_claim_inconclusive():
    ended = {(arm, seed): {"seconds": 1.0 + seed} for arm in "ab" for seed in range(8)} | {
        ("a", 2): DIVERGED,
        ("b", 4): DIVERGED,
    }
    (row,) = told(BETTER | {"metric": "seconds"}, ended)
    assert (row["verdict"], row["reason"], row["n"], row["lost"]) == ("inconclusive", "2 seeds lost", 8, 2)
    assert np.isnan([row[name] for name in FIGURES]).all()
    assert pd.isna(row["seeds_to_decide"])


def test_a_side_of_several_arms_has_no_mean_of_those_that_are_left():
    arms = {
        f"{rule}{depth}": {"optimizer": rule, "hidden": [8] * depth} for rule in ("sgd", "adam") for depth in (1, 2)
    }
    ended = {(arm, seed): {"seconds": 1.0} for arm in arms for seed in range(8)} | {("sgd1", 0): DIVERGED}
    claim = {"metric": "seconds", "better": {"optimizer": "adam"}, "than": {"optimizer": "sgd"}}
    (row,) = told(claim, ended, arms)
    assert (row["reason"], row["mean_a"]) == ("1 seed lost", 1)
    assert np.isnan([row["mean_b"], row["median_b"]]).all()


def test_where_all_is_lost_the_words_are_right():
    ended = {(arm, seed): DIVERGED for arm in "abc" for seed in range(8)}
    claims = [BETTER, {"metric": "test_error", "equivalent": ["a", "b"], "margin": 1.0}, BETTER | {"metric": "gap"},
              {"metric": "time_to_target", "target": 0.9, "better": "a", "than": "b"},
              {"metric": "test_error", "within": [0.0, 5.0], "where": {"arm": "a"}}]  # fmt: skip
    better, same, gap, time, within = told(claims, ended)
    assert (better["verdict"], better["effect"], better["p"], better["lost"]) == ("inconclusive", 0, 1, 8)
    assert same["verdict"] == "supported", "all of them guess"
    assert (gap["verdict"], gap["reason"]) == ("inconclusive", "8 seeds lost")
    assert (time["verdict"], time["effect"], time["reached_a"], time["reached_b"]) == (
        "inconclusive",
        0,
        "0 of 8",
        "0 of 8",
    )
    assert np.isnan([time["mean_a"], time["mean_b"]]).all()
    assert within["verdict"] == "refuted"


def test_a_diverging_arm_is_worse():
    ended = errors_of(a=around(4.0, key=1)) | {("b", seed): DIVERGED for seed in range(8)}
    (row,) = told(BETTER, ended)
    assert (row["verdict"], row["mean_b"], row["lost"]) == ("supported", pytest.approx(90), 8)


def test_losses_that_are_no_numbers_count_as_guessing():
    ended = {
        (arm, seed): {"val_loss": np.nan if arm == "b" else 0.3 + 0.01 * seed} for arm in "ab" for seed in range(8)
    }
    (row,) = told(BETTER | {"metric": "val_loss"}, ended)
    assert (row["verdict"], row["lost"], row["mean_b"]) == ("supported", 8, pytest.approx(np.log(10)))


def test_two_arms_that_are_the_same_under_two_names():
    same = around(4.0, key=1)
    better, equal = told(
        [BETTER, {"metric": "test_error", "equivalent": ["a", "b"], "margin": 0.1}], errors_of(a=same, b=same)
    )
    assert (better["verdict"], better["effect"], better["p"], better["seeds_to_decide"]) == ("inconclusive", 0, 1, 1001)
    assert equal["verdict"] == "supported"


def test_a_study_stopped_half_way_is_judged_by_the_seeds_that_all_arms_have():
    full, part = around(4.0, key=1), around(6.0, key=2, n=7)
    claims = [BETTER, BETTER | {"than": "c"}, BETTER | {"than": ["b", "c"]}]
    known, absent, both = told(claims, errors_of(a=full, b=part, c=[None] * 8))
    assert (known["n"], known["verdict"]) == (7, "supported")
    for row in (absent, both):
        assert (row["n"], row["verdict"], row["reason"]) == (0, "exploratory", "no seed that all of its arms have")
        assert np.isnan([row[name] for name in FIGURES]).all()
    (row,) = told(BETTER, {})
    assert (row["n"], row["verdict"], row["reason"]) == (0, "exploratory", "no trial that has it")


def test_times_tell_how_many_seeds_reached_the_target_and_no_mean_where_most_did_not():
    ended = {("a", seed): {"curve": [0.95]} for seed in range(8)}
    ended |= {("b", seed): {"curve": [0.5, 0.5, 0.5, 0.95 if seed < 3 else 0.5]} for seed in range(8)}
    (row,) = told({"metric": "time_to_target", "target": 0.9, "better": "a", "than": "b"}, ended)
    assert (row["verdict"], row["effect"]) == ("supported", -3)
    assert (row["reached_a"], row["reached_b"], row["mean_a"]) == ("8 of 8", "3 of 8", 1)
    assert (np.isnan(row["mean_b"]), row["median_b"]) == (True, 4)


def test_a_figure_that_nobody_recorded_has_no_value_and_nothing_was_lost():
    claim = BETTER | {"metric": "weight_norm", "layer": 1, "lower_is_better": True}
    (row,) = told(claim, errors_of(a=around(4.0), b=around(5.0)), baseline={"diagnostics": True})
    assert (row["verdict"], row["reason"], row["lost"]) == ("inconclusive", "no value at 8 of 8 seeds", 0)


@pytest.mark.parametrize("form", [{"better": "a", "than": "b"}, {"equivalent": ["a", "b"], "margin": 9.0}])
def test_a_ratio_to_nothing_is_no_number_and_decides_nothing(form):
    def dead(first, last):
        return {"layers": [(4, 1, "dead_units", first), (4, 2, "dead_units", last)]}

    ended = {("a", seed): dead(0.0 if seed == 3 else 0.1, 0.2) for seed in range(8)}
    ended |= {("b", seed): dead(0.1, 0.3 + seed / 100) for seed in range(8)}
    claim = {"metric": "dead_units", "layer": "last/first", **form}
    (row,) = told(claim, ended, baseline={"diagnostics": True})
    assert (row["verdict"], row["n"], row["reason"]) == ("inconclusive", 8, "no value at 1 of 8 seeds")
    assert np.isnan([row[name] for name in FIGURES]).all()


def test_arms_are_reduced_within_the_seed():
    arms = {
        f"{rule} {rate}": {"optimizer": rule, "learning_rate": rate} for rule in ("sgd", "adam") for rate in (0.1, 1.0)
    }
    ended = {(arm, seed): DIVERGED if arm == "adam 1.0" else {"val_loss": 0.3} for arm in arms for seed in range(8)}
    claim = {"metric": "highest_stable_rate", "better": {"optimizer": "sgd"}, "than": {"optimizer": "adam"}}
    (row,) = told(claim, ended, arms)
    assert (row["verdict"], row["effect"], row["lost"]) == ("supported", pytest.approx(0.9), 0)


LOOKS = ({"note": "looks", "at": [10, 20, 40]},)


def test_a_verdict_stays_as_it_fell_at_its_look():
    a, b = around(4.0, 0.5, 40, key=1), around(5.0, 0.5, 40, key=2)
    b[10:] = a[10:]  # what comes later would undo it
    (row,) = told(BETTER, errors_of(a=a, b=b), notes=LOOKS)
    assert (row["verdict"], row["look"], row["n"]) == ("supported", 10, 10)
    first = advantage_test([np.subtract(b[:10], a[:10])]).p
    assert (row["p"], row["p_adjusted"]) == pytest.approx((first, 3 * first))


def test_looking_often_is_paid_for_and_open_claims_go_on():
    a, b, c = around(4.0, 0.5, 20, key=1), around(4.8, 0.5, 20, key=2), around(5.5, 0.5, 20, key=3)
    b[:10] = a[9::-1]
    near, far = told([BETTER, BETTER | {"than": "c"}], errors_of(a=a, b=b, c=c), notes=LOOKS)
    assert (far["look"], far["n"], far["verdict"]) == (10, 10, "supported")
    assert (near["n"], near["verdict"] == "supported") == (20, near["look"] == 20)
    assert near["p_adjusted"] <= 6 * near["p"]
    frozen, short = told([BETTER | {"than": "c"}, BETTER], errors_of(a=a, b=b, c=c[:10]), notes=LOOKS)
    assert (frozen["verdict"], short["n"]) == ("supported", 20), "decided arms leave the queue"


def test_before_a_look_is_complete_nothing_is_decided():
    (row,) = told(BETTER, errors_of(a=around(4.0, n=9, key=1), b=around(9.0, n=9, key=2)), notes=LOOKS)
    assert (row["verdict"], row["reason"]) == ("inconclusive", "9 of the 10 seeds of this look are there")
    (row,) = told(BETTER, errors_of(a=around(4.0, n=6, key=1), b=around(9.0, n=6, key=2)), notes=LOOKS)
    assert row["verdict"] == "exploratory", "six seeds do for one look, not for three"


def test_the_seeds_of_another_study_complete_no_look():
    notes = [{"note": "looks", "at": [8, 16], "trials": 0}]
    one = results_of(study_of(ARMS, [BETTER]), errors_of(a=around(4.0, key=1), b=around(4.5, n=7, key=2)), notes)
    other = results_of(study_of(ARMS, name="other"), errors_of(a=around(4.0, n=16)))
    both = replace(one, studies=one.studies | other.studies, trials=pd.concat([one.trials, other.trials]))
    (row,) = told_verdicts(both).to_dict("records")
    assert (row["verdict"], row["reason"]) == ("inconclusive", "7 of the 8 seeds of this look are there")


def test_no_look_goes_on_for_a_claim_whose_data_is_not_here():
    blocks = [
        {"name": "here", "arms": {"a": {}, "b": {"learning_rate": 0.1}}},
        {"name": "there", "needs": "fashion-mnist", "arms": {
            name: {"dataset": "fashion-mnist", "learning_rate": rate} for name, rate in (("c", 0.001), ("d", 0.1))
        }},
    ]  # fmt: skip
    both = {"metric": "test_error", "better": {"learning_rate": 0.001}, "than": {"learning_rate": 0.1}}
    claims = [{"id": "here", **BETTER}, {"id": "both", **both}]
    table = {"baseline": {"train_size": 1000}, "blocks": blocks, "claims": claims}
    study = study_from_table("s", table, "s.toml").without_data(["fashion-mnist"])
    found = results_of(study, errors_of(a=around(4.0, key=1), b=around(4.0, key=2)), LOOKS)
    assert [question.claim.id for question in open_questions(found, "s", 10)] == ["here"]


def test_what_tunes_a_later_seed_changes_no_verdict_that_has_fallen():
    """A lost seed counts as the worst loss of its study, tuning included: of what had been run at the look."""
    ended = {(arm, "confirm", 2000 + seed): {"val_loss": loss} for arm, loss in (("a", 0.1), ("b", 1.1))
             for seed in range(20)}  # fmt: skip
    ended |= {("a", "confirm", 2000): DIVERGED, ("b", "tune", 10_009): {"val_loss": 2.0}}
    later = {("b", "tune", 10_021): {"val_loss": 1000.0}, ("c", "confirm", 2021): {"val_loss": 1.0}}
    tune = {"l2": [0.0, 1.0], "seeds": 1, "per_seed": True}
    notes = [{"note": "looks", "at": [20, 40], "trials": 0}]
    before, after = [told(BETTER | {"metric": "val_loss"}, found, notes=notes, tune=tune)[0]
                     for found in (ended, ended | later)]  # fmt: skip
    assert (before["verdict"], before["look"]) == ("supported", 20)
    assert [after[name] for name in ("verdict", "look", *FIGURES)] == [
        before[name] for name in ("verdict", "look", *FIGURES)
    ]


def test_confirming_seeds_are_looked_at_like_others():
    a, b = around(4.0, 0.1, 20, key=1), around(5.0, 0.1, 20, key=2)
    (row,) = told(BETTER, errors_of("confirm", a=a, b=b), notes=LOOKS, tune={"l2": [0.0, 1.0]})
    assert (row["phase"], row["verdict"], row["look"]) == ("confirm", "supported", 10)


def test_a_claim_tells_when_it_was_stated():
    study = study_of(ARMS, [BETTER, BETTER | {"than": "c"}])
    first, second = (
        [claim.model_dump(mode="json", exclude_defaults=True) for claim in study.claims[:k]] for k in (1, 2)
    )
    notes = [{"note": "claims", "trials": 0, "claims": first}, {"note": "claims", "trials": 16, "claims": second}]
    found = verdicts(results_of(study, errors_of(a=[1], b=[2], c=[3]), notes))
    assert found["stated"].tolist() == ["before", "after 16 trials"]


def test_a_thousand_arms_are_compared_with_the_reference_alone():
    arms = {f"arm {number}": {"learning_rate": 0.001 * (number + 1)} for number in range(1000)}
    rng = np.random.default_rng(0)
    ended = errors_of(**{arm: list(rng.normal(5, 1, 10)) for arm in arms})
    claims = [{"metric": "test_error", "trend": "falls", "over": "learning_rate"}]
    results = results_of(study_of(arms, claims), ended)
    assert len(differences(results)) == 999
    assert verdicts(results)["verdict"].tolist() == ["inconclusive"]


def test_the_metrics_that_claims_name_are_compared_too():
    claims = [
        BETTER,
        {"metric": "reached", "target": 0.9, "better": "a", "than": "b"},
        *({"metric": "time_to_target", "target": target, "better": "a", "than": "b"} for target in (0.5, 0.9)),
        {"metric": "highest_stable_rate", "within": [0.0, 1.0]},
    ]
    ended = {
        (arm, seed): {"test_accuracy": 0.9, "curve": [0.5, 0.8 + 0.1 * (arm == "a")]}
        for arm in "abc"
        for seed in (0, 1)
    }
    found = differences(results_of(study_of(ARMS, claims), ended))
    times = [f"time_to_target ({target}, val_accuracy, epochs)" for target in (0.5, 0.9)]
    assert found["metric"].drop_duplicates().tolist() == ["test_error", "reached", *times]
    rows = found.set_index(["metric", "a", "b"])
    assert rows.loc[("reached", "b", "a"), ["difference", "share"]].tolist() == [-1, 0]
    assert rows.loc[(times[1], "b", "a"), ["difference", "share"]].tolist() == [2, 0]


def test_churn_takes_two_seeds_for_a_value_and_tells_single_seeds():
    """The first of a pair is right; the second errs on so many images."""
    errs = {"a": [10, 14, 9, 15, 12, 11, 13, 10], "b": [12, 13, 14, 15, 11, 16, 12, 10]}
    claim = {"metric": "churn", "better": "a", "than": "b"}
    results = results_of(study_of(ARMS, [claim]), errors_of(a=[5.0] * 16, b=[5.0] * 16))
    results.trials["weights_sha256"] = [f"{number:064}" for number in range(len(results.trials))]
    labels = np.zeros(1000, np.uint8)
    for row in results.trials.itertuples():
        wrong = errs[row.arm][row.seed // 2] * (row.seed % 2)
        said = (np.arange(1000) < wrong).astype(np.uint8)
        kept = results.predictions.joined(prediction(row.trial_id, row.weights_sha256, said, labels))
        results = replace(results, predictions=kept)
    (row,) = told_verdicts(results).to_dict("records")
    (same,) = told(BETTER, errors_of(**errs))  # as if each pair were a seed
    assert (row["verdict"], row["n"], row["effect"]) == ("inconclusive", 8, pytest.approx(same["effect"] / 1000))
    assert row["p"] == same["p"]
    assert 8 < same["seeds_to_decide"] < 500
    assert row["seeds_to_decide"] == 2 * same["seeds_to_decide"]


def test_a_claim_that_was_taken_back_between_the_looks_is_paid_for():
    errors = errors_of(a=around(4.0, 0.5, 10, key=1), b=around(5.0, 0.5, 10, key=2))
    (alone,) = told(BETTER, errors, notes=LOOKS)
    (after,) = told(BETTER, errors, notes=({"note": "claims", "trials": 0, "claims": [], "flips": 5}, *LOOKS))
    assert after["p_adjusted"] == pytest.approx(5 * alone["p_adjusted"])
