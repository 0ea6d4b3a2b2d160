"""Side files of a study: the class that each finished trial predicts for each test image.

predictions/labels.npz      key → the true classes of a test set (images,), written once; the key is theirs
predictions/images.npz      of a study that draws images, under KEY the pixels of some of the test set KEY (n, rows,
                            columns), and under KEY-places where they stand in it
predictions/loose.jsonl     a line a trial of a run that goes on, appended before its line in the journal
predictions/KEY-000.npz, …  what the end of a run makes of those lines, up to 128 trials on the test set KEY together:
                            `trials` (n, 2), trial_id and the first digits of the digest of the weights; `classes`
                            (images, n), the images in the order of ``np.argsort(labels, kind="stable")``

Networks err on the same images, so a hundred of them together take half the room that each would take alone. The
journal stays the truth. Whatever is missing here, torn, damaged, or of other weights than the journal's is passed over:
its trial has no predictions, and all else is as it was.
"""

import hashlib
import itertools
import json
import lzma
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import InputError
from harness.results.files import write_atomically
from harness.results.journal import JournalWriter

FOLDER = "predictions"
LABELS_FILE = "labels.npz"
IMAGES_FILE = "images.npz"
PLACES = "-places"
LOOSE_FILE = "loose.jsonl"
TOGETHER = 128
"""Trials in a file."""
DIGITS = 16
DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, lzma.LZMAError, zlib.error)

Classes = NDArray[np.uint8]
Key = tuple[str, str]  # trial_id, first digits of the digest of the weights


class Prediction(NamedTuple):
    """What one trial predicts: the key of its test set, and a function that unpacks the classes (images,)."""

    labels: str
    classes: Callable[[], Classes]


@dataclass(frozen=True)
class Predictions:
    """What trials predict, unpacked when it is asked for, and the true classes of the test sets by key.

    `images` has the pixels (rows, columns) of some test images by the key of their test set and their place in it.
    """

    trials: Mapping[Key, Prediction] = field(default_factory=dict)
    labels: Mapping[str, Classes] = field(default_factory=dict)
    images: Mapping[tuple[str, int], Classes] = field(default_factory=dict)

    def of(self, trial_id: str, weights_sha256: str) -> tuple[Classes, Classes] | None:
        """Return the predicted and the true classes of the test images (images,), uint8.

        None where a trial with these weights has left none, or they are damaged.
        """
        found = self.trials.get((trial_id, str(weights_sha256)[:DIGITS]))  # of a lost trial NaN
        labels = self.labels.get(found.labels) if found else None
        if found is None or labels is None:
            return None
        try:
            classes = found.classes()
        except DAMAGE:
            return None
        return (classes, labels) if classes.shape == labels.shape else None

    def only(self, trials: Iterable[str]) -> "Predictions":
        """Return those of some trials, and the labels and images of their test sets."""
        wanted = set(trials)
        kept = {key: found for key, found in self.trials.items() if key[0] in wanted}
        named = {found.labels for found in kept.values()}
        images = {key: pixels for key, pixels in self.images.items() if key[0] in named}
        return Predictions(kept, {key: labels for key, labels in self.labels.items() if key in named}, images)

    def __reduce__(self) -> tuple[type["Predictions"], tuple[Any, ...]]:
        """Pickle these unpacked: the files that they are in stay where they are."""
        found = {}
        for key, packed in self.trials.items():
            with suppress(*DAMAGE):
                found[key] = Prediction(packed.labels, _always(packed.classes()))
        return Predictions, tuple((vars(self) | {"trials": found}).values())

    def joined(self, other: "Predictions") -> "Predictions":
        """Return these and those of another study."""
        parts = ({**getattr(self, part), **getattr(other, part)} for part in ("trials", "labels", "images"))
        return Predictions(*parts)

    def pixels_of(self, labels: Classes, places: Iterable[int]) -> list[Classes] | None:
        """Return the pixels (rows, columns) of images of the test set with these labels; None where one is missing."""
        key = labels_key(labels)
        found = [self.images.get((key, int(place))) for place in places]
        return None if any(pixels is None for pixels in found) else [pixels for pixels in found if pixels is not None]


def prediction(trial_id: str, weights_sha256: str, classes: Classes, labels: Classes) -> Predictions:
    """Return what one trial predicts; `classes` and `labels` (images,) are the predicted and the true ones."""
    key = labels_key(labels)
    return Predictions({(trial_id, weights_sha256[:DIGITS]): Prediction(key, lambda: classes)}, {key: labels})


def read_predictions(folder: Path) -> Predictions:
    """Return what lies in the side files of a study folder; never an error, for nothing else depends on them."""
    folder = folder / FOLDER
    trials = _read_loose(folder)  # first: a run that ends meanwhile moves them to the others
    labels = _read_labels(folder)
    for block in _blocks(folder, labels):
        trials |= {key: Prediction(block.labels, block.reader(number)) for number, key in enumerate(block.trials)}
    return Predictions(trials, labels, _read_images(folder))


def write_images(folder: Path, images: Mapping[tuple[str, int], Classes]) -> None:
    """Put the pixels of test images in a study folder, by `labels_key` and place, in place of those that were there."""
    arrays: dict[str, NDArray] = {}
    for key in dict.fromkeys(key for key, _ in images):
        places = sorted(place for name, place in images if name == key)
        arrays |= {key: np.stack([images[key, place] for place in places]), f"{key}{PLACES}": np.array(places)}
    if arrays:
        _make(folder / FOLDER)
        _write_arrays(folder / FOLDER / IMAGES_FILE, arrays)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            (folder / FOLDER / IMAGES_FILE).unlink()


def labels_key(labels: Classes) -> str:
    """Return the key of a test set, by the true classes of its images (images,)."""
    return hashlib.sha256(labels.tobytes()).hexdigest()[:DIGITS]


class PredictionsWriter:
    """Appends to the side files of a study folder, which are made with the first prediction.

    Only the holder of the results folder's lock may use one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._labels: dict[str, Classes] = {}
        self._lines: JournalWriter | None = None

    def append(self, predictions: Predictions) -> None:
        """Append what some trials predict, and the labels that are new; raises as the journal's writer does."""
        if not predictions.trials:
            return
        if self._lines is None:
            _make(self._folder)
            self._labels = _read_labels(self._folder)
            self._lines = JournalWriter(self._folder, LOOSE_FILE)
        if predictions.labels.keys() - self._labels.keys():
            self._labels |= predictions.labels
            _write_arrays(self._folder / LABELS_FILE, self._labels)
        self._lines.append(_line(key, found) for key, found in predictions.trials.items())

    def close(self) -> None:
        """Put the loose lines together, those too that an earlier run has left."""
        if self._lines is not None:
            self._lines.close()
        if (self._folder / LOOSE_FILE).is_file():
            _put_together(self._folder)


def _line(key: Key, found: Prediction) -> dict[str, Any]:
    classes = b64encode(zlib.compress(found.classes().tobytes(), 1)).decode()
    return {"schema": 1, "trial_id": key[0], "weights": key[1], "labels": found.labels, "classes": classes}


def _read_loose(folder: Path) -> dict[Key, Prediction]:
    found = {}
    try:
        lines = (folder / LOOSE_FILE).read_bytes().splitlines()
    except OSError:
        return {}
    for text in lines:
        try:
            line = json.loads(text)
            classes = np.frombuffer(zlib.decompress(b64decode(line["classes"])), np.uint8)
            found[line["trial_id"], line["weights"]] = Prediction(line["labels"], _always(classes))
        except (*DAMAGE, TypeError, RecursionError):
            continue
    return found


def _always(classes: Classes) -> Callable[[], Classes]:
    return partial(_itself, classes)


def _itself(classes: Classes) -> Classes:
    return classes


class _Block:
    """A file of trials on one test set."""

    def __init__(self, path: Path, labels: Mapping[str, Classes]) -> None:
        self.path = path
        self.labels = path.name.partition("-")[0]
        self._order = np.argsort(labels[self.labels], kind="stable")
        self._arrays = np.load(BytesIO(path.read_bytes()))  # reads an array when it is asked for
        self.trials: list[Key] = [(str(trial), str(weights)) for trial, weights in self._arrays["trials"]]

    @cached_property
    def classes(self) -> Classes:
        """(n, images), the images as in the dataset."""
        packed = self._arrays["classes"]
        classes = np.empty(packed.shape[::-1], np.uint8)
        classes[:, self._order] = packed.T
        return classes

    def reader(self, number: int) -> Callable[[], Classes]:
        """Return the function that unpacks the classes of a trial, by its place in the file."""
        return lambda: self.classes[number]


def _blocks(folder: Path, labels: Mapping[str, Classes]) -> Iterator[_Block]:
    """Yield the files that can be read, the oldest of a test set first."""
    for path in sorted(folder.glob("*-*.npz")):
        try:
            yield _Block(path, labels)
        except DAMAGE:
            continue


def _put_together(folder: Path) -> None:
    """Move the loose lines into files of many trials; the last file of a test set is filled up first."""
    labels = _read_labels(folder)
    blocks = {block.path: block for block in _blocks(folder, labels)}
    there = {key for block in blocks.values() for key in block.trials}
    loose = defaultdict(list)
    for key, found in _read_loose(folder).items():
        if key not in there and found.labels in labels and found.classes().shape == labels[found.labels].shape:
            loose[found.labels].append((key, found.classes()))
    for name, rows in loose.items():
        order = np.argsort(labels[name], kind="stable")
        files = _files_with_room(folder, name, blocks)
        while rows:
            path, held = next(files)
            room = TOGETHER - len(held)
            taken, rows = held + rows[:room], rows[room:]
            classes = np.stack([classes for _, classes in taken])[:, order].T
            trials = np.array([key for key, _ in taken])
            _write_arrays(path, {"trials": trials, "classes": np.ascontiguousarray(classes)})
    (folder / LOOSE_FILE).unlink()


def _files_with_room(
    folder: Path, name: str, blocks: Mapping[Path, _Block]
) -> Iterator[tuple[Path, list[tuple[Key, Classes]]]]:
    """Yield the files of a test set that take more trials, with what they hold: the last one, then new ones."""
    for number in itertools.count():
        path = folder / f"{name}-{number:03}.npz"
        block = blocks.get(path)
        if block is None and not path.exists():
            yield path, []
        elif block is not None and len(block.trials) < TOGETHER:
            with suppress(*DAMAGE):  # what is damaged, or not of this harness, is left as it is
                yield path, list(zip(block.trials, block.classes, strict=True))


def _write_arrays(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as ``np.load`` reads them, compressed by LZMA, whole or not at all."""

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
            for name, array in arrays.items():
                buffer = BytesIO()
                np.save(buffer, array)
                member = zipfile.ZipInfo(f"{name}.npy")  # without the time: the same arrays are the same file
                archive.writestr(member, buffer.getvalue(), zipfile.ZIP_LZMA)

    write_atomically(path, write)


def _read_labels(folder: Path) -> dict[str, Classes]:
    """Return the labels whose keys are theirs."""
    try:
        with np.load(folder / LABELS_FILE) as arrays:
            found = {key: arrays[key] for key in arrays.files}
    except DAMAGE:
        return {}
    return {key: labels for key, labels in found.items() if labels.dtype == np.uint8 and key == labels_key(labels)}


def _read_images(folder: Path) -> dict[tuple[str, int], Classes]:
    try:
        with np.load(folder / IMAGES_FILE) as arrays:
            return {
                (key, int(place)): pixels
                for key in arrays.files
                if not key.endswith(PLACES)
                for place, pixels in zip(arrays[f"{key}{PLACES}"], arrays[key], strict=True)
            }
    except DAMAGE:
        return {}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder}: is a file, expected the folder of predictions") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
