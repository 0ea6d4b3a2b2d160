"""One trial from first weights to its record."""

import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets import Dataset, load_dataset
from harness.errors import InputError
from harness.spec import Trial
from harness.training import diagnostics, setup
from harness.training.samples import Sample, monitored_sample, rows_of, spread, training_sample
from harness.training.schedules import learning_rates
from harness.training.streams import dropout_key, stream
from harness.training.threads import one_thread
from harness.training.trained import Pixels, TrainedNetwork
from kernels import layout
from kernels.layout import Images, Network, State

if TYPE_CHECKING:
    import pandas as pd

GRADIENT_PROBE = 128
"""Training images on whose batch the gradient norm is taken."""
GRADIENT_PROBE_STEP = 2**32 - 1
"""The step that names the gradient norm's dropout masks: the last that there is, which no training gets to."""
LOSS_BOUND = 1e6
"""A mean training loss above this is a divergence, although still finite."""

Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
class TrainResult(TrainedNetwork):
    """A finished trial: the network as it ended, and its record (JSON-able, as in the journal).

    `predictions` are the classes (uint8) that it predicts for the test images; None where it diverged.
    """

    record: Row
    predictions: NDArray[np.uint8] | None

    @property
    def curve(self) -> "pd.DataFrame":
        """One row an evaluation."""
        import pandas as pd  # a fifth of a second, which a training does not need

        return pd.DataFrame(self.record["curve"])


def train(
    trial: Trial, dataset: Dataset | None = None, on_evaluation: Callable[[Row], None] | None = None
) -> TrainResult:
    """Train one network as the trial says; divergence is a result (status "diverged"), never an exception.

    `dataset` defaults to the one the trial names. `on_evaluation` receives each row of the curve as it is made.
    Raises InputError when the trial and the data do not fit (more images asked for than there are, labels that
    the loss cannot express).
    """
    dataset = dataset or load_dataset(trial.dataset)
    with one_thread(), np.errstate(all="ignore"):
        run = _Run.start(trial, dataset)
        run.load_kernels()
        started = time.perf_counter()
        for segment in run.segments():
            row = run.advance(segment)
            if row is not None and on_evaluation is not None:
                on_evaluation(row)
            if run.diverged or run.exhausted():
                break
        record = run.record(started)
        pixels = Pixels(dataset.image_shape, run.images.scale, run.images.shift, run.images.sparse)
        return TrainResult(trial, run.network, run.state, pixels, record, run.predictions)


@dataclass(frozen=True)
class _Segment:
    """A stretch of one epoch, up to the next evaluation or its end."""

    epoch: int  # from 1
    first_update: int  # of the whole training
    rates: NDArray[np.float64]  # (updates,)
    order: NDArray[np.int64]  # row numbers of its batches
    ends_epoch: bool
    evaluated: bool  # at its end


@dataclass
class _Run:
    """A training under way: the buffers, and what has been recorded so far."""

    trial: Trial
    dataset: Dataset
    network: Network
    optimizer: layout.Optimizer
    state: State
    workspace: layout.Workspace  # of a batch that is trained on
    looking: layout.Workspace  # of images that are only looked at
    images: Images
    train_rows: NDArray[np.int64]
    monitored: Sample
    probe: Sample  # of the training images
    test: Sample
    curve: list[Row] = field(default_factory=list)
    layers: list[Row] = field(default_factory=list)
    snapshot: list[NDArray[Any]] | None = None  # pre-activations at the last look
    best: Row | None = None
    best_state: State | None = None
    to_beat: float = math.inf  # the last monitored loss that ended the waiting for one; by `min_delta`
    waited: int = 0
    epoch_losses: list[NDArray[np.float64]] = field(default_factory=list)  # of the epoch that runs
    seconds: float = 0.0
    samples: int = 0
    epochs_run: int = 0
    diverged_epoch: int | None = None
    reason: str | None = None
    predictions: NDArray[np.uint8] | None = None  # of the test images, at the end

    @classmethod
    def start(cls, trial: Trial, dataset: Dataset) -> "_Run":
        rows = rows_of(trial, dataset).train
        images, test_images = setup.images_of(trial, dataset, rows)
        samples = (
            monitored_sample(trial, dataset, images, test_images),
            training_sample(trial, dataset, images),
            Sample(test_images, np.arange(len(dataset.test_images))),
        )
        network = setup.network_of(trial, dataset.train_images.shape[1], dataset.classes)
        optimizer = setup.optimizer_of(trial)
        state = setup.initial_state(trial, network, optimizer)
        diagnosed = min(trial.diagnostic_images, len(rows)) if trial.diagnostics else 0
        looked_at = max(setup.TOGETHER, GRADIENT_PROBE, diagnosed)
        workspace, looking = (
            layout.new_workspace(network, batch, trial.dtype, sparse=images.sparse)
            for batch in (_batch_size(trial, len(rows)), looked_at)
        )
        run = cls(trial, dataset, network, optimizer, state, workspace, looking, images, rows, *samples)
        run.diagnose(epoch=0)
        return run

    def segments(self) -> Iterator[_Segment]:
        """Cut every epoch at the evaluations the trial asks for; the last update of all is followed by one."""
        trial, n = self.trial, len(self.train_rows)
        batch = _batch_size(trial, n)
        updates = n // batch if trial.drop_last else -(-n // batch)
        if trial.drop_last and trial.batch_size != "full" and n < int(trial.batch_size):
            raise InputError(f"drop_last: {n} training images are less than one batch of {trial.batch_size}")
        seen = np.minimum(np.arange(updates + 1) * batch, n)  # after so many updates of an epoch
        every = trial.evaluate_every or int(seen[-1])
        shuffle = stream(trial.seed, "order")
        for epoch in range(trial.epochs):
            order = shuffle.permutation(self.train_rows) if trial.shuffle else self.train_rows
            evaluated = {int(update) for update in _crossings(epoch * seen[-1] + seen, every)}
            evaluated |= {updates} if epoch + 1 == trial.epochs else set()
            rates, first = learning_rates(trial, updates, epoch), epoch * updates
            for start, stop in itertools.pairwise(sorted({0, updates} | evaluated)):
                yield _Segment(
                    epoch + 1,
                    first + start,
                    rates[start:stop],
                    order[start * batch : stop * batch],
                    stop == updates,
                    stop in evaluated,
                )

    def advance(self, segment: _Segment) -> Row | None:
        """Train one segment; return its evaluation, or None where it has none or the training diverged in it."""
        begun = time.perf_counter()
        batch_losses = self.train(segment.order, segment.rates, segment.first_update)
        self.seconds += time.perf_counter() - begun
        self.epoch_losses.append(batch_losses)
        reason = _divergence(batch_losses, self.state) or (self.divergence_of_epoch() if segment.ends_epoch else None)
        if reason is not None:
            self.diverge(segment.epoch, reason)
            return None
        self.samples += len(segment.order)
        row = self.evaluate(segment) if segment.evaluated else None
        if row is not None:
            if row["val_loss"] is None and len(self.monitored.rows):  # no batch has seen these weights yet
                self.diverge(segment.epoch, f"the loss of the {self.trial.monitor} images is not finite")
                return None
            self.curve.append(row)
            self.keep_best(row)
        if segment.ends_epoch:
            self.diagnose(segment.epoch)
        if segment.ends_epoch or self.exhausted():
            self.epochs_run = segment.epoch
        return row

    def divergence_of_epoch(self) -> str | None:
        """Say whether the losses of an epoch that ends are beyond all sense, however often it was evaluated."""
        mean = np.concatenate(self.epoch_losses).mean()
        self.epoch_losses.clear()
        return f"the mean training loss rose to {mean:.3g}, above {LOSS_BOUND:.0e}" if mean > LOSS_BOUND else None

    @property
    def diverged(self) -> bool:
        """Whether anything has stopped being a number."""
        return self.diverged_epoch is not None

    def diverge(self, epoch: int, reason: str) -> None:
        """Note why and in which epoch the training diverged."""
        self.diverged_epoch, self.reason = epoch, reason

    def load_kernels(self) -> None:
        """Compile the kernels that run, or read them from the disk, before the clock starts.

        They are bound when they are first called: so one image is trained on and evaluated, and the weights put back.
        """
        kept, self.state = self.state, State(*(buffer.copy() for buffer in self.state))
        self.train(self.train_rows[:1], np.full(1, self.trial.learning_rate), 0)
        self.figures(Sample(self.images, self.train_rows[:1]))
        self.state = kept

    def train(self, order: NDArray[np.int64], rates: NDArray[np.float64], first_update: int) -> NDArray[np.float64]:
        """Take an update for each rate; return the batches' losses, up to the first that is not finite."""
        trial = self.trial
        batch_losses = np.zeros(len(rates))
        taken = setup.backend(trial.backend).train_epoch(
            self.state,
            self.workspace,
            batch_losses,
            self.images,
            order,
            rates,
            self.network,
            self.optimizer,
            _batch_size(trial, len(self.train_rows)),
            trial.l2 / len(self.train_rows),
            trial.clip_norm or 0.0,
            dropout_key(trial.seed),
            first_update,
        )
        return batch_losses[:taken]

    def evaluate(self, segment: _Segment) -> Row:
        """Figures of the weights as they are, on the monitored rows and, where asked for, on the training subset."""
        train_loss, train_accuracy = self.figures(self.probe) if self.trial.evaluate_train else (None, None)
        val_loss, val_accuracy = self.figures(self.monitored)
        return {
            "epoch": segment.epoch,
            "samples": self.samples,
            "steps": segment.first_update + len(segment.rates),
            "seconds": self.seconds,
            "learning_rate": float(segment.rates[-1]),
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
            "gradient_norm": self.gradient_norm(),
        }

    def figures(self, sample: Sample) -> tuple[float | None, float | None]:
        """Mean loss and accuracy in inference mode; None where there are no images or the loss is not finite."""
        return _figures(*self.evaluated(sample), sample)

    def evaluated(self, sample: Sample) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Loss and predicted class of each image in inference mode."""
        images, rows = sample
        losses, predictions = np.zeros(len(rows), self.trial.dtype), np.zeros(len(rows), np.int64)
        kernels = setup.backend(self.trial.backend)
        kernels.evaluate(losses, predictions, self.looking, self.state, images, rows, self.network)
        return losses, predictions

    def gradient_norm(self) -> float | None:
        """Norm of the mean loss's gradient on a fixed batch, in training mode, with masks of their own."""
        rows = spread(self.train_rows, GRADIENT_PROBE)
        masks = dropout_key(self.trial.seed), GRADIENT_PROBE_STEP
        kernels = setup.backend(self.trial.backend)
        found = diagnostics.gradients(kernels, self.looking, self.state, self.images, rows, self.network, *masks)
        return _finite(np.linalg.norm(found.astype(np.float64)))

    def keep_best(self, row: Row) -> None:
        """Note the evaluation with the lowest monitored loss, and its weights where they may be wanted back."""
        loss = row["val_loss"]
        if loss is not None and (self.best is None or loss < self.best["val_loss"]):
            self.best = row
            if self.trial.patience is not None and self.trial.restore_best:
                self.best_state = State(*(buffer.copy() for buffer in self.state))
        if loss is not None and loss < self.to_beat - self.trial.min_delta:
            self.to_beat, self.waited = loss, 0
        else:
            self.waited += 1

    def exhausted(self) -> bool:
        """Tell whether early stopping has waited long enough."""
        return self.trial.patience is not None and self.waited >= self.trial.patience

    def diagnose(self, epoch: int) -> None:
        """Record the per-layer figures, where the trial asks for them."""
        if not self.trial.diagnostics:
            return
        seen = Sample(self.images, spread(self.train_rows, self.trial.diagnostic_images))
        validated = self.trial.monitor == "validation" and len(self.monitored.rows) > 0
        passes = setup.backend(self.trial.backend), self.looking, self.state
        dead = diagnostics.dead_shares(*passes, *(self.monitored if validated else seen), self.network)
        values = diagnostics.inspect(*passes, *seen, self.network)
        found = diagnostics.layer_rows(epoch, values, self.state, self.network, self.snapshot, dead)
        self.layers += [row | {"value": _finite(row["value"])} for row in found]
        self.snapshot = [layer.preactivations.copy() for layer in values]

    def record(self, started: float) -> Row:
        """Put the best weights back, see how they do on the training and, once, the test images; say how it went."""
        kept = self.curve[-1] if self.curve else {}
        if self.best_state is not None and self.best is not None:
            self.state, kept = self.best_state, self.best
        if not self.diverged and kept.get("train_loss") is None:  # else it was evaluated with the curve
            train_loss, train_accuracy = self.figures(self.probe)
            kept = kept | {"train_loss": train_loss, "train_accuracy": train_accuracy}
            if train_loss is None:
                self.diverge(self.epochs_run, "the loss of the training images is not finite")
        test_loss, test_accuracy = None, None
        if not self.diverged:
            losses, predictions = self.evaluated(self.test)
            test_loss, test_accuracy = _figures(losses, predictions, self.test)
            self.predictions = predictions.astype(np.uint8)
        final = {} if self.diverged else kept
        return {
            "status": "diverged" if self.diverged else "done",
            "reason": self.reason,
            "diverged_epoch": self.diverged_epoch,
            "trial": self.trial.model_dump(mode="json"),
            "dataset_digest": self.dataset.digest,
            "parameters": self.network.parameters,
            "classes": self.dataset.classes,
            "epochs_run": self.epochs_run,
            "best_epoch": self.best["epoch"] if self.best else None,
            "train_loss": final.get("train_loss"),
            "train_accuracy": final.get("train_accuracy"),
            "val_loss": final.get("val_loss"),
            "val_accuracy": final.get("val_accuracy"),
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "seconds": time.perf_counter() - started,
            "weights_sha256": _weights_digest(self.state),
            "curve": self.curve,
            "layers": self.layers,
        }


def _figures(losses: NDArray, predictions: NDArray, sample: Sample) -> tuple[float | None, float | None]:
    """Return mean loss and accuracy; None where there is nothing to average or the loss is not finite."""
    if len(losses) == 0:
        return None, None
    return _finite(losses.mean(dtype=np.float64)), float(np.mean(predictions == sample.images.labels[sample.rows]))


def _batch_size(trial: Trial, n: int) -> int:
    return n if trial.batch_size == "full" else min(int(trial.batch_size), n)


def _crossings(samples: NDArray[np.int64], every: int) -> NDArray[np.int64]:
    """Return the updates, from 1, with which the samples seen (before the first, after each) reach a multiple."""
    return np.flatnonzero(np.diff(samples // every)) + 1


def _divergence(losses: NDArray[np.float64], state: State) -> str | None:
    """Say what is wrong with the losses of a segment or with the weights after it."""
    if not np.isfinite(losses[-1]):
        return f"the loss became {losses[-1]}"
    if not np.isfinite(state.parameters).all():
        return "a parameter is not finite"
    return None


def _weights_digest(state: State) -> str:
    digest = hashlib.sha256()
    for buffer in (state.parameters, state.running_mean, state.running_variance):
        digest.update(buffer.tobytes())
    return digest.hexdigest()


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
