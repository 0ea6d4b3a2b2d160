"""A study: the question, its arms and seeds, resolved from a TOML file, a profile and the command line."""

from collections.abc import Collection, Iterator, Sequence
from itertools import count as counting
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SerializeAsAny

from harness.errors import InputError, nearest
from harness.spec.ablation import Ablation
from harness.spec.arm_settings import ArmName
from harness.spec.arms import ablations_of, block_of_arm, count_arms, expand
from harness.spec.claim_table import Claim
from harness.spec.claims import refuse_claims
from harness.spec.figures import FigureTable, refuse_figures
from harness.spec.names import PROFILES, Phase, Profile
from harness.spec.probe_file import grammar, grammar_of
from harness.spec.probes import Run, run_from
from harness.spec.schema import (
    AnyProfile,
    AnyStudyFile,
    ProfileTable,
    SeedCount,
    SeedsTable,
    StudyFile,
    TuneTable,
)
from harness.spec.shipped import find_study, read_toml
from harness.spec.trial import Name, Trial
from harness.spec.validation import Line, Table, as_tuple, checked, shown
from harness.text import setting

MAX_TRIALS = 1_000_000
SCHEMA = 3
"""Of study.json; a file with a higher one was written by a later version."""


class Arm(Table):
    """One alternative of a study: what it changes in the baseline, and the trial, or run of a probe, that this makes
    (at seed 0)."""

    name: ArmName
    block: ArmName | None = None
    needs: Name | None = None  # the dataset without which it is left out
    settings: dict[str, Any]
    trial: Annotated[Run, Field(exclude=True)]


class Study(Table):
    """A resolved study: profile and overrides applied, every arm valid."""

    name: str
    title: Line
    section: Line | None = None
    question: str
    origin: Annotated[str | None, Field(exclude=True)] = None  # SHIPPED, the path of its file, None: made in Python
    profile: Profile
    options: Annotated[tuple[str, ...], as_tuple] = ()  # what the command line changed: "--set", "epochs=2", …
    probe: str | None = None  # None: the study trains
    baseline: SerializeAsAny[Run]
    arms: Annotated[tuple[Arm, ...], as_tuple]
    left_out: Annotated[tuple[Arm, ...], as_tuple] = ()  # arms whose data was not on the machine
    ablations: Annotated[tuple[Ablation, ...], as_tuple] = ()  # of the blocks that ablate, which arm has what
    reference: ArmName  # the arm that the others are compared with
    tune: TuneTable | None
    seeds: SeedCount
    at_most: SeedCount | None = None  # seeds may be added up to here while a claim is open
    claims: Annotated[tuple[Claim, ...], as_tuple] = ()
    figures: Annotated[tuple[FigureTable, ...], as_tuple] = ()

    def arm(self, name: str) -> Arm:
        """Return the arm of this name; raises InputError with the nearest one."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise InputError(f"study '{self.name}' has no arm {shown(name)}{nearest(name, [a.name for a in self.arms])}")

    def without_data(self, missing: Collection[str]) -> "Study":
        """Return the study without the arms that need one of the `missing` datasets; it remembers them.

        Claims ask for them all the same, so that the other verdicts are the same everywhere. Raises InputError where no
        arm is left.
        """
        here = tuple(arm for arm in self.arms if arm.needs not in missing)
        if len(here) == len(self.arms):
            return self
        if not here:
            needed = sorted({str(arm.needs) for arm in self.arms})
            raise InputError(
                f"study '{self.name}': every arm needs data that is not on this machine: {', '.join(needed)}"
            )
        names = {arm.name for arm in here}
        changes = {
            "arms": here,
            "left_out": (*self.left_out, *(arm for arm in self.arms if arm.name not in names)),
            "ablations": tuple(ablation for ablation in self.ablations if names.issuperset(ablation.arms)),
            "reference": self.reference if self.reference in names else _reference(None, here, self.baseline, ""),
        }
        return self.model_copy(update=changes)

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds at which claims are looked at until they are decided: count, 2·count, … and at_most.

        None where the study claims nothing, or does not say up to how many seeds may be added.
        """
        if not self.claims or self.at_most is None:
            return ()
        doubled = takewhile(lambda seeds: seeds < self.at_most, (self.seeds * 2**i for i in counting()))
        return (*doubled, self.at_most)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that the study goes through."""
        if self.tune is None:
            return ("default",)
        return ("default", "tune", "confirm") if self.tune.default else ("tune", "confirm")

    @property
    def trial_count(self) -> int:
        """Trials of all phases (two cells may share one)."""
        return len(self.arms) * _runs_per_arm(self.tune, self.seeds)

    def tried(self, where: str = "study") -> Iterator[tuple[Arm, Run]]:
        """Yield each arm with every trial, or run of a probe, it is run as, at seed 0: as written (if it is), and at
        each combination.

        Raises InputError for a combination that no trial may have.
        """
        for arm in self.arms:
            if "default" in self.phases:
                yield arm, arm.trial
            for settings in self.tune.combinations() if self.tune else ():
                yield arm, run_from(arm.trial.given() | settings, f"{where}: tune: arm {shown(arm.name)}")

    def trainings(self, where: str = "study") -> Iterator[tuple[Arm, Trial]]:
        """Yield what `tried` does, of a study that trains; a study that probes has nothing here."""
        for arm, run in self.tried(where):
            if isinstance(run, Trial):
                yield arm, run

    def to_record(self) -> dict[str, Any]:
        """Return what study.json holds."""
        # of the baseline what was given: an update rule of an arm fills in its own defaults for the rest
        baseline = self.baseline.model_dump(mode="json", exclude_unset=True)
        without = set() if self.options else {"options"}
        return {"schema": SCHEMA} | self.model_dump(mode="json", exclude=without) | {"baseline": baseline}


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
    name, where, origin, data = find_study(name_or_path)
    return study_from_table(name, read_toml(data, where), where, profile, overrides, seeds, dataset, origin)


def settings_of(name_or_path: str | Path) -> type[Table]:
    """Return what ``--set`` may change of a study: the fields of a trial, or the parameters of its probe."""
    _, where, _, data = find_study(name_or_path)
    return grammar(read_toml(data, where), where).settings


def study_from_table(
    name: str,
    table: dict[str, Any],
    where: str,
    profile: str = "quick",
    overrides: dict[str, Any] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
    origin: str | None = None,
) -> Study:
    """Resolve the tables of a study file; see `load_study`."""
    if profile not in PROFILES:
        raise InputError(f"unknown profile {shown(profile)}{nearest(profile, PROFILES)}; known: {', '.join(PROFILES)}")
    kind = grammar(table, where)
    file = checked(kind, table, where, kind.vocabulary)
    changes = file.profiles.get(profile, ProfileTable())
    chosen = {"--set": dict(overrides or {}), "--dataset": {"dataset": dataset} if dataset else {}}
    for option, settings in chosen.items():
        checked(file.settings, settings, option)
    baseline = run_from(file.start() | changes.start() | chosen["--set"] | chosen["--dataset"], f"{where}: baseline")
    grid = _tuning(file, changes, where)
    tune = grid if grid and grid.seeds else None
    if seeds is not None:
        checked(SeedsTable, {"count": seeds}, "--seeds")
    seeding = checked(SeedsTable, file.seeds.given() | (changes.seeds or SeedsTable()).given(), f"{where}: seeds")
    count = seeds or seeding.count
    _refuse_absurd(file, tune, count, where)
    ablations = ablations_of(file.blocks, where)
    arms = expand(file.blocks, baseline, where)
    for option, settings in chosen.items():
        _refuse_conflict(option, settings, arms, tune, where)
    block = block_of_arm(file.blocks)
    made = tuple(
        _arm(name, settings, baseline, where, *((block[name].name, block[name].needs) if name in block else ()))
        for name, settings in arms.items()
    )
    study = Study(
        name=name,
        title=file.title or name,
        section=file.section,
        question=file.question or "",
        origin=origin,
        probe=getattr(file, "probe", None),
        profile=profile,  # type: ignore[arg-type]
        options=(
            *(word for field, value in chosen["--set"].items() for word in ("--set", f"{field}={setting(value)}")),
            *(("--seeds", str(seeds)) if seeds else ()),
            *(("--dataset", dataset) if dataset else ()),
        ),
        baseline=baseline,
        arms=made,
        ablations=ablations,
        reference=_reference(file.reference, made, baseline, where),
        tune=tune,
        seeds=count,
        at_most=seeding.at_most and max(seeding.at_most, count),
        claims=file.claims,
        figures=file.figures,
    )
    _refuse_inconsistent(study, where)
    refuse_figures(file.figures, study.arms, grid, [ablation.block for ablation in ablations], where)
    refuse_claims(study, grid, where)
    return study


def study_from_record(record: Any, where: str = "study.json", origin: str | None = None) -> Study:
    """Return the study that `Study.to_record` wrote; raises InputError for foreign or newer content."""
    if not isinstance(record, dict) or not isinstance(record.get("schema"), int) or "arms" not in record:
        raise InputError(f"{where}: not a study record")
    if record["schema"] > SCHEMA:
        raise InputError(f"{where}: schema {record['schema']} is newer than this version reads ({SCHEMA})")
    fields = {key: value for key, value in record.items() if key != "schema"}
    if record["schema"] < SCHEMA:
        fields = _without_former_keys(fields)
    baseline = run_from(fields.get("baseline", {}), f"{where}: baseline")
    file = grammar_of(fields.get("probe"), where)
    recorded = checked(_Arms, {"arms": fields["arms"], "left_out": fields.get("left_out", ())}, where)
    made, left_out = (
        tuple(_recorded(arm, file, baseline, where) for arm in arms) for arms in (recorded.arms, recorded.left_out)
    )
    reference = _reference(fields.get("reference"), made, baseline, where)
    made_anew = {"baseline": baseline, "arms": made, "left_out": left_out, "reference": reference, "origin": origin}
    return checked(Study, fields | made_anew, where, file.vocabulary)


def _without_former_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what studies of schema 1 could say and nothing ever read, and the claims of before schema 3.

    Those of schema 1 were never judged, those of schema 2 held a target alone.
    """
    kept = {key: value for key, value in fields.items() if key not in ("kind", "probe", "parameters", "published")}
    return kept | {"claims": []}


class _ArmRecord(Table):
    name: ArmName
    block: ArmName | None = None
    needs: Name | None = None
    settings: dict[str, Any]


class _Arms(Table):
    arms: Annotated[tuple[_ArmRecord, ...], as_tuple]
    left_out: Annotated[tuple[_ArmRecord, ...], as_tuple] = ()


def _recorded(arm: _ArmRecord, file: type[AnyStudyFile], baseline: Run, where: str) -> Arm:
    settings = checked(file.settings, arm.settings, f"{where}: arm {shown(arm.name)}").given()
    return _arm(arm.name, settings, baseline, where, arm.block, arm.needs)


def _arm(
    name: str,
    settings: dict[str, Any],
    baseline: Run,
    where: str,
    block: str | None = None,
    needs: str | None = None,
) -> Arm:
    trial = run_from(baseline.given() | settings, f"{where}: arm {shown(name)}")
    return Arm(name=name, block=block, needs=needs, settings=settings, trial=trial)


def _reference(name: str | None, arms: Sequence[Arm], baseline: Run, where: str) -> str:
    known = [arm.name for arm in arms]
    if name is None:
        return next((arm.name for arm in arms if arm.trial == baseline), known[0])
    if name not in known:
        raise InputError(f"{where}: reference: no arm is named {shown(name)}{nearest(name, known)}")
    return name


def _tuning(file: AnyStudyFile, changes: AnyProfile, where: str) -> TuneTable | None:
    """Return [tune] as the profile changes it; `seeds` is 0 where that switches it off."""
    if not isinstance(file, StudyFile) or not isinstance(changes, ProfileTable) or file.tune is None:
        return None
    tune = checked(TuneTable, file.tune.written() | changes.tune.written(), f"{where}: tune")
    if not tune.grid:
        raise InputError(f"{where}: tune: no field to tune, expected a list such as learning_rate = [0.01, 0.1]")
    return tune


def _runs_per_arm(tune: TuneTable | None, seeds: int) -> int:
    if tune is None:
        return seeds
    tuning = tune.size * tune.seeds * (seeds if tune.per_seed else 1)
    return seeds * tune.default + tuning + seeds


def _refuse_absurd(file: AnyStudyFile, tune: TuneTable | None, seeds: int, where: str) -> None:
    arms = count_arms(file.blocks)
    each = _runs_per_arm(tune, seeds)
    if arms * each > MAX_TRIALS:
        raise InputError(
            f"{where}: {arms:,} arms x {each:,} runs make {arms * each:,} trials, at most {MAX_TRIALS:,} are allowed"
        )


def _refuse_conflict(
    option: str, chosen: dict[str, Any], arms: dict[str, dict[str, Any]], tune: TuneTable | None, where: str
) -> None:
    """Raise InputError for a setting that an arm has of its own, or that none would be run with."""
    for field in chosen:
        if tune is not None and not tune.default and field in tune.grid:
            raise InputError(f"{option}: {field} is what {where} tunes, and it runs no arm as written")
    for name, settings in arms.items():
        for field in chosen:
            if field in settings:
                raise InputError(f"{option}: {field} is what the arms of {where} vary (arm {shown(name)} sets it)")


NOT_TUNED = ("loss", "monitor")
"""What changes the meaning of the loss that tuning goes by."""


def _refuse_inconsistent(study: Study, where: str) -> None:
    for field in NOT_TUNED:
        if study.tune and field in study.tune.grid:
            raise InputError(f"{where}: tune: {field} cannot be tuned, for validation losses would not compare by it")
    tuned = set(study.tune.grid if study.tune else ()) - {"learning_rate"}
    for arm in study.arms:
        for field in tuned & set(arm.settings):
            raise InputError(f"{where}: tune: {field} is what the arms vary (arm {shown(arm.name)} sets it)")
    for arm, trial in study.trainings(where):
        if study.tune and trial.monitor == "validation" and trial.val_size == 0:
            raise InputError(f"{where}: tune: reads the validation images, but val_size is 0 (arm {shown(arm.name)})")
        if study.claims and trial.monitor == "test":
            raise InputError(f"{where}: claims: barred where the test set is monitored (arm {shown(arm.name)})")
