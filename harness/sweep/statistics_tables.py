"""The tables of statistics in a study's folder: made from its trials each time the tables of its trials are."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.results.files import write_atomically

if TYPE_CHECKING:
    from harness.results.frames import Results


def write_statistics(folder: Path, results: "Results") -> None:
    """Rewrite summary.csv and differences.csv of a study folder from its results, each whole or not at all."""
    from harness.statistics import tables  # loads pandas, which the start of a run need not wait for

    for name, frame in (("summary", tables.summary(results)), ("differences", tables.differences(results))):
        write_atomically(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
