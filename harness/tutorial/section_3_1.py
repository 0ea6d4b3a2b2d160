"""One hidden layer by its width, section 3.1."""

import pandas as pd

from harness.probes import measure
from harness.spec.probes import OneLayer

WIDTHS = (2, 4, 8, 16, 64)


def tables() -> dict[str, pd.DataFrame]:
    """Return the function and what each width makes of it, and how far apart they are."""
    found = {width: measure(OneLayer(units=width)) for width in WIDTHS}
    curves = pd.concat([pd.DataFrame({"units": width, **one.rows}) for width, one in found.items()], ignore_index=True)
    deviations = pd.DataFrame([{"units": width, **one.metrics} for width, one in found.items()])
    deviations.columns = ["units", "largest deviation", "mean deviation"]
    return {"curves": curves, "deviations": deviations}
