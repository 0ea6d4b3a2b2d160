"""`harness compare A B`: a regression is found where there is one, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.results.files import write_study
from harness.results.journal import JournalWriter
from harness.spec.cells import first_cells
from harness.spec.study import study_from_table
from harness.statistics.compare import changed_settings, compare, regressions
from harness.sweep.resume import sources_of

HARNESS = str(Path(sys.executable).parent / "harness")
CLAIM = {"id": "sooner", "metric": "time_to_target", "target": 0.92, "better": "fast", "than": "slow"}
TARGET = "samples to 0.92 of pace"
NOISE = (0.0010, -0.0010, 0.0005, -0.0005, 0.0, 0.0002)


@pytest.fixture
def results(tmp_path):
    """Write results of two arms, in which `change(record)` happened to the trials of the arm "fast"."""

    def write(name, change=None, study="pace", seeds=6, profile="quick", **settings):
        arms = {"slow": {"learning_rate": 0.1}, "fast": {"learning_rate": 0.2}}
        table = {"title": "Pace", "blocks": [{"arms": arms}], "seeds": {"count": seeds}, "claims": [CLAIM]}
        resolved = study_from_table(study, table, "pace.toml", profile, settings)
        sources, folder = sources_of([resolved]), tmp_path / name / study
        folder.mkdir(parents=True)
        write_study(folder, resolved, sources.datasets)
        writer = JournalWriter(folder)
        for cell in first_cells(resolved):
            record = outcome(cell) | {"trial_id": sources.key(cell.trial)}
            if change and cell.arm == "fast":
                change(record)
            writer.append([record])
        writer.close()
        return tmp_path / name

    return write


def outcome(cell):
    noise = NOISE[cell.seed % len(NOISE)]
    curve = [{"epoch": n, "samples": 1000 * n, "steps": n, "val_accuracy": 0.8 + 0.05 * n} for n in range(1, 6)]
    figures = {"test_accuracy": 0.95 + noise, "seconds": 2 + noise, "curve": curve}
    return {"status": "done", "trial": cell.trial.model_dump(mode="json")} | figures


def less_accurate(record):
    record["test_accuracy"] -= 0.01


def hardly_less_accurate(record):
    record["test_accuracy"] -= 0.001


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


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        (less_accurate, "test_accuracy"),
        (slower, "seconds"),
        (later_at_target, TARGET),
        (never_at_target, TARGET),
        (failing_once, "ended well"),
    ],
)
def test_a_regression_is_found_where_it_is_and_the_way_back_is_none(results, change, metric):
    before, after = results("before"), results("after", change)
    comparison = compare(before, after)
    worse = comparison[comparison["verdict"] == "worse"]
    assert list(worse["arm"]) == ["fast"]
    assert list(worse["metric"]) == [metric]
    assert worse.index[0] == 0, "the worst stand first"
    assert regressions(comparison)[0].startswith(f"pace, fast, default: {metric} ")
    assert regressions(compare(after, before)) == []


@pytest.mark.parametrize("change", [None, hardly_less_accurate])
def test_what_does_not_matter_is_no_regression(results, change):
    comparison = compare(results("before"), results("after", change))
    assert set(comparison["verdict"]) == {"same"}
    assert set(comparison["metric"]) == {"ended well", "test_accuracy", "seconds", TARGET}


def test_the_change_is_that_of_the_means_with_a_paired_interval(results):
    comparison = compare(results("before"), results("after", less_accurate)).set_index(["arm", "metric"])
    row = comparison.loc[("fast", "test_accuracy")]
    assert row["change"] == pytest.approx(-0.01)
    assert row["low"] == pytest.approx(row["high"]), "the noise of the seeds cancels out"
    assert row["seeds"] == 6


def test_one_pair_of_seeds_judges_nothing(results):
    comparison = compare(results("before", seeds=1), results("after", slower, seeds=1))
    assert set(comparison.loc[comparison["metric"] != "ended well", "verdict"]) == {"unknown"}


def test_seeds_that_only_one_side_has_are_left_out(results):
    comparison = compare(results("before", seeds=6), results("after", seeds=4))
    assert set(comparison["seeds"]) == {4}


def test_nothing_shared_is_bad_input(results):
    with pytest.raises(InputError, match="no study, arm, phase and seed is in both"):
        compare(results("before"), results("after", study="other"))


def test_the_command_exits_1_on_a_regression_and_0_without(results):
    before, after = results("before"), results("after", slower)
    worse = subprocess.run([HARNESS, "compare", before, after], capture_output=True, text=True)
    assert worse.returncode == 1
    assert worse.stderr == f"error: worse in {after}: pace, fast, default: seconds 2 -> 2.6\n"
    assert worse.stdout.splitlines()[1].split()[-1] == "worse"
    assert subprocess.run([HARNESS, "compare", after, before], capture_output=True).returncode == 0
    missing = subprocess.run([HARNESS, "compare", before, "nowhere"], capture_output=True, text=True)
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: results folder nowhere: holds no study")


def test_other_profiles_are_refused_as_they_are_other_work(results):
    with pytest.raises(InputError, match="'pace' was run with profile full there, smoke here"):
        compare(results("a", profile="full"), results("b", profile="smoke"))


def test_other_settings_are_told(results):
    one, other = results("a"), results("b", epochs=3, hidden=[64])
    assert changed_settings(one, one) == []
    assert changed_settings(one, other) == [
        "'pace' was run with other settings: hidden [128, 64] -> [64], epochs 10 -> 3"
    ]
