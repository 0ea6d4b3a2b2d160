"""Streams of different purposes and seeds have nothing in common; those of small seeds stay what they were."""

import numpy as np
import pytest

from harness.training.streams import NAMES, stream

SMALL = (0, 1, 2, 3, 2**32 - 1)
SEEDS = [small + times * 2**32 for small in SMALL for times in (0, 1, 2, 3, 2**31 - 1)]


def test_no_two_seeds_and_purposes_share_a_stream():
    drawn = {tuple(stream(seed, name).integers(2**63, size=4)) for seed in SEEDS for name in NAMES}
    assert len(drawn) == len(SEEDS) * len(NAMES)


@pytest.mark.parametrize("seed", SMALL)
def test_a_seed_of_one_word_is_numpys_own_of_seed_and_purpose(seed):
    for place, name in enumerate(NAMES):
        assert stream(seed, name).integers(2**63) == np.random.default_rng([seed, place]).integers(2**63)
