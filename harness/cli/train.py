"""The command on one network: train."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.options import Data, PlotFile, SaveFile, Settings
from harness.cli.shared import NUMBERS, helped, refuse_twice
from harness.text import note

if TYPE_CHECKING:
    from harness.training import TrainResult


@helped(
    f"""Train one network and print each evaluation.

    Example: harness train --set hidden=64,64 --set learning_rate=0.01

    {NUMBERS}
    """
)
def train(settings: Settings = None, dataset: Data = None, save: SaveFile = None, plot: PlotFile = None) -> None:
    from harness.spec import parse_set, trial_from

    chosen = parse_set(settings or [])
    if dataset is not None:
        refuse_twice("dataset", chosen)
        chosen["dataset"] = dataset
    trial = trial_from(chosen, "--set")

    from harness import training
    from harness.cli.printing import evaluation_line, outcome_line

    if not training.is_compiled(trial):
        note("compiling the kernels that it runs, once: 10 to 20 s")
    result = training.train(trial, on_evaluation=lambda row: print(evaluation_line(row), flush=True))
    print(outcome_line(result.record))
    if save is not None:
        result.save(save)
        print(f"network {save}")
    if plot is not None:
        _draw(result, plot)
        print(f"figure  {plot}")


def _draw(result: "TrainResult", path: Path) -> None:
    """Draw what the network learnt and what it makes of the test images."""
    from harness.atomic import write_atomically
    from harness.datasets import load_dataset
    from harness.report.figures.one_network import one_network
    from harness.report.figures.style import house_style, png_bytes

    data = load_dataset(result.trial.dataset)
    diverged = result.record["status"] == "diverged"
    probabilities = None if diverged else result.activations(data.test_images)[-1]
    with house_style():
        figure = one_network(
            result.curve, data.test_images, data.test_labels, probabilities, result.weights(1), data.image_shape
        )
        png = png_bytes(figure)
    write_atomically(path, lambda file: file.write(png))
