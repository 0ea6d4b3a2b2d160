"""Laws of the split into training and validation images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.datasets import split_indices
from harness.errors import InputError

SPLITS = st.sampled_from(["random", "head"])


def split(n: int, train_size: int | None, val_size: int, how: str, seed: int = 0):
    return split_indices(n, train_size, val_size, how, np.random.default_rng(seed))


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int | None, int]:
    n = draw(st.integers(1, 200))
    val_size = draw(st.integers(0, n - 1))
    return n, draw(st.none() | st.integers(1, n - val_size)), val_size


@settings(deadline=None)
@given(sizes(), SPLITS)
def test_parts_are_disjoint_ascending_and_of_the_size_asked_for(size: tuple[int, int | None, int], how: str):
    n, train_size, val_size = size
    train, val = split(n, train_size, val_size, how)
    assert train.dtype == val.dtype == np.int64
    assert (len(train), len(val)) == (train_size or n - val_size, val_size)
    for part in (train, val):
        assert (np.diff(part) > 0).all()
    both = np.concatenate([train, val])
    assert len(np.unique(both)) == len(both)
    assert set(both) <= set(range(n))


@settings(deadline=None)
@given(st.integers(3, 200), SPLITS, st.data())
def test_validation_does_not_depend_on_train_size_and_training_sets_are_nested(n: int, how: str, data: st.DataObject):
    val_size = data.draw(st.integers(0, n - 2))
    small = data.draw(st.integers(1, n - val_size - 1))
    train, val = split(n, small, val_size, how)
    larger, same = split(n, None, val_size, how)
    np.testing.assert_array_equal(val, same)
    assert set(train) < set(larger)


def test_the_random_split_is_a_function_of_its_generator():
    np.testing.assert_array_equal(split(100, None, 30, "random", 1)[1], split(100, None, 30, "random", 1)[1])
    assert set(split(100, None, 30, "random", 1)[1]) != set(split(100, None, 30, "random", 2)[1])


def test_the_head_split_trains_on_the_first_and_validates_on_the_last_images():
    train, val = split(10, 4, 3, "head")
    assert train.tolist() == [0, 1, 2, 3]
    assert val.tolist() == [7, 8, 9]


@pytest.mark.parametrize(("train_size", "val_size"), [(8, 3), (0, 3), (-1, 3), (None, 10), (None, 11), (5, -1)])
def test_sizes_that_the_dataset_cannot_give_are_refused(train_size: int | None, val_size: int):
    with pytest.raises(InputError, match=rf"val_size {val_size}: the dataset has 10 training images"):
        split(10, train_size, val_size, "random")


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="split 'tail': allowed are random, head"):
        split(10, None, 2, "tail")
