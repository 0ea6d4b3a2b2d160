"""Depth against width, section 3.3: the tutorial's two networks counted; how they fare is asked in a study."""

import pandas as pd

from harness.tutorial.by_hand import STATED, Worked, numbers
from kernels import layout

COUNTED = {(3, 16, 1): 81, (3, 4, 4, 4, 1): 61}


def tables() -> dict[str, pd.DataFrame]:
    """Return both counts."""
    return {"numbers": numbers(worked())}


def worked() -> list[Worked]:
    """Return the parameters of both networks."""
    return [
        Worked(f"parameters of {list(widths)}", layout.network(widths).parameters, stated, STATED)
        for widths, stated in COUNTED.items()
    ]
