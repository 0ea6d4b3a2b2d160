"""The tables of statistics in a study's folder, and the images that it draws: made from its trials each time the
tables of its trials are."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.results.files import write_atomically
from harness.results.predictions import labels_key, write_images
from harness.spec.figures import matching

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray
    from pandas import DataFrame

    from harness.results.frames import Results
    from harness.spec.study import Study


def write_statistics(folder: Path, results: "Results") -> None:
    """Rewrite the tables of statistics of a study folder from its results, each whole or not at all."""
    from harness.statistics.effect_table import effects  # pandas, which the start of a run need not wait for
    from harness.statistics.tables import differences, summary
    from harness.statistics.verdict_table import verdicts

    for table in (summary, differences, verdicts, effects):
        _write(folder, table.__name__, table(results))
    for study in results.studies.values():
        write_images(folder, drawn_images(study, results))


def write_every_pair(folder: Path, results: "Results") -> None:
    """Rewrite differences.csv of a study folder with every pair of arms, however many they are."""
    from harness.statistics.tables import differences

    _write(folder, "differences", differences(results, every_pair=True))


def drawn_images(study: "Study", results: "Results") -> "dict[tuple[str, int], NDArray[uint8]]":
    """Return the pixels (rows, columns) that the figures of a study draw, by test set and place; none where the data
    is not on the machine any more."""
    import numpy as np

    from harness.datasets import load_dataset
    from harness.statistics.images import separating

    found = {}
    for figure in (figure for figure in study.figures if figure.form == "images"):
        trials = results.trials_of(study.name)
        trials = trials[trials["arm"].isin(matching(figure.where, study.arms))]
        table, labels, _ = separating(trials, results.predictions)
        for name in dict.fromkeys(trials["dataset"]) if len(table) else ():
            with suppress(HarnessError):
                data = load_dataset(name)
                if np.array_equal(data.test_labels[: len(labels)], labels):
                    for place in table["image"].unique():
                        found[labels_key(labels), int(place)] = data.test_images[place].reshape(data.image_shape)
    return found


def _write(folder: Path, name: str, table: "DataFrame") -> None:
    write_atomically(folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
