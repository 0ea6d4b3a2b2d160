"""What the metric of a claim needs that a trial may leave unrecorded: refused before anything is trained."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from harness.errors import InputError
from harness.spec.trial import Trial
from harness.spec.validation import shown
from harness.text import counted

if TYPE_CHECKING:
    from harness.spec.claims import Question
    from harness.spec.study import Study

OF_VALIDATION = ("after_best", "area_under_loss", "gap_at", "best_rate", "rate_sensitivity")
"""Metrics that read the validation images whatever their target."""
OF_OUTPUT_TOO = ("gradient_norm", "bias_gradient_norm", "weight_norm")
"""Metrics of a layer that the output layer has like the hidden ones."""


class Read(Protocol):
    """What is read: a metric and its keys, as a claim has them."""

    @property
    def metric(self) -> str: ...
    @property
    def target(self) -> float | None: ...
    @property
    def of(self) -> str | None: ...
    @property
    def layer(self) -> int | str | None: ...


def reads_validation(read: Read) -> bool:
    """Whether a metric is measured on the validation images."""
    of = str(read.of) if read.target is not None and read.metric != "gap_at" else ""
    return read.metric in OF_VALIDATION or of.startswith("val_")


def refuse_unrecorded(study: "Study", question: "Question") -> None:
    """Raise InputError for an arm of a question whose trial records nothing of what the metric reads."""
    tuned = study.tune.grid if study.tune else ()
    names = question.arms()
    for arm in study.arms:
        if arm.name in names and isinstance(arm.trial, Trial):
            for field, told in _lacking(question.claim, arm.trial):
                if field not in tuned:
                    raise InputError(f"claim {shown(question.claim.id)}: {told} (arm {shown(arm.name)})")


def _lacking(read: Read, trial: Trial) -> Iterator[tuple[str, str]]:
    """Yield each field that leaves the metric without a value, and what is told of it."""
    metric = f"metric '{read.metric}'"
    if trial.val_size == 0 and (reads_validation(read) or read.metric.startswith("val_")):
        yield "val_size", f"{metric} reads the validation images, but val_size is 0"
    if not trial.evaluate_train and (read.metric == "gap_at" or str(read.of).startswith("train_")):
        yield "evaluate_train", f"{metric} reads the training curve, which takes evaluate_train = true"
    if read.layer is None:
        return
    if not trial.diagnostics:
        yield "diagnostics", f"{metric} is recorded with diagnostics = true only"
    output = read.metric in OF_OUTPUT_TOO
    count = len(trial.hidden) + output
    if not count or (isinstance(read.layer, int) and not 1 <= read.layer <= count):
        has = counted(count, "layer" if output else "hidden layer") + " (the output layer counted)" * output
        yield "hidden", f"layer: found {shown(read.layer)}, but {metric} has {has}"
