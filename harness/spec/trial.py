"""A trial: all that determines one training run, in one frozen and validated object."""

import hashlib
import itertools
import json
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, get_origin

from pydantic import Field, PlainValidator, model_validator

from harness.errors import InputError, nearest
from harness.spec import names
from harness.spec.precision import IN_DTYPE, LEAST_STD, misheld
from harness.spec.probe import Probe
from harness.spec.validation import Table, as_tuple, checked, or_none, refusal, shown
from kernels.choices import OVER_THE_BATCH, RULES

INPUTS, CLASSES = 784, 10
"""Of MNIST's images, for counts that are made without the data."""
MAX_PARAMETERS = 100_000_000
"""A network above this (at these inputs and classes) is a slip of the keyboard, not a small network."""


def _batch_size(value: Any) -> int | str:
    if value == "full" or (type(value) is int and 1 <= value <= 10**9):
        return value
    raise refusal(f"found {shown(value)}, expected a whole number above 0 or 'full'")


Width = Annotated[int, Field(ge=1)]
Widths = Annotated[tuple[Width, ...], as_tuple, Field(max_length=1000)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Name = Annotated[str, Field(min_length=1, max_length=4096)]


class Settings(Table):
    """The fields of a trial, each valid by itself; a table of a study file sets some of them."""

    dataset: Name = "mnist"  # a name, or a folder of IDX files
    train_size: Annotated[Count | None, or_none] = None  # images; None is all that validation leaves
    val_size: Annotated[int, Field(ge=0, le=10**9)] = 5000
    split: names.Split = "random"  # which images validate: drawn by the split seed, or in file order
    monitor: names.Monitor = "validation"  # what early stopping and tuning read

    hidden: Widths = (128, 64)  # () is softmax regression
    activation: names.Activation = "relu"
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01  # slope of leaky_relu below zero
    initializer: names.Initializer = "he_normal"
    init_std: Positive = 1.0  # read by `normal`
    output_initializer: Annotated[names.Initializer | None, or_none] = None  # of the output layer; None: `initializer`
    bias_init: names.BiasInitializer = "zeros"
    bias_std: Positive = 1.0  # read by `normal`
    normalization: names.Normalization = "none"
    residual: bool = False
    dropout: Share = 0.0  # probability that a hidden unit is dropped
    input_dropout: Share = 0.0
    dropout_form: names.DropoutForm = "inverted"

    loss: names.Loss = "cross_entropy"
    optimizer: names.Optimizer = "adam"
    momentum: Share = 0.9  # β of momentum and nesterov (v ← βv + g), ema_momentum (v ← βv + (1 - β)g)
    beta1: Share = 0.9  # beta1 and beta2: adam, adamw, lion
    beta2: Share = 0.999
    rho: Share = 0.9  # rmsprop
    epsilon: Positive = 1e-8  # adagrad, rmsprop, adam, adamw
    eps_outside: bool = False  # rmsprop: epsilon beside the root (Keras), not below it (the tutorial)
    learning_rate: Positive = 0.001
    schedule: names.Schedule = "constant"
    schedule_factor: Annotated[float, Field(gt=0, le=1)] = 0.5  # step, exponential: factor per schedule_every
    schedule_every: Count = 1  # epochs
    schedule_floor: Annotated[float, Field(ge=0, le=1)] = 0.0  # cosines: the share of the rate that they fall towards
    warmup: Share = 0.1  # warmup_cosine: share of all updates that rise

    batch_size: Annotated[int | str, PlainValidator(_batch_size)] = 128  # or "full"
    drop_last: bool = False
    shuffle: bool = True
    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    evaluate_every: Annotated[Count | None, or_none] = None  # training samples, of any number of epochs; None: an epoch
    evaluate_train: bool = False  # the training subset at every evaluation too, not only at the end
    l2: NotNegative = 0.0  # λ of λ/(2n)·Σ‖W‖² with n training images; PyTorch's weight_decay is λ/n
    clip_norm: Annotated[Positive | None, or_none] = None  # bound of the norm of all gradients, L2's term among them
    patience: Annotated[Count | None, or_none] = None  # evaluations without improvement before stopping; None is never
    min_delta: NotNegative = 0.0  # what counts as an improvement, for the waiting only
    restore_best: bool = True  # with patience: put back the weights of the lowest monitored loss

    input_scale: names.InputScale = "unit"  # pixels / 255, / 256, as they are, mean 0 and variance 1
    mean: Annotated[Annotated[float, Field(ge=0, le=1)] | None, or_none] = None  # mean and std: standardised as
    std: Annotated[Annotated[float, Field(gt=0, le=1)] | None, or_none] = None  # published, (pixel / 255 - mean) / std
    dtype: names.Dtype = "float32"
    backend: names.Backend = "numba"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    diagnostics: bool = False  # record gradient, activation and dead-unit figures for each layer
    diagnostic_images: Count = 128  # training images that they are taken on; dead units on the validation images


class Trial(Settings):
    """One training run; a field left out has its default. Raises pydantic's ValidationError.

    What the numbers mean where conventions differ:

    - `l2` is λ of λ/(2n)·Σ‖W‖² with n training images, so its gradient is λ/n·W and PyTorch's `weight_decay` is λ/n;
      adamw and lion shrink the weights by learning rate · λ/n instead. Biases, γ and β do not decay.
    - `clip_norm` bounds the norm of the gradients of all parameters together, after L2's term has been added.
    - `momentum` and `nesterov` are the classical forms, v ← βv + g, as in PyTorch; `ema_momentum` is the tutorial's,
      v ← βv + (1 - β)g, whose steps are (1 - β) times as long.
    - `evaluate_every` counts training images; `patience` counts evaluations without improvement. `best_epoch` in the
      record is the epoch, from 1, of the evaluation with the lowest monitored loss.
    - `schedule_every` counts epochs; what each schedule does with its numbers stands in `harness.training.schedules`.
    """

    @model_validator(mode="after")
    def _own_defaults_of_the_rule(self) -> "Trial":
        """Fill in the constants that the update rule starts from another value than their fields say.

        They do not count as given, and the digest compares them with the field's default like any other.
        """
        for name, value in RULES[self.optimizer].defaults.items():
            if name not in self.model_fields_set:
                object.__setattr__(self, name, value)  # frozen for all who come later
        return self

    @model_validator(mode="after")
    def _fields_agree(self) -> "Trial":
        parameters = parameter_count(self.hidden, INPUTS, CLASSES, self.normalization)
        if parameters > MAX_PARAMETERS:
            raise refusal(
                f"hidden: {shown(self.hidden)} makes {parameters:,} parameters ({INPUTS} inputs, {CLASSES} classes), "
                f"at most {MAX_PARAMETERS:,} are allowed"
            )
        for name in IN_DTYPE:
            if complaint := misheld(name, getattr(self, name) or 0.0, self.dtype):
                raise refusal(f"{name}: found {shown(getattr(self, name))}; {complaint}")
        if self.std is not None and self.std < (least := LEAST_STD[self.dtype]):
            raise refusal(
                f"std: found {self.std:g}; {self.dtype} takes pixels divided by it for infinity, "
                f"expected at least {least:g}"
            )
        for name in ("batch_size", "train_size"):
            if getattr(self, name) == 1 and self.hidden and self.normalization in OVER_THE_BATCH:
                raise refusal(
                    f"{name}: 1 under {self.normalization} norm, but a batch of one image has no variance: nothing of "
                    "the image is left after it; expected 2 or more, or normalization = 'layer'"
                )
        if (self.mean is None) != (self.std is None):
            alone, absent = ("mean", "std") if self.std is None else ("std", "mean")
            raise refusal(f"{alone}: given without {absent}; expected both of them or neither")
        if self.patience is not None and self.monitor == "validation" and self.val_size == 0:
            raise refusal("patience: early stopping reads the validation images, but val_size is 0")
        if self.drop_last and isinstance(self.batch_size, int) and (self.train_size or 10**9) < self.batch_size:
            raise refusal(
                f"drop_last: train_size {self.train_size} is less than one batch of {self.batch_size}, "
                "so no update would be made"
            )
        return self

    @property
    def source(self) -> str:
        """The dataset that it reads."""
        return self.dataset

    @property
    def code(self) -> str:
        """What computes it, as code digests are kept: the backend."""
        return self.backend

    def canonical(self) -> dict[str, Any]:
        """Return what sets this run apart from a default one, sorted by name.

        Defaults are left out, so that a field added later leaves old digests as they are. The name or path of
        the dataset is left out too: its content stands in the digest (see `trial_id`).
        """
        chosen = self.__dict__
        return {
            name: list(chosen[name]) if isinstance(chosen[name], tuple) else chosen[name]
            for name, default in _defaults()
            if chosen[name] != default
        }


@cache
def _defaults() -> list[tuple[str, Any]]:
    """The fields that count in a trial's id, sorted, and their defaults."""
    return [(name, field.default) for name, field in sorted(Trial.model_fields.items()) if name != "dataset"]


def parameter_count(hidden: tuple[int, ...], inputs: int, classes: int, normalization: str = "none") -> int:
    """Return the number of weights and biases, and of scales and shifts where hidden units are normalized."""
    widths = (inputs, *hidden, classes)
    affine = sum((before + 1) * after for before, after in itertools.pairwise(widths))
    return affine + (0 if normalization == "none" else 2 * sum(hidden))


def trial_id(trial: Trial | Probe, dataset_digest: str) -> str:
    """Return 16 hex digits that name the run: the same run has the same name in every study and folder.

    `dataset_digest` is that of the content of the dataset it reads; "" of a probe that reads none.
    """
    text = json.dumps([trial.canonical(), dataset_digest], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def trial_from(settings: dict[str, Any], where: str = "trial") -> Trial:
    """Return the trial with these settings; raises InputError with one line that starts with `where`."""
    return checked(Trial, settings, where)


def parse_set(assignments: Iterable[str], where: str = "--set", of: type[Table] | None = None) -> dict[str, Any]:
    """Return the typed settings of ``key=value`` texts: fields of `of`, or of a trial.

    A list is comma-separated (``hidden=64,64``; ``hidden=`` is no hidden layer), ``none`` is None. Raises
    InputError for a text without ``=``, an unknown or repeated key, and a value that the field refuses.
    """
    settings: dict[str, Any] = {}
    fields = (of := of or Settings).model_fields
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise InputError(f"{where} {shown(assignment)}: expected key=value, such as epochs=5")
        if key not in fields:
            hint = nearest(key, fields) or f"; known: {', '.join(fields)}"
            raise InputError(f"{where} {shown(assignment)}: unknown field {shown(key)}{hint}")
        if key in settings:
            raise InputError(f"{where} {shown(assignment)}: {key} is set twice")
        settings[key] = _typed(key, fields[key].annotation, text)
    return checked(of, settings, where).given()


def _typed(key: str, annotation: Any, text: str) -> Any:
    if key == "hidden":
        return [_word(word.strip()) for word in text.split(",")] if text else []
    return text if annotation is str or get_origin(annotation) is Literal else _word(text)


def _word(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
