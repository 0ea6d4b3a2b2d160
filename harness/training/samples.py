"""Which images a trial is trained on and which it is judged by; arms that share a seed share both.

What is evaluated again and again is copied to one place, once a process: packed rows that lie scattered among the
others take a fifth longer.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.datasets import Dataset, split_indices
from harness.spec import Trial
from harness.training.setup import Packed, packed_images
from harness.training.streams import stream
from kernels import layout
from kernels.layout import Images

TRAIN_PROBE = 5000
"""Training images whose loss and accuracy stand for all of them in the curves."""
SPLITS = 16
"""Splits that a process keeps: as many as a study has seeds, as a rule."""

Indices = NDArray[np.int64]


class Rows(NamedTuple):
    """Row numbers (int64, ascending) of the training images."""

    train: Indices
    validation: Indices


class Sample(NamedTuple):
    """Some of the images, by their row numbers."""

    images: Images
    rows: Indices


def rows_of(trial: Trial, dataset: Dataset) -> Rows:
    """Split the training images; raises InputError where there are fewer than are asked for."""
    return _split(dataset, *_split_of(trial))


def monitored_sample(trial: Trial, dataset: Dataset, images: Images, test_images: Images) -> Sample:
    """Return what early stopping and tuning read: validation images, or those for testing."""
    if trial.monitor == "test":
        return Sample(test_images, np.arange(len(test_images.labels)))
    return _near(trial, dataset, images, "validation")


def training_sample(trial: Trial, dataset: Dataset, images: Images) -> Sample:
    """Return the training images that stand for all of them; only an evaluation in the curve comes again."""
    if not trial.evaluate_train:
        return Sample(images, spread(rows_of(trial, dataset).train, TRAIN_PROBE))
    return _near(trial, dataset, images, "train")


def spread(rows: Indices, count: int) -> Indices:
    """At most `count` of the rows, evenly spaced, always the same."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)]


_SplitKey = tuple[int | None, int, str, int]


def _split_of(trial: Trial) -> _SplitKey:
    return trial.train_size, trial.val_size, trial.split, trial.seed


@lru_cache(maxsize=SPLITS)
def _split(dataset: Dataset, train_size: int | None, val_size: int, split: str, seed: int) -> Rows:
    return Rows(*split_indices(len(dataset.train_images), train_size, val_size, split, stream(seed, "split")))


def _near(trial: Trial, dataset: Dataset, images: Images, part: Literal["train", "validation"]) -> Sample:
    """Return a part of the split, where it is read packed as a copy in one place."""
    key = _split_of(trial)
    rows = _part(dataset, key, part)
    if not images.sparse:
        return Sample(images, rows)
    starts, nonzeros = _copied(dataset, key, part)
    labels = images.labels[rows]
    labels.flags.writeable = False  # as they all are: the same compiled version
    copy = images._replace(labels=labels, starts=starts, nonzeros=nonzeros)
    return Sample(copy, np.arange(len(rows)))


def _part(dataset: Dataset, key: _SplitKey, part: Literal["train", "validation"]) -> Indices:
    rows = _split(dataset, *key)
    return rows.validation if part == "validation" else spread(rows.train, TRAIN_PROBE)


@lru_cache(maxsize=2 * SPLITS)
def _copied(dataset: Dataset, key: _SplitKey, part: Literal["train", "validation"]) -> Packed:
    packed = packed_images(dataset)
    assert packed is not None  # as the images say
    return gathered(packed[0], _part(dataset, key, part), dataset.train_images.shape[1])


def gathered(packed: Packed, rows: Indices, inputs: int) -> Packed:
    """Copy some rows of a packed data set, of so many columns, together."""
    parts, _ = layout.parted(inputs)
    bounds = packed.starts[rows[:, None] * parts + np.arange(parts + 1)]  # (n, parts + 1)
    starts = np.concatenate([[0], np.cumsum(np.diff(bounds, axis=1))])
    first, last = bounds[:, 0].tolist(), bounds[:, -1].tolist()
    listed = [packed.nonzeros[a:b] for a, b in zip(first, last, strict=True)]
    nonzeros = bytearray().join(listed)  # type: ignore[arg-type]  # np.concatenate takes twice as long
    return Packed(starts, np.frombuffer(nonzeros, packed.nonzeros.dtype))
