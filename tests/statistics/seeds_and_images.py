"""Simulated results on images: what seeds and images bring to a value, Gaussian or as errors of 0 and 100."""

import numpy as np
from scipy import stats

from harness.statistics.images import two_way_interval
from harness.statistics.intervals import t_interval


def gaussian(rng, seeds, images, of_seed, of_image, rest=1.0):
    """Values (seeds, images) whose mean is 0."""
    by_seed, by_image = rng.normal(0, of_seed, (seeds, 1)), rng.normal(0, of_image, (1, images))
    return by_seed + by_image + rng.normal(0, rest, (seeds, images))


def errors(rng, seeds, images, of_seed, of_image, mean):
    """0 or 100 (seeds, images), 100 in `mean` per cent: some images are harder, some seeds are worse."""
    bar = stats.norm.ppf(1 - mean / 100) * np.sqrt(1 + of_seed**2 + of_image**2)
    return 100.0 * (gaussian(rng, seeds, images, of_seed, of_image) > bar)


def paired(rng, seeds, images, of_seed, of_image, mean):
    """Differences of two arms with the same mean error: the same seeds and images, and half of an image's hardness."""
    shared = gaussian(rng, seeds, images, of_seed, of_image, rest=0.5)
    arms = [shared + gaussian(rng, seeds, images, of_seed, of_image) for _ in range(2)]
    bar = stats.norm.ppf(1 - mean / 100) * np.sqrt(1.25 + 2 * of_seed**2 + 2 * of_image**2)
    return 100.0 * (arms[0] > bar) - 100.0 * (arms[1] > bar)


def coverage(make, mean, draws, rng, *arguments):
    """Return how often the interval over seeds and images, and that over seeds alone, hold the mean."""
    both = seeds = 0
    for _ in range(draws):
        values = make(rng, *arguments)
        wide, narrow = two_way_interval(values), t_interval(values.mean(1))
        both += wide.low <= mean <= wide.high
        seeds += narrow.low <= mean <= narrow.high
    return both / draws, seeds / draws
