"""The grammar of a study file: each class is one TOML table, each field one key."""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, create_model, model_serializer, model_validator
from pydantic.fields import FieldInfo

from harness.spec.ablation import Ablate
from harness.spec.arm_settings import ArmName, Seedless, StudySettings
from harness.spec.claim_table import Claim
from harness.spec.figures import TRAINING, FigureTable, Vocabulary
from harness.spec.names import Profile
from harness.spec.trial import Name, Settings
from harness.spec.validation import Line, Table, as_tuple, refusal, shown

SeedCount = Annotated[int, Field(ge=1, le=1000)]
TuningSeeds = Annotated[int, Field(ge=0, le=1000)]  # 0 is no tuning


def _several(field: FieldInfo) -> Any:
    value: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return Annotated[tuple[value, ...], as_tuple, Field(min_length=1, max_length=10_000)]


def lists_of(table: type[Table], names: Iterable[str]) -> Any:
    """Return a table in which each of these fields of `table` may have a list of values."""
    fields: Any = {name: (_several(table.model_fields[name]) | None, None) for name in names}
    return create_model("Lists", __base__=Seedless, **fields)


_Lists: Any = lists_of(Settings, [name for name in Settings.model_fields if name != "seed"])


class Sweep(_Lists):
    """Lists of values for some fields of a trial."""


class Block(Table):
    """One way to write several arms."""

    name: ArmName | None = None  # used like a field by claims and figures
    needs: Name | None = None  # a dataset; where it is not on the machine, the arms are left out
    arms: Annotated[dict[ArmName, StudySettings], Field(min_length=1)] | None = None
    grid: Sweep | None = None  # the product of the lists
    zip: Sweep | None = None  # the first values together, the second ones together, …
    one_at_a_time: Sweep | None = None  # each value alone, beside the baseline
    ablate: Ablate | None = None  # factor = [without, with]: every combination of the factors

    @model_validator(mode="after")
    def _one_kind(self) -> "Block":
        given = {key: content for key, content in self.given().items() if key not in ("name", "needs")}
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise refusal(f"found {found}, expected one of arms, grid, zip, one_at_a_time, ablate in each block")
        (kind, content), *_ = given.items()
        if kind in ("arms", "ablate"):
            return self
        lists = content.given()
        if not lists:
            raise refusal(f"{kind}: empty, expected at least one field with a list of values")
        lengths = {name: len(values) for name, values in lists.items()}
        if kind == "zip" and len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise refusal(f"zip: lists of one length expected, but {told}")
        return self

    def written(self) -> tuple[str, Any]:
        """Return the kind of the block and what stands there."""
        return next((key, content) for key, content in self.given().items() if key not in ("name", "needs"))


class TuneTable(_Lists):
    """The same grid of settings and the same number of tuning seeds for every arm; in a profile, what it changes.

    Any fields of a trial may have a list of values; several lists make a grid.
    """

    seeds: TuningSeeds = 2  # 0 switches tuning off
    per_seed: bool = False  # confirming seed i is tuned by itself, on tuning seeds of its own
    default: bool = True  # false: no arm is run as written
    _order: tuple[str, ...] = PrivateAttr(())  # the tuned fields as they were written

    @model_validator(mode="wrap")
    @classmethod
    def _keep_the_order(cls, values: Any, validate: Callable[[Any], Self]) -> Self:
        table = validate(values)
        if isinstance(values, dict):
            table._order = tuple(name for name in values if name in Settings.model_fields)
        return table

    @model_validator(mode="after")
    def _no_value_twice(self) -> Self:
        for name, values in self.given().items():
            for value in values if isinstance(values, tuple) else ():
                if values.count(value) > 1:
                    raise refusal(f"{name}: found {shown(value)} twice")
        return self

    @property
    def grid(self) -> dict[str, tuple[Any, ...]]:
        """The values to try of each tuned field, in the order written."""
        return {name: getattr(self, name) for name in self._order}

    @property
    def size(self) -> int:
        """How many combinations the grid has."""
        return math.prod(len(values) for values in self.grid.values())

    def combinations(self) -> list[dict[str, Any]]:
        """Return every combination of the grid; the last field changes fastest."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]

    def written(self) -> dict[str, Any]:
        """Return the table as it was written."""
        return self.grid | {name: value for name, value in self.given().items() if name not in self.grid}

    @model_serializer
    def _whole(self) -> dict[str, Any]:
        return self.grid | {"seeds": self.seeds, "per_seed": self.per_seed, "default": self.default}


class SeedsTable(Table):
    """Seeds 0, 1, 2, … of the default phase, and as many fresh ones of the confirm phase."""

    count: SeedCount = 10
    at_most: SeedCount | None = None  # up to here seeds may be added while a claim is open; None: count

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.at_most is not None and self.at_most < self.count:
            raise refusal(f"at_most: found {self.at_most}, expected at least count, {self.count}")
        return self


class AnyProfile(Table):
    """What a profile changes in any study."""

    seeds: SeedsTable | None = None

    def start(self) -> dict[str, Any]:
        """Return what every arm starts from, as far as it is written here."""
        return {}


class ProfileTable(AnyProfile):
    """What a profile changes in a study that trains."""

    baseline: StudySettings = StudySettings()
    tune: TuneTable = TuneTable()

    def start(self) -> dict[str, Any]:
        return self.baseline.given()


SUMMARY_COLUMNS = (
    "study", "arm", "phase", "metric", "n", "lost", "median", "mean", "low", "high", "low_images", "high_images",
)  # fmt: skip
DIFFERENCES_COLUMNS = (
    "study", "phase", "metric", "a", "b", "n", "difference", "low", "high", "share", "p", "p_adjusted",
)  # fmt: skip
EFFECTS_COLUMNS = ("study", "block", "metric", "kind", "factors", "n", "effect", "low", "high", "p", "p_adjusted")
VERDICTS_COLUMNS = (
    "study", "id", "phase", "condition", "verdict", "metric", "n", "effect", "low", "high", "share", "p", "p_adjusted",
    "seeds_to_decide", "stated", "text",
)  # fmt: skip
"""Of summary.csv, differences.csv, effects.csv and verdicts.csv in a study's results folder."""


class AnyStudyFile(Table):
    """What every study file may say."""

    not_yet: ClassVar = ("published",)
    settings: ClassVar[type[Table]]  # what an arm may change
    vocabulary: ClassVar[Vocabulary]  # what figures and claims may name

    title: Line | None = None
    section: Line | None = None  # of the tutorial
    question: Line | None = None
    kind: Literal["training", "probe"] = "training"
    reference: ArmName | None = None  # the arm that others are compared with; None: the baseline, else the first
    blocks: Annotated[tuple[Block, ...], as_tuple] = ()
    seeds: SeedsTable = SeedsTable()
    claims: Annotated[tuple[Claim, ...], as_tuple] = ()
    figures: Annotated[tuple[FigureTable, ...], as_tuple] = ()
    profiles: Any  # what each profile changes, by its name

    @model_validator(mode="after")
    def _names_of_blocks_differ(self) -> Self:
        names = [block.name for block in self.blocks if block.name is not None]
        for name in names:
            if names.count(name) > 1:
                raise refusal(f"blocks: duplicated name {shown(name)}")
        return self

    @model_validator(mode="after")
    def _claims_differ(self) -> Self:
        ids = [claim.id for claim in self.claims]
        for name in ids:
            if ids.count(name) > 1:
                raise refusal(f"claims: duplicated id {shown(name)}")
        return self

    def start(self) -> dict[str, Any]:
        """Return what every arm starts from."""
        raise NotImplementedError


class StudyFile(AnyStudyFile):
    """The file of a study that trains; that of one that probes stands in `harness.spec.probe_file`."""

    settings: ClassVar = StudySettings
    vocabulary: ClassVar = TRAINING

    baseline: StudySettings = StudySettings()
    tune: TuneTable | None = None
    profiles: dict[Profile, ProfileTable] = Field(default={})

    def start(self) -> dict[str, Any]:
        return self.baseline.given()
