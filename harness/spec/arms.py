"""From the blocks of a study file to its arms: named settings, in the order written."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from harness.errors import InputError
from harness.spec.ablation import Ablation, ablation, combinations, settings_of
from harness.spec.probes import Run
from harness.spec.schema import Block
from harness.spec.validation import LONGEST_NAME, shown
from harness.text import setting

Settings = dict[str, Any]
BASELINE = "baseline"
LISTED = 6
"""Equal widths up to so many stand one by one in a name; more are counted (``hidden=50x64``)."""


def count_arms(blocks: Sequence[Block]) -> int:
    """Return how many arms the blocks make, without making them."""
    return sum(_size(block) for block in blocks) or 1


def expand(blocks: Sequence[Block], baseline: Run, where: str) -> dict[str, Settings]:
    """Return the settings of each arm by its name; no block at all is the baseline alone.

    Values tried one at a time are compared with the baseline, so it leads the arms unless one is equal to it.
    Raises InputError when two arms have the same name.
    """
    arms: dict[str, Settings] = {}
    for index, block in enumerate(blocks):
        for name, settings in _arms_of(block):
            if name in arms:
                raise InputError(f"{where}: blocks[{index}]: duplicated arm {shown(name)}")
            if len(name) > LONGEST_NAME:
                raise InputError(
                    f"{where}: blocks[{index}]: an arm would be called {shown(name)}, {len(name)} letters of at most "
                    f"{LONGEST_NAME}; shorten the names that it is made of"
                )
            arms[name] = settings
    if any(block.one_at_a_time for block in blocks) and not any(
        all(getattr(baseline, field) == value for field, value in settings.items()) for settings in arms.values()
    ):
        if BASELINE in arms:
            raise InputError(f"{where}: arm '{BASELINE}' differs from the baseline; give it another name")
        arms = {BASELINE: {}} | arms
    return arms or {BASELINE: {}}


def block_of_arm(blocks: Sequence[Block]) -> dict[str, Block]:
    """Return the block by the name of the arm."""
    return {name: block for block in blocks for name, _ in _arms_of(block)}


def ablations_of(blocks: Sequence[Block], where: str) -> tuple[Ablation, ...]:
    """Return the ablations of a study, in the order written; raises InputError for two that share a name."""
    found: list[Ablation] = []
    for index, block in enumerate(blocks):
        if block.ablate is not None:
            found.append(ablation(block.name, block.ablate))
            if any(other.block == found[-1].block for other in found[:-1]):
                raise InputError(
                    f"{where}: blocks[{index}]: ablate: a second block that ablates needs a name of its own"
                )
    return tuple(found)


def arm_name(settings: Settings) -> str:
    """Return the name of an unnamed arm: what sets it apart (``dropout=0.5, hidden=64-64``)."""
    return ", ".join(f"{field}={_word(value)}" for field, value in sorted(settings.items()))


def _size(block: Block) -> int:
    kind, content = block.written()
    if kind == "arms":
        return len(content)
    if kind == "ablate":
        return int(2 ** len(content))
    lengths = [len(values) for values in content.given().values()]
    return {"grid": math.prod(lengths), "zip": lengths[0], "one_at_a_time": sum(lengths) + 1}[kind]


def _arms_of(block: Block) -> list[tuple[str, Settings]]:
    kind, content = block.written()
    if kind == "arms":
        return [(name, settings.given()) for name, settings in content.items()]
    if kind == "ablate":
        found = combinations(block.name, tuple(content))
        return [(name, settings_of(content.values(), has)) for name, has in found.items()]
    lists = content.given()
    if kind == "one_at_a_time":
        combined = [{field: value} for field, values in lists.items() for value in values]
    else:
        rows = itertools.product(*lists.values()) if kind == "grid" else zip(*lists.values(), strict=True)
        combined = [dict(zip(lists, row, strict=True)) for row in rows]
    return [(arm_name(settings), settings) for settings in combined]


def _word(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > LISTED and len(set(value)) == 1:
        return f"{len(value)}x{value[0]}"
    return "-".join(map(str, value)) or "none" if isinstance(value, tuple) else setting(value)
