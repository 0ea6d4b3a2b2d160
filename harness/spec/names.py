"""Every name that a study or a trial may use; anything else is refused, with the nearest of these."""

from typing import Literal, get_args

Activation = Literal["sigmoid", "tanh", "relu", "leaky_relu", "identity"]
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
Normalization = Literal["none", "batch", "layer"]
Loss = Literal["cross_entropy", "binary_cross_entropy", "mse"]
Optimizer = Literal["sgd", "ema_momentum", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
Schedule = Literal["constant", "step", "exponential", "cosine", "warmup_cosine"]
DropoutForm = Literal["inverted", "scaled"]
InputScale = Literal["unit", "256", "raw", "standardised"]
Dtype = Literal["float32", "float64"]
Backend = Literal["numpy", "numba"]
Split = Literal["random", "head"]
Monitor = Literal["validation", "test"]
Profile = Literal["smoke", "quick", "full"]
Phase = Literal["default", "tune", "confirm"]

ACTIVATIONS: tuple[str, ...] = get_args(Activation)
INITIALIZERS: tuple[str, ...] = get_args(Initializer)
BIAS_INITIALIZERS: tuple[str, ...] = get_args(BiasInitializer)
NORMALIZATIONS: tuple[str, ...] = get_args(Normalization)
LOSSES: tuple[str, ...] = get_args(Loss)
OPTIMIZERS: tuple[str, ...] = get_args(Optimizer)
SCHEDULES: tuple[str, ...] = get_args(Schedule)
DROPOUT_FORMS: tuple[str, ...] = get_args(DropoutForm)
INPUT_SCALES: tuple[str, ...] = get_args(InputScale)
DTYPES: tuple[str, ...] = get_args(Dtype)
BACKENDS: tuple[str, ...] = get_args(Backend)
SPLITS: tuple[str, ...] = get_args(Split)
MONITORS: tuple[str, ...] = get_args(Monitor)
PROFILES: tuple[str, ...] = get_args(Profile)

RESERVED = ("bench", "concepts", "local", "tutorial")  # folders beside the studies in a results folder
