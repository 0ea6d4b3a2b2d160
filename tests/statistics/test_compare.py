"""`harness compare A B`: a regression is found where there is one, and nowhere else."""

import json

import numpy as np
import pytest

from harness.cli.app import _exit_code
from harness.errors import InputError
from harness.results.files import write_study
from harness.results.journal import JournalWriter
from harness.spec.cells import first_cells
from harness.spec.study import study_from_table
from harness.statistics.compare import COLUMNS, LEVEL, VERDICTS, beyond_margin, compare, regressions
from harness.statistics.paired import holm
from harness.sweep.resume import sources_of

TARGET = "samples_to_0.92"
NOISE = (0.0010, -0.0010, 0.0005, -0.0005, 0.0, 0.0002)
MACHINE = {"cpu": "Abacus", "kind": "1/2", "cores": 2, "versions": {"numpy": "2.0", "ablation-harness": "1"}}
ARMS = {"slow": {"learning_rate": 0.1}, "fast": {"learning_rate": 0.2}}
FIGURE = {"form": "time", "target": 0.92}
CLAIM = {"id": "sooner", "metric": "time_to_target", "target": 0.92, "better": "fast", "than": "slow"}


@pytest.fixture
def results(tmp_path):
    """Write results of some arms, in which `change(record)` happened to the trials at learning rate 0.2 ("fast")."""

    def write(name, change=None, study="pace", seeds=6, profile="quick", arms=ARMS, machine=MACHINE, figures=(FIGURE,),
              claims=(), baseline=(), **settings):  # fmt: skip
        table = {"title": "Pace", "blocks": [{"arms": arms}], "seeds": {"count": seeds}, "figures": list(figures),
                 "claims": list(claims), "baseline": dict(baseline)}  # fmt: skip
        resolved = study_from_table(study, table, "pace.toml", profile, settings)
        sources, folder = sources_of([resolved]), tmp_path / name / study
        folder.mkdir(parents=True)
        write_study(folder, resolved, sources.datasets)
        (folder / "environment.json").write_text(json.dumps({name: machine}))
        writer = JournalWriter(folder)
        for cell in first_cells(resolved):
            record = outcome(cell) | {"trial_id": sources.key(cell.trial), "environment": name}
            if change and cell.trial.learning_rate == 0.2:
                change(record)
            writer.append([record])
        writer.close()
        return tmp_path / name

    return write


def outcome(cell):
    noise = NOISE[cell.seed % len(NOISE)]
    curve = [{"epoch": n, "samples": 1000 * n, "steps": n, "val_accuracy": 0.8 + 0.05 * n} for n in range(1, 6)]
    figures = {"test_accuracy": 0.95 + noise, "seconds": 2 + noise, "classes": 10, "curve": curve}
    return {"status": "done", "trial": cell.trial.model_dump(mode="json")} | figures


def less_accurate(record):
    record["test_accuracy"] -= 0.01


def hardly_less_accurate(record):
    record["test_accuracy"] -= 0.001


def now_better_now_worse(record):
    record["test_accuracy"] += 0.02 * (-1) ** record["trial"]["seed"]


def slower(record):
    record["seconds"] *= 1.3


def later_at_target(record):
    for point in record["curve"][:3]:
        point["val_accuracy"] = 0.5


def never_at_target(record):
    for point in record["curve"]:
        point["val_accuracy"] = 0.5


def failing_once(record):
    if record["trial"]["seed"] == 4:
        record["status"] = "failed"


def row_of(comparison, arm, metric):
    rows = comparison.rows
    (row,) = rows[(rows["arm"] == arm) & (rows["metric"] == metric)].to_dict("records")
    return row


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        (less_accurate, "test_error"),
        (slower, "seconds"),
        (later_at_target, TARGET),
        (never_at_target, TARGET),
        (failing_once, "lost_seeds"),
    ],
)
def test_a_regression_is_found_where_it_is_and_the_way_back_is_none(results, change, metric):
    before, after = results("before"), results("after", change)
    worse = regressions(compare(before, after).rows)
    assert list(zip(worse["arm"], worse["metric"], strict=True)) == [("fast", metric)]
    back = compare(after, before)
    assert regressions(back.rows).empty
    assert row_of(back, "fast", metric)["verdict"] == "better"


@pytest.mark.parametrize("change", [None, hardly_less_accurate])
def test_what_does_not_matter_is_the_same(results, change):
    rows = compare(results("before"), results("after", change)).rows
    assert set(rows["verdict"]) == {"same"}
    assert set(rows["metric"]) == {"test_error", "seconds", TARGET}


def test_an_interval_wider_than_the_margin_is_undecided(results):
    row = row_of(compare(results("before"), results("after", now_better_now_worse)), "fast", "test_error")
    assert (row["low"] < -0.2, row["high"] > 0.2, row["verdict"]) == (True, True, "undecided")


def test_the_change_is_that_of_the_means_with_a_paired_interval(results):
    row = row_of(compare(results("before"), results("after", less_accurate)), "fast", "test_error")
    assert row["change"] == pytest.approx(1.0), "in points of error"
    assert row["low"] == pytest.approx(row["high"]), "the noise of the seeds cancels out"
    assert row["n"] == 6


def test_times_change_by_their_ratio(results):
    row = row_of(compare(results("before"), results("after", slower)), "fast", "seconds")
    assert row["change"] == pytest.approx(0.3)
    assert row["b"] / row["a"] - 1 == pytest.approx(row["change"]), "the change of what is shown"


@pytest.mark.parametrize("rows", [1, 10])
def test_of_unchanged_folders_at_most_one_in_forty_has_a_false_alarm(rows):
    """At the edge of the margin, where it is hardest; the allowance is three standard errors of the simulation."""
    families, n, margin = 1500, 6, 0.2
    draws = np.random.default_rng(1).normal(margin, 0.7, (families, rows, n))
    alarms = 0
    for family in draws:
        p = holm([beyond_margin(differences, margin) for differences in family])
        alarms += bool(((p <= LEVEL) & (family.mean(1) > 0)).any())
    rate = LEVEL / 2
    assert alarms / families <= rate + 3 * (rate * (1 - rate) / families) ** 0.5
    assert alarms > 0, "the bound is not for nothing"


def test_a_change_that_only_stands_out_by_itself_is_undecided_among_many(results):
    arms = {f"arm {i}": {"learning_rate": 0.2, "l2": float(i)} for i in range(20)}

    def barely(record):
        seed = record["trial"]["seed"]
        record["test_accuracy"] -= (0.005 + 0.002 * (-1) ** seed) if record["trial"]["l2"] == 3 else 0.0

    alone = {name: arms[name] for name in ("arm 3",)}
    found = [
        compare(results(f"{n}a", arms=a), results(f"{n}b", barely, arms=a)) for n, a in (("few", alone), ("many", arms))
    ]
    few, many = (row_of(comparison, "arm 3", "test_error") for comparison in found)
    assert few["low"] == many["low"] > 0.2
    assert (few["verdict"], many["verdict"]) == ("worse", "undecided")


def test_one_pair_of_seeds_judges_nothing(results):
    rows = compare(results("before", seeds=1), results("after", slower, seeds=1)).rows
    assert set(rows["verdict"]) == {"undecided"}


def test_seeds_that_only_one_side_has_are_left_out_and_told(results):
    comparison = compare(results("before", seeds=6), results("after", seeds=4))
    assert set(comparison.rows["n"]) == {4}
    assert comparison.settings == ["pace: seeds 6 -> 4"]


def test_a_lost_seed_counts_as_guessing_and_not_as_missing(results):
    def diverging(record):
        if record["trial"]["seed"] < 3:
            record.update(status="diverged", test_accuracy=None)

    row = row_of(compare(results("before"), results("after", diverging)), "fast", "test_error")
    assert (row["n"], row["lost_a"], row["lost_b"]) == (6, 0, 3)
    assert row["b"] == pytest.approx((3 * 90 + sum(5 - 100 * noise for noise in NOISE[3:])) / 6)


def test_where_both_sides_lose_seeds_a_few_more_are_no_alarm(results):
    def losing(*seeds):
        def change(record):
            if record["trial"]["seed"] in seeds:
                record["status"] = "diverged"

        return change

    one, other, more = results("one", losing(0)), results("other", losing(1)), results("more", losing(0, 1, 2))
    assert row_of(compare(one, one), "fast", "lost_seeds")["verdict"] == "same"
    for after in (other, more):
        assert row_of(compare(one, after), "fast", "lost_seeds")["verdict"] == "undecided"


def test_a_miss_counts_as_the_budget_and_two_misses_tie(results):
    missed = results("missed", never_at_target)
    row = row_of(compare(results("before"), missed), "fast", TARGET)
    assert (row["a"], row["b"], row["lost_a"], row["lost_b"]) == pytest.approx((3000, 10000, 0, 6))
    tied = row_of(compare(missed, missed), "fast", TARGET)
    assert (tied["change"], tied["verdict"], tied["lost_a"]) == (0, "same", 6)


def test_the_target_of_a_claim_is_compared_too(results):
    rows = compare(results("before", figures=()), results("after", later_at_target, figures=(), claims=[CLAIM])).rows
    assert list(regressions(rows)["metric"]) == [TARGET]


def test_without_a_target_no_time_is_compared(results):
    rows = compare(results("before", figures=()), results("after", figures=())).rows
    assert set(rows["metric"]) == {"test_error", "seconds"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cpu": "Slide rule"}, "cpu Abacus -> Slide rule"),
        ({"kind": "1/3"}, "kind 1/2 -> 1/3"),
        ({"kind": None}, "kind 1/2 -> unknown"),
        ({"cores": 4}, "cores 2 -> 4"),
        ({"versions": {"numpy": "2.1", "ablation-harness": "1"}}, "numpy 2.0 -> 2.1"),
    ],
)
def test_speed_on_another_machine_is_told_and_never_judged(results, change, told):
    comparison = compare(results("before"), results("after", slower, machine=MACHINE | change))
    assert comparison.machines == [told]
    row = row_of(comparison, "fast", "seconds")
    assert (row["verdict"], row["change"]) == (None, pytest.approx(0.3))
    assert regressions(comparison.rows).empty


def test_another_version_of_the_harness_is_what_may_be_compared(results):
    newer = MACHINE | {"versions": {"numpy": "2.0", "ablation-harness": "2"}}
    assert row_of(compare(results("a"), results("b", slower, machine=newer)), "fast", "seconds")["verdict"] == "worse"


def test_a_renamed_arm_is_matched_by_its_settings(results):
    renamed = {"gentle": ARMS["slow"], "quick": ARMS["fast"]}
    comparison = compare(results("a"), results("b", less_accurate, arms=renamed))
    assert comparison.settings == [
        "pace: arm 'slow': is called 'gentle' in B",
        "pace: arm 'fast': is called 'quick' in B",
    ]
    worse = regressions(comparison.rows)
    assert list(zip(worse["arm"], worse["arm_b"], strict=True)) == [("fast", "quick")]


def test_arms_that_swapped_their_names_are_not_mixed_up(results):
    swapped = {"fast": ARMS["slow"], "slow": ARMS["fast"]}
    comparison = compare(results("a"), results("b", less_accurate, arms=swapped))
    assert list(regressions(comparison.rows)["arm"]) == ["fast"]


def test_an_arm_is_what_it_does_wherever_its_settings_are_written(results):
    """B's baseline is what A's arm "fast" set; the arm that sets nothing does in each what the other's arm sets."""
    before = results("a", baseline={"learning_rate": 0.1}, arms={"plain": {}, "fast": {"learning_rate": 0.2}})
    after = results(
        "b", less_accurate, baseline={"learning_rate": 0.2}, arms={"base": {}, "slow": {"learning_rate": 0.1}}
    )
    comparison = compare(before, after)
    assert list(comparison.rows.groupby("arm")["arm_b"].first().items()) == [("fast", "base"), ("plain", "slow")]
    assert [(row["arm"], row["verdict"]) for row in regressions(comparison.rows).to_dict("records")] == [
        ("fast", "worse")
    ]


def test_a_renamed_arm_is_found_on_another_baseline_too(results):
    renamed = {"gentle": ARMS["slow"], "quick": ARMS["fast"]}
    comparison = compare(results("a"), results("b", arms=renamed, epochs=3))
    assert comparison.settings[0] == "pace: every arm: epochs 10 -> 3"
    assert set(zip(comparison.rows["arm"], comparison.rows["arm_b"], strict=True)) == {
        ("slow", "gentle"),
        ("fast", "quick"),
    }


def test_settings_that_differ_are_told_arm_by_arm(results):
    other = {"slow": {"learning_rate": 0.1, "momentum": 0.5}, "fast": {"learning_rate": 0.2}, "new": {"l2": 1.0}}
    one = results("a")
    comparison = compare(one, results("b", arms=other, epochs=3, hidden=[64]))
    assert comparison.settings == [
        "pace: every arm: hidden [128, 64] -> [64], epochs 10 -> 3",
        "pace: arm 'slow': momentum 0.9 -> 0.5",
        "pace: only in B: arm 'new'",
    ]
    assert (
        row_of(comparison, "slow", "test_error")["settings"]
        == "hidden [128, 64] -> [64], momentum 0.9 -> 0.5, epochs 10 -> 3"
    )
    assert compare(one, one).settings == []


def test_a_folder_of_one_study_is_compared_as_the_whole(results):
    one, other = results("a"), results("b", less_accurate)
    assert compare(one / "pace", other).rows.equals(compare(one, other / "pace").rows)


def test_nothing_shared_is_bad_input(results):
    with pytest.raises(InputError, match="no study, arm, phase and seed is in both"):
        compare(results("before"), results("after", study="other"))


def test_other_profiles_are_refused_as_they_are_other_work(results):
    with pytest.raises(InputError, match="'pace' was run with profile full there, smoke here"):
        compare(results("a", profile="full"), results("b", profile="smoke"))


@pytest.fixture
def command(capsys):
    """Call `harness compare`; return its exit code and what it said."""

    def call(*arguments):
        code = _exit_code(["compare", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


def test_the_command_exits_1_on_a_regression_with_one_short_line(results, command):
    before, after = results("before"), results("after", less_accurate, epochs=3)
    code, out, error = command(before, after)
    assert code == 1
    assert error == (
        f"error: {after} is worse in 1 of 6 comparisons: pace, fast, as written: test_error 5.00 -> 6.00\n"
    )
    lines = out.splitlines()
    assert lines[3:5] == ["Settings that differ:", "  pace: every arm: epochs 10 -> 3"], "what differs comes first"
    assert max(map(len, lines[2:])) <= 100
    assert command(after, before)[0] == 0


def test_json_has_the_rows_and_the_exit_code_of_the_table(results, command):
    before, after = results("before", seeds=2), results("after", less_accurate, seeds=2)
    code, out, _ = command(before, after, "--json")
    rows = json.loads(out)
    assert code == 1
    assert all(list(row) == list(COLUMNS) for row in rows)
    assert {row["verdict"] for row in rows} <= {*VERDICTS, None}
    assert [row["arm"] for row in rows if row["verdict"] == "worse"] == ["fast"]
