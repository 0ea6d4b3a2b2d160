"""Arms whose data is not on the machine are left out of a run and of a plan, and told."""

import pytest
from sweep_study import work

from harness.datasets import catalog
from harness.errors import InputError
from harness.results.frames import load_results
from harness.spec.study import study_from_table
from harness.sweep.plan import plan_studies
from harness.sweep.runner import run_studies

NOTE = "study 'pace': 1 arm left out, for fashion-mnist is not here; `harness data fetch fashion-mnist` gets it"


@pytest.fixture(autouse=True)
def no_data(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "download_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(catalog, "SYSTEM", tmp_path / "system")


def study(needs="fashion-mnist"):
    clothes = {"needs": needs, "arms": {"clothes": {"dataset": "fashion-mnist"}}}
    table = {"blocks": [{"arms": {"digits": {}}}, clothes], "seeds": {"count": 2}}
    return study_from_table("pace", table, "pace.toml")


def test_a_run_leaves_them_out_and_the_study_remembers_them(tmp_path):
    summary = run_studies([study()], tmp_path / "results", jobs=1, work=work("steady"))
    assert (summary.done, summary.missing) == (2, 0)
    recorded = load_results(tmp_path / "results").studies["pace"]
    assert ([arm.name for arm in recorded.arms], [arm.name for arm in recorded.left_out]) == (["digits"], ["clothes"])


def test_a_plan_leaves_them_out_and_tells(tmp_path):
    notes = []
    plan = plan_studies([study()], tmp_path / "results", 1, notes.append)
    assert list(plan["cells"]) == [2, 2]
    assert notes[0] == NOTE


def test_data_that_nobody_knows_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(
        InputError, match=r"^study 'pace': needs: dataset 'fashion-mnst': unknown \(did you mean 'fashion"
    ):
        plan_studies([study("fashion-mnst")], tmp_path / "results", 1)
