"""The exports for people and pandas, made from the journal each time: trials.csv, and curves.csv and layers.csv of a
training or rows.csv of a probe."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.results.files import write_atomically

if TYPE_CHECKING:
    from harness.results.frames import Results


def write_tables(folder: Path) -> "Results":
    """Rewrite the CSV files of a study folder from its journal, each whole or not at all; return what they hold."""
    from harness.results.frames import load_study_results  # loads pandas, which the start of a run need not wait for

    results = load_study_results(folder)
    probes = any(study.probe for study in results.studies.values())
    beside = {"rows": results.rows} if probes else {"curves": results.curves, "layers": results.layers}
    for name, frame in ({"trials": results.trials} | beside).items():
        write_atomically(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    return results
