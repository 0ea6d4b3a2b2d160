"""A study that probes is a study: its parameters stand where the fields of a trial do, and are refused alike."""

import pytest

from harness.errors import InputError
from harness.spec import Study, load_study, parse_set, settings_of, study_from_record, study_from_table, trial_id
from harness.spec.cells import first_cells
from harness.spec.claims import questions
from harness.spec.probes import PROBES, Bowl, run_from

GRID = {"grid": {"optimizer": ["sgd", "momentum"], "learning_rate": [0.1, 1.0]}}
PLAIN = {
    "kind": "probe",
    "probe": "bowl",
    "parameters": {"condition": 50.0},
    "blocks": [{"name": "rates", **GRID}, {"arms": {"steep": {"condition": 1000.0}}}],
    "seeds": {"count": 2},
    "profiles": {"smoke": {"parameters": {"limit": 10}, "seeds": {"count": 1}}},
    "figures": [{"form": "response", "x": "learning_rate", "y": "steps", "where": {"block": "rates"}}],
}


def study(profile: str = "quick", **changes: object) -> Study:
    return study_from_table("mine", PLAIN | changes, "mine.toml", profile)


def test_blocks_vary_parameters_and_profiles_change_them():
    made = study()
    assert [arm.name for arm in made.arms][0::4] == ["learning_rate=0.1, optimizer=sgd", "steep"]
    assert [arm.trial.condition for arm in made.arms] == [50.0] * 4 + [1000.0]
    assert [cell.seed for cell in first_cells(made)] == [0] * 5 + [1] * 5
    short = study("smoke")
    assert (short.seeds, {arm.trial.limit for arm in short.arms}) == (1, {10})


def test_a_study_that_probes_survives_its_record():
    made = study()
    assert study_from_record(made.to_record()) == made


def test_a_run_is_named_by_probe_parameters_and_seed():
    bowl = {"probe": "bowl", "optimizer": "momentum"}
    made = [bowl, bowl | {"seed": 1}, bowl | {"condition": 7.0}, {"probe": "signal"}]
    assert len({trial_id(run_from(fields), "") for fields in made}) == 4
    given = bowl | {"condition": Bowl.model_fields["condition"].default}
    assert trial_id(run_from(given), "") == trial_id(run_from(bowl), "")  # a default that is written changes nothing


@pytest.mark.parametrize("table", PROBES.values(), ids=PROBES)
def test_every_probe_runs_by_its_defaults_and_measures_something(table):
    assert table.METRICS
    assert run_from({"probe": table.model_fields["probe"].default}) == table()
    assert not {"seed", "probe", *table.parameters()} & {*table.METRICS, *table.ROWS, "status", "seconds", "trial_id"}


CLAIM = {"id": "momentum", "metric": "steps", "better": {"optimizer": "momentum"}, "than": {"optimizer": "sgd"}}


def test_claims_compare_arms_that_agree_in_all_other_parameters():
    made = study(claims=[CLAIM | {"where": {"block": "rates"}, "for_each": ["learning_rate"]}])
    found = [(q.condition, *q.comparisons[0].pairs[0]) for q in questions(made)]
    assert found == [
        (
            f"learning_rate = {rate}",
            (f"learning_rate={rate}, optimizer=momentum",),
            (f"learning_rate={rate}, optimizer=sgd",),
        )
        for rate in ("0.1", "1")
    ]
    assert study_from_record(made.to_record()).claims == made.claims


BAD = {
    "no probe": ({"probe": None}, "probe: missing; known: signal"),
    "unknown probe": ({"probe": "bowel"}, "probe: unknown 'bowel' (did you mean 'bowl'?)"),
    "unknown parameter": (
        {"parameters": {"conditions": 3.0}},
        "parameters: unknown key 'conditions' (did you mean 'condition'?)",
    ),
    "type": ({"parameters": {"condition": "x"}}, "parameters.condition: found 'x', expected a number"),
    "bound": ({"parameters": {"condition": 0.5}}, "parameters.condition: found 0.5, expected greater than or equal"),
    "seed": ({"parameters": {"seed": 3}}, "parameters: seed: the seeds of a study come from"),
    "arm": ({"blocks": [{"grid": {"rate": [1.0]}}]}, "blocks[0].grid: unknown key 'rate'; known: condition"),
    "baseline": ({"baseline": {"epochs": 1}}, "baseline: a study that probes has [parameters]"),
    "tune": ({"tune": {"learning_rate": [0.1]}}, "tune: a study that probes has [parameters]"),
    "parameters of a training": ({"kind": "training", "probe": None}, 'parameters: read where kind = "probe"'),
    "metric": (
        {"figures": [{"form": "strip", "y": "stepps"}]},
        "figures[0].y: unknown metric 'stepps' (did you mean 'steps'?)",
    ),
    "metric of a training": ({"figures": [{"form": "strip", "y": "test_error"}]}, "y: unknown metric 'test_error'"),
    "no metric": ({"figures": [{"form": "strip"}]}, "figures[0]: form 'strip' needs y"),
    "form": ({"figures": [{"form": "layers"}]}, "figures[0]: form 'layers' draws trainings; a probe has strip"),
    "column": (
        {"figures": [{"form": "curves", "x": "epochs", "y": "loss"}]},
        "figures[0].x: unknown unit 'epochs'; known: step, loss",
    ),
    "metric of a claim": (
        {"claims": [CLAIM | {"metric": "stepps"}]},
        "unknown metric 'stepps' (did you mean 'steps'?)",
    ),
    "metric of another kind": ({"claims": [CLAIM | {"metric": "test_error"}]}, "unknown metric 'test_error'; known:"),
    "side of a claim": (
        {"claims": [CLAIM | {"better": {"optimiser": "sgd"}}]},
        "better: unknown field 'optimiser' (did you mean 'optimizer'?)",
    ),
    "where": (
        {"figures": [{"form": "strip", "y": "steps", "where": {"condition": 5.0}}]},
        "figures[0]: where.condition: no arm has 5.0",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_what_a_probe_does_not_have_is_refused_in_one_line(changes, message):
    table = {key: value for key, value in (PLAIN | changes).items() if value is not None}
    with pytest.raises(InputError) as found:
        study_from_table("mine", table, "mine.toml")
    assert message in str(found.value)
    assert str(found.value).startswith("mine.toml: ")
    assert "\n" not in str(found.value)


def test_set_changes_the_parameters_of_a_probe_and_nothing_else():
    changed = parse_set(["limit=50", "momentum=0.5"], of=settings_of("bowl"))
    study = load_study("bowl", overrides=changed)
    assert {arm.trial.limit for arm in study.arms} == {50}
    assert study.options == ("--set", "momentum=0.5", "--set", "limit=50")
    with pytest.raises(InputError, match="--set 'limt=50': unknown field 'limt'"):
        parse_set(["limt=50"], of=settings_of("bowl"))
    with pytest.raises(InputError, match="--set: limit"):
        parse_set(["limit=0"], of=settings_of("bowl"))
    with pytest.raises(InputError, match="unknown field 'epochs'"):
        parse_set(["epochs=5"], of=settings_of("bowl"))


def test_a_probe_is_not_ablated_and_that_is_said():
    block = {"ablate": {"easy": [{"condition": 100.0}, {"condition": 10.0}]}}
    with pytest.raises(InputError, match="ablate: read where a study trains; of a probe, grid has all combinations"):
        study_from_table("b", {"kind": "probe", "probe": "bowl", "blocks": [block]}, "b.toml")
