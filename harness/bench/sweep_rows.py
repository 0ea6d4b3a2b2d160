"""A whole sweep, arms × seeds with all evaluations: ours, and the same written well in other libraries."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from harness.bench import sweep_times as sweep
from harness.bench.bench_folder import Tell
from harness.bench.contenders import OURS
from harness.bench.timing import rotations
from harness.errors import HarnessError

ACCURACY_OFF = 0.02
"""A peer whose mean test accuracy differs from ours by more trains something else."""
ALL = "all arms"


def sweep_rows(asks: dict[str, Callable[..., Any]], tell: Tell) -> pd.DataFrame:
    """Let each contender train every arm's seeds, one arm after the other, each in the process behind its `ask`.

    Returns sweep.csv: a row an arm and contender, and one for all arms together of a contender that trained them all.
    """
    contenders = [name for name in asks if name == OURS or name in sweep.PEERS]
    rows: list[dict[str, Any]] = []
    for arm, order in zip(sweep.ARMS, rotations(contenders, len(sweep.ARMS)), strict=True):
        tell(f"sweep: {arm}")
        found = {name: _measured(name, arm, asks[name], tell) for name in order}
        ours = found[OURS]
        assert ours is not None
        for name in contenders:
            theirs = found[name]
            if theirs is None:
                continue
            if abs(theirs["test_accuracy"] - ours["test_accuracy"]) > ACCURACY_OFF:
                tell(f"left out: {name}, whose accuracy is {100 * theirs['test_accuracy']:.2f} % where ours is "
                     f"{100 * ours['test_accuracy']:.2f} %")  # fmt: skip
                continue
            rows.append({"arm": arm, "contender": name, **theirs, "ratio": theirs["seconds"] / ours["seconds"]})
    frame = pd.DataFrame(rows)
    return pd.concat([frame, _sums(frame)], ignore_index=True)


def _measured(name: str, arm: str, ask: Callable[..., Any], tell: Tell) -> dict[str, float] | None:
    """Return what an arm took; None, and `tell` says so, for a peer that fails."""
    try:
        return ask(sweep.prepare, name, arm) | ask(sweep.run)
    except HarnessError as error:
        if name == OURS:
            raise
        tell(f"left out: {name} ({error})")
        return None


def _sums(frame: pd.DataFrame) -> pd.DataFrame:
    whole = frame.groupby("contender", sort=False).filter(lambda rows: len(rows) == len(sweep.ARMS))
    sums = whole.groupby("contender", sort=False)[["seconds", "start_seconds"]].sum().reset_index()
    ours = float(sums.loc[sums["contender"] == OURS, "seconds"].iloc[0])
    return sums.assign(arm=ALL, ratio=sums["seconds"] / ours)
