"""What a trained network is good for: it predicts what the training recorded, and a file of it does the same."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import InputError
from harness.training import load_network
from kernels import layout

KINDS = {
    "plain": {},
    "no hidden layer": {"hidden": ()},
    "standardised batch norm": {"normalization": "batch", "input_scale": "standardised"},
    "scaled dropout": {"dropout": 0.4, "input_dropout": 0.2, "dropout_form": "scaled", "dtype": "float64"},
}


@pytest.fixture(scope="module")
def saved(short, tmp_path_factory):
    """A small network, and the bytes of its file."""
    path = tmp_path_factory.mktemp("saved") / "net.npz"
    result = short(hidden=(5, 4), backend="numpy")
    result.save(path)
    return result, path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_predicts_what_its_training_recorded(short, images, backend_name, kind):
    result = short(**KINDS[kind], backend=backend_name)
    np.testing.assert_array_equal(result.predict(images.test_images), result.predictions)


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_network_is_the_saved_one_bit_for_bit(short, images, backend_name, kind, tmp_path):
    result = short(**KINDS[kind], backend=backend_name)
    result.save(tmp_path / "net")
    loaded = load_network(tmp_path / "net")
    np.testing.assert_array_equal(loaded.predict(images.test_images), result.predictions)
    for one, other in zip(loaded.activations(images.test_images), result.activations(images.test_images), strict=True):
        np.testing.assert_array_equal(one, other)
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "net").read_bytes()


def test_activations_are_the_layers_by_hand(short, images, backend_name):
    result = short(hidden=(5, 4), dtype="float64", backend=backend_name)
    a, layers = images.test_images / 255, []
    for layer in (1, 2, 3):
        z = a @ result.weights(layer) + layout.bias(result.state.parameters, result.network, layer - 1)
        a = np.maximum(z, 0) if layer < 3 else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        layers.append(a)
    found = result.activations(images.test_images)
    assert [one.shape[1] for one in found] == [5, 4, 10]
    for one, by_hand in zip(found, layers, strict=True):
        np.testing.assert_allclose(one, by_hand, rtol=1e-12, atol=1e-13)


def test_images_may_be_rows_of_pixels_or_pictures_and_any_number(short, images):
    result, pixels = short(backend="numpy"), images.test_images
    np.testing.assert_array_equal(result.predict(pixels.reshape(-1, 28, 28)), result.predictions)
    many = np.concatenate([pixels] * (2500 // len(pixels) + 1))[:2500]
    np.testing.assert_array_equal(result.predict(many), np.resize(result.predictions, 2500))


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 784)), np.zeros((2, 783), np.uint8), np.zeros(784, np.uint8), np.zeros((0, 784), np.uint8), "image"],
)
def test_what_is_no_image_is_refused(saved, wrong):
    with pytest.raises(
        InputError, match=r"^images: found .*, expected raw pixels .*uint8 \(n, 784\) or \(n, 28, 28\)$"
    ):
        saved[0].predict(wrong)


def test_weights_are_copies_and_layers_count_from_one(saved):
    result, _ = saved
    result.weights(1)[...] = 0
    assert result.weights(1).any()
    for layer in (0, 4):
        with pytest.raises(InputError, match=rf"^layer: found {layer}, expected 1 to 3$"):
            result.weights(layer)


def test_a_network_whose_outputs_are_not_finite_predicts_nothing(saved, images, backend_name):
    result, _ = saved
    for value in (np.nan, 1e38):
        broken = result.state._replace(parameters=np.full_like(result.state.parameters, value))
        trial = result.trial.model_copy(update={"backend": backend_name})
        with pytest.raises(InputError, match="outputs are not finite"):
            replace(result, state=broken, trial=trial).predict(images.test_images)


def entries(file, **changed):
    """Write a file of entries as NumPy does."""
    with np.load(file) as found:
        kept = dict(found)
    file.seek(0)
    np.savez(file, **(kept | changed))
    file.truncate()


def test_a_foreign_or_damaged_file_is_refused_in_one_line(saved, tmp_path):
    _, good = saved
    path = tmp_path / "net.npz"
    foreign = {
        "text": b"hello",
        "nothing": b"",
        "pickle": pickle.dumps({"a": 1}),
        "cut": good[: len(good) // 2],
        "one byte": good[: len(good) // 3] + bytes([good[len(good) // 3] ^ 1]) + good[len(good) // 3 + 1 :],
    }
    for name, content in foreign.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"damaged, or not a network") as caught:
            load_network(path)
        assert str(caught.value).splitlines()[0].startswith(str(path)), name
    with pytest.raises(InputError, match="No such file"):
        load_network(tmp_path / "nowhere")
    with pytest.raises(InputError, match="Is a directory"):
        load_network(tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"format": "ablation-harness network 9"}, "found a network of format 'ablation-harness network 9', expected"),
        ({"trial": '{"hidden": [5, 4], "optimiser": "sgd"}'}, "did you mean 'optimizer'"),
        ({"trial": '{"hidden": [5, 5]}'}, "damaged"),
        ({"parameters": np.zeros(3)}, "damaged"),
        ({"parameters": np.array([None])}, "damaged"),
    ],
)
def test_a_file_whose_entries_do_not_fit_is_refused(saved, tmp_path, changed, told):
    path = tmp_path / "net.npz"
    path.write_bytes(saved[1])
    with path.open("r+b") as file:
        entries(file, **changed)
    with pytest.raises(InputError, match=told):
        load_network(path)
