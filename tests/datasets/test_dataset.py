"""A dataset is its four files, wherever they lie and however they are packed, or it is refused."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from harness.datasets import Dataset, catalog, dataset_digest, load_dataset, read_idx
from harness.datasets.catalog import PUBLISHED, STEMS
from harness.datasets.idx import idx_md5
from harness.errors import InputError

Arrays = dict[str, np.ndarray]
Write = Callable[..., Path]


def test_the_embedded_files_are_mnist_as_published():
    folder = catalog.EMBEDDED / "mnist"
    md5s = {part: idx_md5(read_idx(folder / f"{stem}.gz")) for part, stem in STEMS.items()}
    assert md5s == PUBLISHED["mnist"].payload_md5


def test_mnist_loads_by_name():
    mnist = load_dataset("mnist")
    assert (mnist.name, mnist.image_shape, mnist.classes) == ("mnist", (28, 28), 10)
    assert mnist.train_images.shape == (60_000, 784)
    assert mnist.test_images.shape == (10_000, 784)
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_arrays_are_plain_contiguous_read_only_bytes(tiny: Arrays, write: Write):
    dataset = load_dataset(write(tiny))
    for array in (getattr(dataset, field.name) for field in fields(Dataset) if field.name in tiny):
        assert type(array) is np.ndarray
        assert array.dtype == np.uint8
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    np.testing.assert_array_equal(dataset.train_images, tiny["train_images"].reshape(6, 6))
    np.testing.assert_array_equal(dataset.test_labels, tiny["test_labels"])


def test_raw_gzipped_and_nested_files_are_one_dataset(tiny: Arrays, write: Write):
    raw, packed = write(tiny, "a"), write(tiny, "b", gzipped=True)
    torchvision = write(tiny, "c/raw").parent
    assert dataset_digest(raw) == dataset_digest(packed) == dataset_digest(torchvision) == dataset_digest(str(raw))


@pytest.mark.parametrize("part", STEMS)
def test_the_digest_notices_any_changed_byte(tiny: Arrays, write: Write, part: str):
    before = dataset_digest(write(tiny, "before"))
    if part.endswith("images"):
        tiny[part][0, 0, 0] ^= 1
    else:
        tiny[part][:2] = tiny[part][1::-1]
    assert dataset_digest(write(tiny, "after")) != before


def test_the_digest_notices_a_changed_image_shape(tiny: Arrays, write: Write):
    before = dataset_digest(write(tiny, "before"))
    for part in ("train_images", "test_images"):
        tiny[part] = tiny[part].reshape(-1, 2, 3)
    assert dataset_digest(write(tiny, "after")) != before


BAD_SETS: dict[str, tuple[str, Callable[[Arrays], np.ndarray], str]] = {
    "one label too few": ("train_labels", lambda a: a["train_labels"][:-1], "has 5 labels for 6 images"),
    "one test label too many": (
        "test_labels",
        lambda a: np.repeat(a["test_labels"], 2)[:5],
        "has 5 labels for 4 images",
    ),
    "labels in place of images": ("train_images", lambda a: a["train_labels"], "holds labels .* swapped"),
    "images in place of labels": ("test_labels", lambda a: a["test_images"], "holds images .* swapped"),
    "other image size": (
        "test_images",
        lambda a: a["test_images"][:, :2],
        "has images of 2 × 2 pixels; the training images have 3 × 2",
    ),
    "test label unseen in training": (
        "test_labels",
        lambda a: a["test_labels"] + np.uint8(9),
        "has label 10; allowed are the training labels, 0 to 1",
    ),
    "training label that nothing tests": (
        "train_labels",
        lambda a: np.append(a["train_labels"][:-1], np.uint8(10)),
        "has label 10; allowed are labels up to the largest for testing, 1",
    ),
    "a single class": ("train_labels", lambda a: a["train_labels"] // 2, "no other label than 0"),
}


@pytest.mark.parametrize(("part", "spoil", "found"), BAD_SETS.values(), ids=BAD_SETS)
def test_files_that_do_not_fit_together_are_refused(
    tiny: Arrays, write: Write, part: str, spoil: Callable[[Arrays], np.ndarray], found: str
):
    folder = write(tiny | {part: spoil(tiny)})
    with pytest.raises(InputError, match=found) as refusal:
        load_dataset(folder)
    assert str(refusal.value).startswith(f"{folder / STEMS[part]}: ")
    assert "\n" not in str(refusal.value)


def test_sixty_thousand_images_need_as_many_labels(write: Write):
    labels = np.resize(np.arange(10, dtype=np.uint8), 60_000)
    images = np.zeros((60_000, 2, 2), np.uint8)
    parts = {"test_images": images[:10], "test_labels": labels[:10]}
    folder = write({"train_images": images, "train_labels": labels[:-1], **parts})
    with pytest.raises(InputError, match="has 59999 labels for 60000 images; expected one for each"):
        load_dataset(folder)


def test_a_name_demands_the_published_bytes(
    tiny: Arrays, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tiny, "system/fashion-mnist")
    monkeypatch.setattr(catalog, "SYSTEM", tmp_path / "system")
    # Even after the same files were accepted, and remembered, as a folder.
    load_dataset(tmp_path / "system" / "fashion-mnist")
    with pytest.raises(InputError, match=r"has data with MD5 .*; fashion-mnist as published has f4a8712d"):
        load_dataset("fashion-mnist")


def test_what_is_no_dataset_is_refused_with_what_is_allowed(
    tiny: Arrays, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(catalog, "SYSTEM", tmp_path)
    folder = write(tiny)
    (folder / STEMS["test_labels"]).unlink()
    (tmp_path / "file").touch()
    refusals = {
        "mnits": "dataset 'mnits': neither a known name (did you mean 'mnist'?) nor a folder; ",
        "fashion-mnist": "dataset 'fashion-mnist': not on this machine; run `harness data fetch fashion-mnist`",
        str(folder): f"{folder}: t10k-labels-idx1-ubyte missing; a dataset folder holds train-images-idx3-ubyte, ",
        str(tmp_path / "file"): "is a file; a dataset is given by name or by the folder",
        "no\0name": "neither a known name nor a folder",
        "n" * 5000: "neither a known name nor a folder",
    }
    for name, found in refusals.items():
        with pytest.raises(InputError, match=re.escape(found)):
            load_dataset(name)


def test_a_missing_embedded_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalog, "EMBEDDED", tmp_path)
    with pytest.raises(InputError, match=r"mnist: train-images-idx3-ubyte, .* missing; a dataset folder holds"):
        load_dataset("mnist")


@pytest.mark.parametrize("part", STEMS)
def test_each_file_of_a_folder_is_read_with_distrust(tiny: Arrays, write: Write, part: str):
    folder = write(tiny)
    (folder / STEMS[part]).unlink()
    (folder / STEMS[part]).mkdir()
    with pytest.raises(InputError, match=f"{STEMS[part]}: is a directory"):
        load_dataset(folder)
