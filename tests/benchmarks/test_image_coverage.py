"""How often the 95 % interval over seeds and images holds the mean, in full: ``python -m pytest FILE -s`` prints it.

The fast form is in tests/statistics/test_images.py.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "statistics"))

from seeds_and_images import coverage, errors, gaussian, paired

DRAWS = 4000
SCENES = {
    "Gaussian, 8 seeds, 1000 images": (gaussian, 0, 8, 1000, 0.1, 1.0),
    "Gaussian, 20 seeds, 1000 images, seeds alike": (gaussian, 0, 20, 1000, 0.0, 1.0),
    "Gaussian, 8 seeds, 1000 images, images alike": (gaussian, 0, 8, 1000, 0.1, 0.0),
    "errors of 4.3 %, 8 seeds, 10 000 images": (errors, 4.3, 8, 10_000, 0.1, 2.0, 4.3),
    "errors of 4.3 %, 3 seeds, 10 000 images": (errors, 4.3, 3, 10_000, 0.1, 2.0, 4.3),
    "errors of 1.5 %, 40 seeds, 2000 images": (errors, 1.5, 40, 2000, 0.1, 2.0, 1.5),
    "paired, 4.3 %, 8 seeds, 10 000 images": (paired, 0, 8, 10_000, 0.1, 1.0, 4.3),
}


@pytest.mark.parametrize("scene", SCENES)
def test_coverage_of_the_interval_over_seeds_and_images(scene):
    make, mean, *arguments = SCENES[scene]
    both, seeds = coverage(make, mean, DRAWS, np.random.default_rng(1), *arguments)
    print(f"\n{scene}: {100 * both:.1f} % over seeds and images, {100 * seeds:.1f} % over seeds alone")
    noise = 2 * np.sqrt(0.95 * 0.05 / DRAWS)
    assert 0.93 - noise <= both <= 0.97 + noise
