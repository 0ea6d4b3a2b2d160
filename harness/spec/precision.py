"""Numbers of a trial that its dtype cannot hold, told apart without NumPy."""

import math
import struct

BELOW_ONE = ("alpha", "momentum", "beta1", "beta2", "rho")
IN_DTYPE = (*BELOW_ONE, "init_std", "bias_std", "epsilon", "learning_rate", "l2", "clip_norm")
"""Fields that the kernels round to the trial's dtype; what is counted with in float64 is not among them."""

LEAST_STD = {"float32": 3e-39, "float64": 6e-309}
"""Pixels divided by less are infinite."""


def misheld(field: str, value: float, dtype: str) -> str | None:
    """Say what a dtype makes of a number, and which it holds, where rounding takes it out of the field's bounds."""
    held = _rounded(value, dtype)
    if held == 0 != value:
        return f"{dtype} takes it for 0, expected at least 1.4e-45"
    if field in BELOW_ONE and held == 1:
        return f"{dtype} takes it for 1, expected at most 0.9999999"
    return f"{dtype} takes it for infinity, expected at most 3.4e+38" if math.isinf(held) else None


def _rounded(value: float, dtype: str) -> float:
    """Return `value` as the dtype holds it: 0 where it is too small, infinity where it is too large."""
    if dtype == "float64":
        return value
    try:
        (held,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.inf
    return float(held)
