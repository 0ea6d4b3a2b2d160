"""The grammar of a study file: each class is one TOML table, each field one key."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from harness.spec.names import Kind, Profile
from harness.spec.trial import Settings
from harness.spec.validation import Table, as_tuple, refusal, shown


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise refusal(f"found {shown(text)}, expected one line of printable text")
    return text


Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
ArmName = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
SeedCount = Annotated[int, Field(ge=1, le=1000)]
TuningSeeds = Annotated[int, Field(ge=0, le=1000)]  # 0 is no tuning
Rate = Annotated[float, Field(gt=0)]
Rates = Annotated[tuple[Rate, ...], as_tuple, Field(min_length=1, max_length=1000)]


class Seedless(Table):
    """A table that cannot set `seed`, for a study counts its own seeds."""

    @model_validator(mode="before")
    @classmethod
    def _no_seed(cls, values: Any) -> Any:
        if isinstance(values, dict) and "seed" in values:
            raise refusal("seed: the seeds of a study come from its [seeds] table or --seeds")
        return values


class StudySettings(Settings, Seedless):
    """Some fields of a trial: the baseline of a study, or what an arm changes in it."""


def _several(name: str) -> Any:
    field = Settings.model_fields[name]
    value: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return Annotated[tuple[value, ...], as_tuple, Field(min_length=1, max_length=10_000)]


_Lists: Any = create_model(  # type: ignore[call-overload]
    "_Lists",
    __base__=Seedless,
    **{name: (_several(name) | None, None) for name in Settings.model_fields if name != "seed"},
)


class Sweep(_Lists):
    """Lists of values for some fields of a trial."""


class Block(Table):
    """One way to write several arms."""

    arms: Annotated[dict[ArmName, StudySettings], Field(min_length=1)] | None = None
    grid: Sweep | None = None  # the product of the lists
    zip: Sweep | None = None  # the first values together, the second ones together, …
    one_at_a_time: Sweep | None = None  # each value alone, beside the baseline

    @model_validator(mode="after")
    def _one_kind(self) -> "Block":
        given = self.given()
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise refusal(f"found {found}, expected one of arms, grid, zip, one_at_a_time in each block")
        (kind, content), *_ = given.items()
        lists = {} if kind == "arms" else content.given()
        if kind != "arms" and not lists:
            raise refusal(f"{kind}: empty, expected at least one field with a list of values")
        lengths = {name: len(values) for name, values in lists.items()}
        if kind == "zip" and len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise refusal(f"zip: lists of one length expected, but {told}")
        return self


class TuneTable(Table):
    """Every arm gets the same learning rates and the same number of tuning seeds."""

    learning_rate: Rates
    seeds: TuningSeeds = 2


class TuneOverride(Table):
    """What a profile changes in [tune]; `seeds = 0` switches tuning off."""

    learning_rate: Rates | None = None
    seeds: TuningSeeds | None = None


class SeedsTable(Table):
    """Seeds 0, 1, 2, … of the default phase, and as many fresh ones of the confirm phase."""

    count: SeedCount = 10


class ProfileTable(Table):
    """What a profile changes in the study."""

    baseline: StudySettings = StudySettings()
    tune: TuneOverride = TuneOverride()
    seeds: SeedsTable | None = None


class Claim(Table):
    """A statement of the tutorial that the study judges: one arm is better, or some are equivalent."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
    text: Line
    metric: Line  # a column of the trials, or time_to_target, …
    better: ArmName | None = None
    than: Annotated[tuple[ArmName, ...], as_tuple] = ()
    equivalent: Annotated[tuple[ArmName, ...], as_tuple] = ()
    margin: Annotated[float, Field(gt=0)] | None = None
    target: float | None = None  # of time_to_target
    where: dict[str, str | int | float | bool] = Field(default={})

    @model_validator(mode="after")
    def _one_form(self) -> "Claim":
        if (self.better is None) == (not self.equivalent):
            raise refusal('expected either better = "arm" with than = ["arm"], or equivalent = ["a", "b"]')
        if self.better is not None and (not self.than or self.better in self.than):
            raise refusal(f"than: found {shown(self.than)}, expected at least one arm other than {self.better!r}")
        if self.equivalent and (len(set(self.equivalent)) < 2 or self.margin is None):
            raise refusal("equivalent: expected two different arms or more, and a margin")
        return self


def _number_of_runs(text: str) -> str:
    if not re.fullmatch(r"one_run|mean|best_of_[1-9]\d?", text):
        raise refusal(f"found {shown(text)}, expected one_run, mean or best_of_N")
    return text


class Published(Table):
    """A number from the literature that an arm of the study repeats."""

    arm: ArmName | None = None
    metric: Line = "test_accuracy"
    select: Literal["last_epoch", "best_epoch"] = "last_epoch"
    of: Annotated[str, AfterValidator(_number_of_runs)] = "one_run"
    value: float
    source: Line
    note: Line | None = None


SUMMARY_COLUMNS = ("study", "arm", "phase", "metric", "n", "lost", "median", "mean", "low", "high")
DIFFERENCES_COLUMNS = (
    "study", "phase", "metric", "a", "b", "n", "difference", "low", "high", "share", "p", "p_adjusted",
)  # fmt: skip
"""Of summary.csv and differences.csv in a study's results folder."""


class StudyFile(Table):
    """A whole study file."""

    title: Line | None = None
    section: Line | None = None  # of the tutorial
    question: Line | None = None
    kind: Kind = "training"
    probe: Line | None = None
    parameters: dict[str, Any] = Field(default={})  # of the probe
    baseline: StudySettings = StudySettings()
    blocks: Annotated[tuple[Block, ...], as_tuple] = ()
    tune: TuneTable | None = None
    seeds: SeedsTable = SeedsTable()
    profiles: dict[Profile, ProfileTable] = Field(default={})
    claims: Annotated[tuple[Claim, ...], as_tuple] = ()
    published: Annotated[tuple[Published, ...], as_tuple] = ()

    @model_validator(mode="after")
    def _kind_and_probe_agree(self) -> "StudyFile":
        if (self.kind == "probe") != (self.probe is not None):
            raise refusal('probe: expected with kind = "probe", and only there')
        if self.parameters and self.kind != "probe":
            raise refusal('parameters: belong to kind = "probe" only')
        return self
