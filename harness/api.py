"""The harness from Python: what the commands do, with DataFrames instead of printing."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness import training
from harness.datasets import Dataset
from harness.errors import InputError
from harness.processes.executor import cores
from harness.results.files import default_folder
from harness.results.frames import Results, load_results
from harness.spec import Study, Trial, load_study
from harness.sweep.runner import refuse_undecidable, run_studies

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Trained(training.TrainResult):
    """What `train` returns: a record, a network (`harness.training.trained`), and the picture of its curve."""

    def plot_curve(self, ax: "Axes | None" = None, what: Literal["loss", "accuracy"] = "loss") -> "Axes":
        """Draw the loss or the accuracy along the training into `ax` (None: into a figure of its own); return the axes.

        Validation images are always there, training images where the trial says `evaluate_train`.
        """
        from harness.report.figures.learning import learning_curve
        from harness.report.figures.style import house_style

        with house_style():
            return learning_curve(self.curve, what, ax=ax)


def train(
    trial: Trial,
    dataset: Dataset | None = None,
    on_evaluation: Callable[[dict[str, Any]], None] | None = None,
) -> Trained:
    """Train one network, as `harness.training.train` does; the result also draws its curve."""
    return Trained(**vars(training.train(trial, dataset, on_evaluation)))


def run(
    *studies: str | Path | Study,
    profile: str = "quick",
    settings: Mapping[str, Any] | None = None,
    seeds: int | None = None,
    dataset: str | None = None,
    results: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    until: Literal["decided"] | None = None,
    budget: float | None = None,
) -> Results:
    """Run studies, given by name, path or as `Study`, and return all that the results folder then holds.

    `settings` change fields of the baseline, as ``--set`` does; they, `seeds` and `dataset` do not apply to a
    `Study`, which is resolved already. `results` defaults to results/local/<profile>, `jobs` to the cores there are.
    `until` and `budget` (in seconds) are those of the command. Finished trials are not run again. A trial that fails
    is a row with its reason. After Ctrl-C what is finished is kept and KeyboardInterrupt raised; SIGTERM ends the
    process alike. Raises InputError.
    """
    if not studies:
        raise InputError("run: no study given")
    resolved = [
        study if isinstance(study, Study) else load_study(study, profile, dict(settings or {}), seeds, dataset)
        for study in studies
    ]
    folder = Path(results) if results is not None else default_folder("results", profile)
    if until is not None:
        refuse_undecidable(resolved)
    summary = run_studies(resolved, folder, jobs or cores(), scheduler, until_decided=until is not None, budget=budget)
    if summary.signal is not None:
        kept = f"{summary.missing} trials are missing in {folder}; the same call goes on where it stopped"
        raise KeyboardInterrupt(kept) if summary.signal == signal.SIGINT else SystemExit(128 + summary.signal)
    return load_results(folder)
