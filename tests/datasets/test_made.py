"""Made datasets: what is in them, and that they pass for any other."""

import numpy as np
import pytest

from harness.datasets import dataset_digest, load_dataset
from harness.datasets.dataset import problems
from harness.datasets.made import made_arrays
from harness.datasets.service import fetch_dataset, list_datasets, verify_datasets
from harness.errors import InputError
from harness.sweep.workers.dispatch import _from_anywhere

NAMES = ("xor", "noise", "parity:2", "parity:5", "parity:16")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_made_is_held_to_what_files_are(name):
    assert list(problems(name, made_arrays(name))) == []
    assert all(row.ok for row in verify_datasets(name))


def test_xor_is_its_table():
    xor = load_dataset("xor")
    assert xor.train_images.tolist() == [[0, 0], [0, 255], [255, 0], [255, 255]]
    assert xor.train_labels.tolist() == [0, 1, 1, 0]
    assert (xor.image_shape, xor.classes) == ((1, 2), 2)
    assert xor.digest == load_dataset("parity:2").digest


@pytest.mark.parametrize("bits", [3, 9])
def test_a_parity_holds_every_input_once_and_one_bit_turns_the_label(bits):
    parity = load_dataset(f"parity:{bits}")
    inputs = parity.train_images // 255
    assert len(np.unique(inputs, axis=0)) == len(inputs) == 2**bits
    assert set(np.unique(parity.train_images)) == {0, 255}
    numbers = inputs @ (1 << np.arange(bits - 1, -1, -1))
    for bit in range(bits):
        assert (parity.train_labels[numbers ^ (1 << bit)] != parity.train_labels[numbers]).all()
    np.testing.assert_array_equal(parity.test_images, parity.train_images)


def test_noise_is_the_same_everywhere_and_says_nothing_of_its_labels():
    noise = load_dataset("noise")
    assert dataset_digest("noise").startswith("5c591c1e9cd7ae4e")
    assert (np.bincount(noise.train_labels) == len(noise.train_labels) // 10).all()
    means = noise.train_images.mean(axis=1)
    by_class = [means[noise.train_labels == label].mean() for label in range(10)]
    assert np.ptp(by_class) < 6 * means.std() / np.sqrt(len(means) / 10)
    assert not (noise.train_images[: len(noise.test_images)] == noise.test_images).all(axis=1).any()


def test_a_made_dataset_has_a_name_and_no_files():
    assert {known.name for known in list_datasets() if known.made} == {"xor", "parity:N", "noise"}
    with pytest.raises(InputError, match="'parity:3': is made where it is needed, so there is nothing to fetch"):
        fetch_dataset("parity:3")
    assert _from_anywhere("parity:3") == "parity:3"


@pytest.mark.parametrize("bits", ["1", "17", "", "x", "03", "4 ", "²"])
def test_a_parity_that_there_is_none_of_is_refused(bits):
    with pytest.raises(InputError, match=r"expected parity:N with a whole number N from 2 to 16$"):
        load_dataset(f"parity:{bits}")


@pytest.mark.parametrize(("name", "nearest"), [("xorr", "xor"), ("noize", "noise"), ("parity", "parity:N")])
def test_a_misspelt_name_gets_the_nearest(name, nearest):
    with pytest.raises(InputError, match=rf"did you mean '{nearest}'\?"):
        load_dataset(name)
