"""Every name that a study or a trial may use; anything else is refused, with the nearest of these."""

from typing import TYPE_CHECKING, Literal, get_args

from kernels.choices import ACTIVATIONS, LOSSES, NORMALIZATIONS, RULES

if TYPE_CHECKING:  # a checker of types takes no names that are computed
    Activation = str
    Loss = str
    Normalization = str
    Optimizer = str
else:
    Activation = Literal[ACTIVATIONS]
    Loss = Literal[LOSSES]
    Normalization = Literal[NORMALIZATIONS]
    Optimizer = Literal[tuple(RULES)]

Initializer = Literal[
    "zeros",
    "normal",
    "uniform",
    "lecun_normal",
    "xavier_normal",
    "xavier_uniform",
    "he_normal",
    "he_uniform",
    "orthogonal",
]
BiasInitializer = Literal["zeros", "normal"]
Schedule = Literal["constant", "step", "exponential", "cosine", "warmup_cosine"]
DropoutForm = Literal["inverted", "scaled"]
InputScale = Literal["unit", "256", "raw", "standardised"]
Dtype = Literal["float32", "float64"]
Backend = Literal["numpy", "numba"]
Split = Literal["random", "head"]
Monitor = Literal["validation", "test"]
Profile = Literal["smoke", "quick", "full"]
Phase = Literal["default", "tune", "confirm"]

INITIALIZERS: tuple[str, ...] = get_args(Initializer)
BIAS_INITIALIZERS: tuple[str, ...] = get_args(BiasInitializer)
OPTIMIZERS: tuple[str, ...] = tuple(RULES)
SCHEDULES: tuple[str, ...] = get_args(Schedule)
DROPOUT_FORMS: tuple[str, ...] = get_args(DropoutForm)
INPUT_SCALES: tuple[str, ...] = get_args(InputScale)
DTYPES: tuple[str, ...] = get_args(Dtype)
BACKENDS: tuple[str, ...] = get_args(Backend)
SPLITS: tuple[str, ...] = get_args(Split)
MONITORS: tuple[str, ...] = get_args(Monitor)
PROFILES: tuple[str, ...] = get_args(Profile)

RESERVED = ("bench", "concepts", "local", "tutorial")  # folders beside the studies in a results folder


def is_every_input(dataset: str) -> bool:
    """Tell whether a dataset's test images are all that there are, no sample: of made data, those of a parity."""
    return dataset == "xor" or dataset.startswith("parity:")
