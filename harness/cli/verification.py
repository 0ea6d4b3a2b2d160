"""The command verify: recorded rows are trained again."""

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Jobs, Quiet, Sample
from harness.cli.shared import helped
from harness.errors import HarnessError, InputError
from harness.text import counted

if TYPE_CHECKING:
    from harness.statistics.intervals import Interval
    from harness.sweep.verify import Verification

LISTED = 10  # rows that differ


@helped(
    """Train rows of a results folder again, drawn at random: are the weights the same? Exit 1 where they are not.

    With --adopt, after an edit of kernels, training or datasets that should change no result: rows are drawn among
    those that the edit made stale. If all come out the same, what the old sources recorded counts as recorded by the
    new ones, and a run trains nothing again. If one differs, nothing is adopted.

    Example: harness verify results --sample 20
    """
)
def verify(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Results folder, your own or somebody else's.")],
    sample: Sample = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Let stale rows count, if a sample is the same.")] = False,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    from harness.processes.executor import cores
    from harness.sweep import verify as verifying
    from harness.sweep.progress import Progress, progress_display

    if adopt and sample is not None:
        raise InputError("--sample and --adopt exclude each other: how many rows an adoption draws is fixed")
    progress = Progress() if quiet else progress_display()
    if adopt:
        found = verifying.adopt(results, jobs or cores(), progress)
    else:
        found = verifying.verify(results, sample or verifying.ENOUGH, jobs or cores(), progress)
    for reason, count in found.left_out.items():
        print(f"left out: {counted(count, 'row')} ({reason})")
    if adopt and not found.rows:
        print(f"{results}: no row is stale, so there is nothing to adopt")
        return
    if not found.rows:
        raise HarnessError(f"{results}: no row that can be trained again")
    _tell(found, "stale row" if adopt else "row")
    if adopt and found.different:
        raise HarnessError(f"nothing is adopted: {len(found.different)} of {len(found.again)} rows differ")
    if adopt:
        print("adopted: all stale rows count as made by the present sources; a run trains none of them again")
    elif not found.alike:
        raise HarnessError(f"{results}: {len(found.different)} of {len(found.again)} rows differ")


def _tell(found: "Verification", row: str) -> None:
    from harness.statistics.intervals import largest_share_unseen

    n, more = found.at_random, len(found.again) - found.at_random
    drawn = f"all {counted(n, row)}" if n == found.rows else f"{n} of {counted(found.rows, row)}, drawn at random,"
    covering = f" and {more} more, so that every choice in use is among them," if more else ""
    same = "all are" if not found.different else f"{len(found.again) - len(found.different)} are"
    print(f"{drawn}{covering} trained again: {same} the same, weights and figures, bit for bit")
    elsewhere = Counter(again.machine for again in found.again if again.machine)
    for machine, count in elsewhere.items():
        print(f"{counted(count, row)} made on another kind of machine: {machine}")
    for again in found.different[:LISTED]:
        made = "; it was made by other sources" if again.row.stale else ""
        trial = f"{again.row.study}, trial {again.row.trial_id}, seed {again.row.trial.seed}"
        print(f"differs: {trial}: {again.difference}{made}")
    if len(found.different) > LISTED:
        print(f"… and {len(found.different) - LISTED} more")
    if not found.different and n < found.rows:
        share = math.ceil(1000 * largest_share_unseen(n)) / 10
        print(f"so at most {share:g} % of the {counted(found.rows, row)} can differ, at 95 % confidence")
    elif found.different and (apart := found.points_elsewhere):
        print(
            f"last bits may differ between machines, so accuracies are compared: now {apart.mean:+.2f} points in the "
            f"mean of {counted(apart.n, 'row')} that differ{_interval(apart)}"
        )


def _interval(apart: "Interval") -> str:
    return f" (95 % interval {apart.low:+.2f} to {apart.high:+.2f})" if apart.n > 1 else ", which bounds no interval"
