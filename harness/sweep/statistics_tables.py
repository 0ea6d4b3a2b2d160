"""The tables of statistics in a study's folder: made from its trials each time the tables of its trials are."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.results.files import write_atomically

if TYPE_CHECKING:
    from pandas import DataFrame

    from harness.results.frames import Results


def write_statistics(folder: Path, results: "Results") -> None:
    """Rewrite the tables of statistics of a study folder from its results, each whole or not at all."""
    from harness.statistics.effect_table import effects  # pandas, which the start of a run need not wait for
    from harness.statistics.tables import differences, summary
    from harness.statistics.verdict_table import verdicts

    for table in (summary, differences, verdicts, effects):
        _write(folder, table.__name__, table(results))


def write_every_pair(folder: Path, results: "Results") -> None:
    """Rewrite differences.csv of a study folder with every pair of arms, however many they are."""
    from harness.statistics.tables import differences

    _write(folder, "differences", differences(results, every_pair=True))


def _write(folder: Path, name: str, table: "DataFrame") -> None:
    write_atomically(folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
