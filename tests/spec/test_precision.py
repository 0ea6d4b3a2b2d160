"""A number that its dtype cannot hold is refused by name, with one that works."""

import re

import numpy as np
import pytest

from harness.errors import InputError
from harness.spec import Trial
from harness.spec.precision import BELOW_ONE, IN_DTYPE
from harness.spec.trial import trial_from

IN_FLOAT64 = {
    "dropout": "compared with 32 random bits",
    "input_dropout": "compared with 32 random bits",
    "schedule_factor": "rates are made in float64",
    "schedule_floor": "rates are made in float64",
    "warmup": "a share of the updates",
    "min_delta": "compared with losses in float64",
    "mean": "a part of the input map",
    "std": "a part of the input map, refused by a rule of its own",
}
CASES = (
    [(field, 1e-46) for field in IN_DTYPE]
    + [(field, 0.99999999) for field in BELOW_ONE]
    + [(field, 1e39) for field in set(IN_DTYPE) - set(BELOW_ONE)]
)


def test_every_number_of_a_trial_is_rounded_to_the_dtype_or_need_not_be():
    numbers = {name for name, field in Trial.model_fields.items() if re.search(r"\bfloat\b", str(field.annotation))}
    assert numbers == set(IN_DTYPE) | set(IN_FLOAT64)


@pytest.mark.parametrize(("field", "value"), sorted(CASES))
def test_what_float32_cannot_hold_is_refused_with_a_number_that_works(field, value):
    found = rf"^t: {field}: found {re.escape(repr(value))}; float32 takes it for"
    with pytest.raises(InputError, match=found) as caught:
        trial_from({field: value}, "t")
    works = float(str(caught.value).rpartition(" ")[2])
    trial_from({field: works}, "t")
    assert np.float32(works) not in (0, 1, np.inf)
    trial_from({field: value, "dtype": "float64"}, "t")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_standard_deviation_that_makes_pixels_infinite_is_refused_with_one_that_does_not(dtype):
    pixels = {"mean": 0.0, "dtype": dtype}
    with pytest.raises(InputError, match=r"^t: std: found .*infinity") as caught:
        trial_from({"std": 5e-324, **pixels}, "t")
    works = float(str(caught.value).rpartition(" ")[2])
    assert np.isfinite(np.dtype(dtype).type(1 / trial_from({"std": works, **pixels}, "t").std))


def test_numbers_near_1_are_refused_only_where_1_is():
    trial_from({"learning_rate": 0.99999999, "clip_norm": 0.99999999})
