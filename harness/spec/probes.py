"""The probes there are: the parameters of each, typed, and the names of what it measures.

The function of the same name in `harness.probes` takes the table and measures.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.errors import InputError, nearest
from harness.spec import names
from harness.spec.probe import Probe
from harness.spec.trial import Count, Name, Positive, Share, Trial, trial_from
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
    units: Size = 256
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


class Thinned(Probe):
    """Dropout's inference pass, in which every unit takes part, against the average of `masks` thinned networks."""

    METRICS = ("scaled_error", "average_error", "one_mask_error", "excess_error", "disagreement", "distance")

    probe: Literal["thinned"] = "thinned"
    dataset: Name = "mnist"
    units: Size = 64
    dropout: Annotated[float, Field(gt=0, lt=1)] = 0.5
    train_size: Count = 5000
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    masks: Count = 1000
    images: Count = 500


class ExtremeLogits(Probe):
    """Softmax and cross-entropy at logits up to ± `largest_logit`: by the kernel, which joins them, or in two steps."""

    METRICS = ("loss_not_finite", "gradient_not_finite", "deviation")

    probe: Literal["extreme_logits"] = "extreme_logits"
    largest_logit: Positive = 10.0
    form: Literal["joint", "two_steps"] = "joint"
    samples: Count = 1000


class BackwardCost(Probe):
    """Time of the backward pass over that of the forward pass, in a network of `depth` hidden layers."""

    METRICS = ("ratio", "ratio_of_products", "forward_ms", "backward_ms")
    TIMED = ("ratio", "forward_ms", "backward_ms")

    probe: Literal["backward_cost"] = "backward_cost"
    inputs: Size = 784
    units: Size = 128
    depth: Annotated[int, Field(ge=1, le=100)] = 2
    batch: Size = 128
    repeats: Count = 50


class OneLayer(Probe):
    """How near one hidden layer comes to a function on [-1, 1], with random hidden units and the best output layer."""

    METRICS = ("largest_deviation", "mean_deviation")
    ROWS = ("x", "function", "network")

    probe: Literal["one_layer"] = "one_layer"
    units: Size = 32
    activation: names.Activation = "tanh"
    target: Literal["sine", "tent", "step"] = "sine"


class ThresholdUnit(Probe):
    """Of how many inputs of a function of two bits one threshold unit is right, whatever its weights."""

    METRICS = ("most_right", "separable")
    WITHOUT_CHANCE = True

    probe: Literal["threshold_unit"] = "threshold_unit"
    function: Literal["xor", "and", "or", "nand"] = "xor"


class ForwardByHand(Probe):
    """The output of the tutorial's first exercise."""

    METRICS = ("output",)
    WITHOUT_CHANCE = True

    probe: Literal["forward_by_hand"] = "forward_by_hand"
    backend: names.Backend = "numpy"


class NumericalGradient(Probe):
    """How far backpropagation's gradient of a small network is from the numerical one."""

    METRICS = ("deviation",)

    probe: Literal["numerical_gradient"] = "numerical_gradient"
    activation: names.Activation = "tanh"
    normalization: names.Normalization = "none"
    loss: names.Loss = "cross_entropy"
    backend: names.Backend = "numpy"


class ScaledPixels(Probe):
    """Loss of softmax regression whose inputs differ in size by up to `decades` powers of ten."""

    METRICS = ("loss",)
    ROWS = ("step", "batch_loss")

    probe: Literal["scaled_pixels"] = "scaled_pixels"
    dataset: Name = "mnist"
    decades: Annotated[float, Field(ge=0, le=10)] = 3.0
    optimizer: names.Optimizer = "sgd"
    learning_rate: Positive = 0.001
    steps: Count = 500
    batch_size: Size = 128
    images: Count = 5000


class Features(Probe):
    """How well a linear classifier tells images apart by what one layer of a ReLU network makes of them.

    `layer` 0 is the pixels. The network is trained on the digits that are told apart (`same`), on the five lower ones
    alone, with the five higher ones told apart (`other`), or not at all (`none`).
    """

    METRICS = ("probe_error",)

    probe: Literal["features"] = "features"
    trained: Literal["same", "other", "none"] = "same"
    layer: Annotated[int, Field(ge=0, le=3)] = 1
    units: Size = 64
    train_size: Count = 10_000
    epochs: Annotated[int, Field(ge=1, le=1000)] = 5


Run = Trial | Probe
"""What fills a cell of a study."""

TABLES = (
    Signal, Bowl, Thinned, ExtremeLogits, BackwardCost, OneLayer, ThresholdUnit, ForwardByHand, NumericalGradient,
    ScaledPixels, Features,
)  # fmt: skip
PROBES: dict[str, type[Probe]] = {table.model_fields["probe"].default: table for table in TABLES}


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
