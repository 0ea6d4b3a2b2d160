"""A study: the question, its arms and seeds, resolved from a TOML file, a profile and the command line."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from harness.errors import InputError, nearest
from harness.spec.arms import block_of_arm, count_arms, expand
from harness.spec.figures import FigureTable, refuse_figures
from harness.spec.names import PROFILES, Kind, Profile
from harness.spec.schema import (
    ArmName,
    Claim,
    Line,
    ProfileTable,
    Published,
    SeedCount,
    SeedsTable,
    StudyFile,
    StudySettings,
    TuneTable,
)
from harness.spec.shipped import find_study, read_toml
from harness.spec.trial import Trial, trial_from
from harness.spec.validation import Table, as_tuple, checked, shown

MAX_TRIALS = 1_000_000
SCHEMA = 1
"""Of study.json; a file with a higher one was written by a later version."""


class Arm(Table):
    """One alternative of a study: what it changes in the baseline, and the trial that this makes (at seed 0)."""

    name: ArmName
    block: ArmName | None = None
    settings: dict[str, Any]
    trial: Annotated[Trial, Field(exclude=True)]


class Study(Table):
    """A resolved study: profile and overrides applied, every arm valid."""

    name: str
    title: Line
    section: Line | None = None
    question: str
    kind: Kind
    probe: Line | None = None
    parameters: dict[str, Any] = Field(default={})
    profile: Profile
    baseline: Trial
    arms: Annotated[tuple[Arm, ...], as_tuple]
    tune: TuneTable | None
    seeds: SeedCount
    claims: Annotated[tuple[Claim, ...], as_tuple] = ()
    published: Annotated[tuple[Published, ...], as_tuple] = ()
    figures: Annotated[tuple[FigureTable, ...], as_tuple] = ()

    def arm(self, name: str) -> Arm:
        """Return the arm of this name; raises InputError with the nearest one."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise InputError(f"study '{self.name}' has no arm {shown(name)}{nearest(name, [a.name for a in self.arms])}")

    @property
    def trial_count(self) -> int:
        """Trials of all phases (two cells may share one)."""
        return len(self.arms) * _runs_per_arm(self.tune, self.seeds) if self.kind == "training" else 0

    def to_record(self) -> dict[str, Any]:
        """Return what study.json holds."""
        return {"schema": SCHEMA} | self.model_dump(mode="json")


def load_study(
    name_or_path: str | Path,
    profile: str = "quick",
    overrides: dict[str, Any] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
) -> Study:
    """Return a shipped study by name, or a user's own by the path of its TOML file.

    `overrides` are fields of the baseline (``--set``), stronger than the profile; they may not touch what the
    arms vary. `seeds` is the number of seeds, `dataset` a name or a folder of IDX files. Raises InputError.
    """
    name, where, data = find_study(name_or_path)
    return study_from_table(name, read_toml(data, where), where, profile, overrides, seeds, dataset)


def study_from_table(
    name: str,
    table: dict[str, Any],
    where: str,
    profile: str = "quick",
    overrides: dict[str, Any] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
) -> Study:
    """Resolve the tables of a study file; see `load_study`."""
    if profile not in PROFILES:
        raise InputError(f"unknown profile {shown(profile)}{nearest(profile, PROFILES)}; known: {', '.join(PROFILES)}")
    file = checked(StudyFile, table, where)
    changes = file.profiles.get(profile, ProfileTable())  # type: ignore[call-overload]
    chosen = {"--set": dict(overrides or {}), "--dataset": {"dataset": dataset} if dataset else {}}
    for option, settings in chosen.items():
        checked(StudySettings, settings, option)
    baseline = trial_from(
        file.baseline.given() | changes.baseline.given() | chosen["--set"] | chosen["--dataset"], f"{where}: baseline"
    )
    tune = _tuning(file, changes)
    if seeds is not None:
        checked(SeedsTable, {"count": seeds}, "--seeds")
    count = seeds or (changes.seeds or file.seeds).count
    _refuse_absurd(file, tune, count, where)
    arms = expand(file.blocks, baseline, where)
    for option, settings in chosen.items():
        _refuse_conflict(option, settings, arms, where)
    block = block_of_arm(file.blocks)
    study = Study(
        name=name,
        title=file.title or name,
        section=file.section,
        question=file.question or "",
        kind=file.kind,
        probe=file.probe,
        parameters=file.parameters,
        profile=profile,  # type: ignore[arg-type]
        baseline=baseline,
        arms=tuple(_arm(name, settings, baseline, where, block.get(name)) for name, settings in arms.items()),
        tune=tune,
        seeds=count,
        claims=file.claims,
        published=file.published,
        figures=file.figures,
    )
    _refuse_inconsistent(study, where)
    refuse_figures(file.figures, study.arms, file.tune, where)
    return study


def study_from_record(record: Any, where: str = "study.json") -> Study:
    """Return the study that `Study.to_record` wrote; raises InputError for foreign or newer content."""
    if not isinstance(record, dict) or not isinstance(record.get("schema"), int) or "arms" not in record:
        raise InputError(f"{where}: not a study record")
    if record["schema"] > SCHEMA:
        raise InputError(f"{where}: schema {record['schema']} is newer than this version reads ({SCHEMA})")
    fields = {key: value for key, value in record.items() if key != "schema"}
    baseline = trial_from(fields.get("baseline", {}), f"{where}: baseline")
    arms = checked(_Arms, {"arms": fields["arms"]}, where).arms
    made = tuple(_arm(arm.name, arm.settings.given(), baseline, where, arm.block) for arm in arms)
    return checked(Study, fields | {"baseline": baseline, "arms": made}, where)


class _ArmRecord(Table):
    name: ArmName
    block: ArmName | None = None
    settings: StudySettings


class _Arms(Table):
    arms: Annotated[tuple[_ArmRecord, ...], as_tuple]


def _arm(name: str, settings: dict[str, Any], baseline: Trial, where: str, block: str | None) -> Arm:
    trial = trial_from(baseline.given() | settings, f"{where}: arm {shown(name)}")
    return Arm(name=name, block=block, settings=settings, trial=trial)


def _tuning(file: StudyFile, changes: ProfileTable) -> TuneTable | None:
    if file.tune is None:
        return None
    merged = file.tune.model_copy(
        update={key: value for key, value in changes.tune.given().items() if value is not None}
    )
    return merged if merged.seeds else None


def _runs_per_arm(tune: TuneTable | None, seeds: int) -> int:
    return seeds if tune is None else 2 * seeds + len(tune.learning_rate) * tune.seeds


def _refuse_absurd(file: StudyFile, tune: TuneTable | None, seeds: int, where: str) -> None:
    arms = count_arms(file.blocks)
    each = _runs_per_arm(tune, seeds)
    if arms * each > MAX_TRIALS:
        raise InputError(
            f"{where}: {arms:,} arms x {each:,} runs make {arms * each:,} trials, at most {MAX_TRIALS:,} are allowed"
        )


def _refuse_conflict(option: str, chosen: dict[str, Any], arms: dict[str, dict[str, Any]], where: str) -> None:
    for name, settings in arms.items():
        for field in chosen:
            if field in settings:
                raise InputError(f"{option}: {field} is what the arms of {where} vary (arm {shown(name)} sets it)")


def _refuse_inconsistent(study: Study, where: str) -> None:
    for arm in study.arms:
        if study.tune and arm.trial.monitor == "validation" and arm.trial.val_size == 0:
            raise InputError(f"{where}: tune: reads the validation images, but val_size is 0 (arm {shown(arm.name)})")
        if study.claims and arm.trial.monitor == "test":
            raise InputError(f"{where}: claims: barred where the test set is monitored (arm {shown(arm.name)})")
    named = {f"claims[{i}]": (c.better, *c.than, *c.equivalent) for i, c in enumerate(study.claims)}
    named |= {f"published[{i}]": (p.arm,) for i, p in enumerate(study.published)}
    known = [arm.name for arm in study.arms]
    for place, names in named.items():
        for name in names:
            if name is not None and name not in known:
                raise InputError(f"{where}: {place}: no arm is named {shown(name)}{nearest(name, known)}")
    ids = [claim.id for claim in study.claims]
    for claim_id in ids:
        if ids.count(claim_id) > 1:
            raise InputError(f"{where}: claims: duplicated id {shown(claim_id)}")
