"""An ablation: ingredients that are left out or put in, in every combination, and what each combination is called."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from harness.errors import nearest
from harness.spec.arm_settings import ArmName, StudySettings
from harness.spec.trial import Settings
from harness.spec.validation import Table, as_tuple, refusal, shown

MOST_FACTORS = 8
JOINT = " + "
NOTHING, EVERYTHING = "nothing", "everything"
UNNAMED = "ablate"


def _unmistakable(name: str) -> str:
    if name in (NOTHING, EVERYTHING) or JOINT in name:
        raise refusal(
            f"found {shown(name)}; '{NOTHING}', '{EVERYTHING}' and what has '{JOINT}' in it are names of combinations"
        )
    return name


FactorName = Annotated[ArmName, Field(max_length=60), AfterValidator(_unmistakable)]
Level = Annotated[StudySettings, PlainSerializer(lambda level: level.model_dump(mode="json", exclude_unset=True))]
Levels = Annotated[tuple[Level, Level], as_tuple]
"""The settings [without, with] an ingredient."""


def _as_settings(factors: Any) -> Any:
    """Write each level as a table: a value alone is one of the field that the factor is called by."""
    if not isinstance(factors, dict):
        return factors
    return {name: _both(name, levels) for name, levels in factors.items()}


def _both(name: str, levels: Any) -> list[Any]:
    if not isinstance(levels, list | tuple) or len(levels) != 2:
        raise refusal(f"{name}: found {shown(levels)}, expected [without, with]")
    if name not in Settings.model_fields and not all(isinstance(level, dict | StudySettings) for level in levels):
        hint = nearest(str(name), Settings.model_fields)
        raise refusal(
            f"{name}: found {shown(levels)}; a factor whose levels are values is called by their field{hint}, any "
            "other name takes two tables of settings"
        )
    return [level if isinstance(level, dict | StudySettings) else {name: level} for level in levels]


def _distinct(factors: dict[str, tuple[StudySettings, StudySettings]]) -> Any:
    if not 1 <= len(factors) <= MOST_FACTORS:
        raise refusal(f"found {len(factors)} factors, expected 1 to {MOST_FACTORS}")
    setter: dict[str, str] = {}
    for name, (without, with_it) in factors.items():
        if without.given() == with_it.given():
            raise refusal(f"{name}: both levels are the same")
        for field in {**without.given(), **with_it.given()}:
            if setter.setdefault(field, name) != name:
                raise refusal(f"{setter[field]} and {name} both set {field}; each field belongs to one factor")
    return factors


Ablate = Annotated[dict[FactorName, Levels], BeforeValidator(_as_settings), AfterValidator(_distinct)]
"""A `[blocks.ablate]` table: the levels of each factor by its name."""


class Factor(Table):
    """One ingredient, and the settings [without, with] it."""

    name: FactorName
    levels: Levels


class Ablation(Table):
    """An ablate block: its factors, and of each arm whether it has them, in their order.

    `block` is the name of the block, or "ablate" for the one that has none.
    """

    block: ArmName = UNNAMED
    factors: Annotated[tuple[Factor, ...], as_tuple]
    arms: dict[str, Annotated[tuple[bool, ...], as_tuple]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the factors."""
        return tuple(factor.name for factor in self.factors)


def ablation(block: str | None, factors: dict[str, tuple[StudySettings, StudySettings]]) -> Ablation:
    """Return what a study remembers of an ablate block."""
    made = tuple(Factor(name=name, levels=levels) for name, levels in factors.items())
    return Ablation(block=block or UNNAMED, factors=made, arms=combinations(block, tuple(factors)))


def combinations(block: str | None, factors: Sequence[str]) -> dict[str, tuple[bool, ...]]:
    """Return every combination by the name of its arm, from nothing to everything; the last factor changes fastest.

    An arm is called by the ingredients that it has, and those of a block with a name by that name first: two blocks
    may ablate, and no arm is called otherwise because another factor is written below.
    """
    lead = f"{block}: " if block else ""
    found = itertools.product((False, True), repeat=len(factors))
    return {lead + _called(factors, has): has for has in found}


def settings_of(factors: Iterable[tuple[StudySettings, StudySettings]], has: Sequence[bool]) -> dict[str, Any]:
    """Return what an arm with these levels sets."""
    return {
        field: value
        for levels, level in zip(factors, has, strict=True)
        for field, value in levels[level].given().items()
    }


def _called(factors: Sequence[str], has: Sequence[bool]) -> str:
    if all(has):
        return EVERYTHING
    return JOINT.join(itertools.compress(factors, has)) or NOTHING
