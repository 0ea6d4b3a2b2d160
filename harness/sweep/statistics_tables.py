"""The tables of statistics in a study's folder: made from its trials each time the tables of its trials are."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.results.files import write_atomically

if TYPE_CHECKING:
    from harness.results.frames import Results


def write_statistics(folder: Path, results: "Results") -> None:
    """Rewrite summary.csv, differences.csv and verdicts.csv of a study folder, each whole or not at all."""
    from harness.statistics.tables import differences, summary  # pandas, which the start of a run need not wait for
    from harness.statistics.verdict_table import verdicts

    for table in (summary, differences, verdicts):
        write_atomically(folder / f"{table.__name__}.csv", table(results).to_csv(index=False, lineterminator="\n"))
