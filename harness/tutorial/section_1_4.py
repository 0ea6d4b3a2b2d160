"""The shapes of the network 2-4-3-1, section 1.4."""

import pandas as pd

from harness.tutorial.by_hand import STATED, Worked, numbers
from kernels import layout

WIDTHS = (2, 4, 3, 1)
STATED_SHAPES = (("(4, 2)", "(4, 1)"), ("(3, 4)", "(3, 1)"), ("(1, 3)", "(1, 1)"))


def tables() -> dict[str, pd.DataFrame]:
    """Return its worked shapes, and its widths for the pictures."""
    return {"numbers": numbers(worked()), "layers": pd.DataFrame({"layer": range(len(WIDTHS)), "width": WIDTHS})}


def worked() -> list[Worked]:
    """Return the shapes of its weights and biases; the tutorial's W is the transpose of w."""
    network = layout.network(WIDTHS)
    parameters = layout.new_state(network, layout.optimizer("sgd"), "float64").parameters
    rows = []
    for layer, stated in enumerate(STATED_SHAPES):
        w, b = layout.weight(parameters, network, layer), layout.bias(parameters, network, layer)
        rows.append(Worked(f"W[{layer + 1}] = wᵀ", str(w.T.shape), stated[0], STATED))
        rows.append(Worked(f"b[{layer + 1}] as a column", str(b[:, None].shape), stated[1], STATED))
    return rows
