"""The command on one network: train."""

from harness.cli.options import Data, Settings
from harness.cli.shared import NUMBERS, helped, refuse_twice
from harness.text import note


@helped(
    f"""Train one network and print each evaluation.

    Example: harness train --set hidden=64,64 --set learning_rate=0.01

    {NUMBERS}
    """
)
def train(settings: Settings = None, dataset: Data = None) -> None:
    from harness.spec import parse_set, trial_from

    chosen = parse_set(settings or [])
    if dataset is not None:
        refuse_twice("dataset", chosen)
        chosen["dataset"] = dataset
    trial = trial_from(chosen, "--set")

    from harness import training
    from harness.cli.printing import evaluation_line, outcome_line

    if not training.is_compiled(trial):
        note("compiling the kernels, which is done once")
    result = training.train(trial, on_evaluation=lambda row: print(evaluation_line(row), flush=True))
    print(outcome_line(result.record))
