"""The probes there are: the parameters of each, typed, and the names of what it measures.

The function of the same name in `harness.probes` takes the table and measures.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.errors import InputError, nearest
from harness.spec import names
from harness.spec.probe import Probe
from harness.spec.trial import Count, Positive, Share, Trial, trial_from
from harness.spec.validation import checked, shown

Size = Annotated[int, Field(ge=1, le=10_000)]


class Signal(Probe):
    """How the variance of signal and gradient changes from layer to layer in a network that was only initialized.

    Ratios are of the last hidden layer to the first for what goes forward and of the first to the last for the
    gradient, so that 1 is kept; a drift is the decades by which a ratio is off, either way.
    """

    METRICS = ("forward_ratio", "backward_ratio", "forward_drift", "backward_drift")
    ROWS = ("layer", "preactivation_variance", "activation_variance", "gradient_variance")

    probe: Literal["signal"] = "signal"
    depth: Annotated[int, Field(ge=2, le=1000)] = 20
    width: Size = 256
    samples: Size = 256
    activation: names.Activation = "tanh"
    initializer: names.Initializer = "xavier_normal"
    init_std: Positive = 1.0  # read by `normal`


class Bowl(Probe):
    """Descent on ½ Σ λᵢxᵢ² with λ from 1 down to 1/condition, turned and started at random.

    `steps` are those until the loss is `target` times the first one, at most `limit`, which is `missed`; `turns` count
    how often the steepest coordinate changed its sign by then, and `detour` is the way gone by the straight one.
    """

    METRICS = ("steps", "turns", "detour", "missed", "final_loss")
    ROWS = ("step", "loss", "steep", "flat")

    probe: Literal["bowl"] = "bowl"
    condition: Annotated[float, Field(ge=1)] = 100.0
    dimensions: Annotated[int, Field(ge=2, le=1000)] = 10
    optimizer: names.Optimizer = "sgd"
    learning_rate: Positive = 0.1  # gradient descent is stable below 2
    momentum: Share = 0.9
    target: Annotated[float, Field(gt=0, lt=1)] = 1e-6
    limit: Count = 2000


Run = Trial | Probe
"""What fills a cell of a study."""

PROBES: dict[str, type[Probe]] = {table.model_fields["probe"].default: table for table in (Signal, Bowl)}


def find_probe(name: Any, where: str) -> type[Probe]:
    """Return the table of the probe of this name; raises InputError with the nearest one."""
    if isinstance(name, str) and name in PROBES:
        return PROBES[name]
    hint = (nearest(name, PROBES) if isinstance(name, str) else "") or f"; known: {', '.join(PROBES)}"
    raise InputError(f"{where}: probe: " + (f"unknown {shown(name)}{hint}" if name is not None else f"missing{hint}"))


def run_from(fields: dict[str, Any], where: str = "trial") -> Run:
    """Return the training run or, where `probe` names one, the run of a probe with these fields; raises InputError."""
    if "probe" in fields:
        return checked(find_probe(fields["probe"], where), fields, where)
    return trial_from(fields, where)
