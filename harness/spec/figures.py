"""What a study draws: the grammar of `[[figures]]`, and the fields and metrics that a figure may name.

Everywhere `x` is what a figure measures against and `y` what is measured. `arm`, `block`, `phase`, `depth`, `width` (of
the first hidden layer) and `parameters` are used like the fields of a trial.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator

from harness.errors import InputError, nearest
from harness.spec.ablation import UNNAMED
from harness.spec.names import Phase
from harness.spec.probe import Probe
from harness.spec.trial import Settings, Trial
from harness.spec.validation import Line, Table, as_tuple, refusal, shown, validation_line

TRIAL_FIGURES = (
    "parameters",
    "classes",
    "epochs_run",
    "best_epoch",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "test_loss",
    "test_accuracy",
    "seconds",
)
"""What a trial ends with, as trials.csv has it."""
CURVE_FIGURES = (
    "seconds",
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "gradient_norm",
)
"""What an evaluation measures, as curves.csv has it."""
LAYER_METRICS = (
    "preactivation_mean",
    "preactivation_variance",
    "activation_mean",
    "activation_variance",
    "dead_units",
    "distinct_units",
    "saturated",
    "mean_drift",
    "variance_drift",
    "gradient_norm",
    "bias_gradient_norm",
    "weight_norm",
)
"""What diagnostics measure in each layer, as layers.csv has it."""

TRIAL_FIELDS = tuple(name for name in Settings.model_fields if name != "seed")
NUMBERS = tuple(name for name in TRIAL_FIELDS if Settings.model_fields[name].annotation in (int, float))
ARM_FIELDS = (*TRIAL_FIELDS, "arm", "block", "depth", "width", "parameters")
FIELDS = (*ARM_FIELDS, "phase")
TRIAL_METRICS = (
    *("train_error", "val_error", "test_error", "gap", "lost"),  # in per cent; what trials.csv has follows
    *TRIAL_FIGURES,
    *NUMBERS,
)
CURVE_METRICS = ("train_error", "val_error", *CURVE_FIGURES)
TIME_TO_TARGET = "time_to_target"
EFFECT_METRICS = (
    *("train_error", "val_error", "test_error", "train_loss", "val_loss", "test_loss"),
    *("train_accuracy", "val_accuracy", "test_accuracy", TIME_TO_TARGET),
)
UNITS = ("epochs", "samples", "steps", "seconds")
"""What a curve or a time is measured against."""


class Vocabulary(NamedTuple):
    """The names that figures of a study may use; those of a probe are its own parameters and metrics."""

    settings: type[Table]  # types the values of `own_fields`
    own_fields: tuple[str, ...]  # what an arm may set
    arm_fields: tuple[str, ...]
    fields: tuple[str, ...]
    metrics: tuple[str, ...]  # one number a seed
    curve_metrics: tuple[str, ...]
    layer_metrics: tuple[str, ...]
    units: tuple[str, ...]  # what curves are drawn against
    forms: Mapping[str, tuple[str, ...]]  # the forms there are, with the keys that each cannot do without
    effect_metrics: tuple[str, ...] = ()


class Reads(NamedTuple):
    """What a form reads: which names of a `Vocabulary` x, y and colour take ("": the key is not read), and its further
    keys."""

    x: str = ""
    y: str = ""
    colour: str = ""
    more: tuple[str, ...] = ("panels", "phase")


FORMS = {
    "strip": Reads(x="fields", y="metrics", colour="fields"),
    "response": Reads(x="fields", y="metrics", colour="fields"),
    "curves": Reads(x="units", y="curve_metrics", colour="fields"),
    "layers": Reads(y="layer_metrics", colour="fields", more=("panels", "phase", "epoch")),
    "heatmap": Reads(x="fields", y="fields", colour="metrics"),
    "sensitivity": Reads(x="own_fields", y="metrics", more=()),
    "time": Reads(x="units", colour="fields", more=("panels", "phase", "target")),
    "forest": Reads(more=("phase",)),
    "effects": Reads(x="units", y="effect_metrics", more=("target",)),  # x is the unit of time_to_target
    "images": Reads(more=()),
}
NEEDS: dict[str, tuple[str, ...]] = {"response": ("x",), "heatmap": ("x", "y"), "time": ("target",)}
TRAINING = Vocabulary(
    Settings,
    TRIAL_FIELDS,
    ARM_FIELDS,
    FIELDS,
    TRIAL_METRICS,
    CURVE_METRICS,
    LAYER_METRICS,
    UNITS,
    {form: NEEDS.get(form, ()) for form in FORMS},
    EFFECT_METRICS,
)
NOT_YET = ("published",)
ALWAYS = ("form", "where", "headline", "note")
ONE_Y = ("heatmap", "sensitivity")


def _form(value: Any) -> Any:
    if value in NOT_YET:
        raise refusal(f"{shown(value)} is not drawn yet; forms today: {', '.join(FORMS)}")
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class FigureTable(Table):
    """One figure of a study; which keys a form reads stands in FORMS, the names they may have in the context."""

    form: Annotated[
        Literal[
            "strip", "response", "curves", "layers", "heatmap", "sensitivity", "time", "forest", "effects", "images"
        ],
        BeforeValidator(_form),
    ]
    x: Line | None = None
    y: Annotated[tuple[Line, ...], as_tuple, BeforeValidator(_listed)] = ()
    colour: Line | None = None
    panels: Line | None = None
    where: dict[str, tuple[Any, ...]] = Field(default={})
    phase: Annotated[tuple[Phase, ...], as_tuple, BeforeValidator(_listed)] = ()
    epoch: Annotated[int, Field(ge=0)] | None = None  # of layers; None is the first that was recorded
    target: Annotated[float, Field(gt=0, le=1)] | None = None  # of a time: the validation accuracy to reach
    headline: bool = False
    note: Line | None = None

    @field_validator("where", mode="before")
    @classmethod
    def _typed_values(cls, where: Any, info: ValidationInfo) -> Any:
        if not isinstance(where, dict):
            return where
        return {field: field_values(field, value, vocabulary(info)) for field, value in where.items()}

    @field_validator("x", "y", "colour", "panels", "epoch", "target", "phase")
    @classmethod
    def _read_by_the_form(cls, value: Any, info: ValidationInfo) -> Any:
        form, key = info.data.get("form"), str(info.field_name)
        if form is None or value in (None, ()):
            return value
        reads, names = FORMS[form], _takes(form, vocabulary(info))
        if not names.get(key, key in reads.more):
            known = [*ALWAYS, *(k for k in names if names[k]), *(k for k in reads.more if k not in names)]
            raise refusal(f"not read by form '{form}', which reads {', '.join(known)}")
        for name in value if key == "y" else (value,) if key in names else ():
            if name not in names[key]:
                hint = nearest(name, names[key]) or f"; known: {', '.join(names[key])}"
                raise refusal(f"unknown {_kind(form, key)} {shown(name)}{hint}")
        return value

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> "FigureTable":
        forms = vocabulary(info).forms
        if self.form not in forms:
            raise refusal(f"form '{self.form}' draws trainings; a probe has {', '.join(forms)}")
        for key in forms[self.form]:
            if not getattr(self, key):
                raise refusal(f"form '{self.form}' needs {key}")
        if self.form in ONE_Y and len(self.y) > 1:
            raise refusal(f"y: form '{self.form}' takes one, found {shown(self.y)}")
        timed = TIME_TO_TARGET in self.y
        if self.form == "effects" and timed != (self.target is not None):
            raise refusal(f"target: form 'effects' needs one for '{TIME_TO_TARGET}' in y, and only for that")
        return self

    def fields(self) -> dict[str, str]:
        """Return the fields that the figure names, by the key that names them."""
        reads = FORMS[self.form]
        named = {"x": self.x, "colour": self.colour, "panels": self.panels, "y": self.y[0] if self.y else None}
        takes = {"x": reads.x, "colour": reads.colour, "panels": "fields", "y": reads.y}
        return {key: name for key, name in named.items() if name and takes[key] in ("fields", "own_fields")}


def vocabulary(info: ValidationInfo) -> Vocabulary:
    """Return the names that a table of a study may use: those in the context of its validation, else a training's."""
    return TRAINING if info.context is None else info.context


def _takes(form: str, known: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the names that each key of a form may have; none where it does not read the key."""
    reads = FORMS[form]
    kinds = {"x": reads.x, "y": reads.y, "colour": reads.colour, "panels": "fields" * ("panels" in reads.more)}
    return {key: getattr(known, kind) if kind else () for key, kind in kinds.items()}


def _kind(form: str, key: str) -> str:
    metric = key == ("colour" if form == "heatmap" else "y")
    return "metric" if metric else "unit" if key == "x" and FORMS[form].x == "units" else "field"


def field_values(field: str, value: Any, known: Vocabulary = TRAINING) -> tuple[Any, ...]:
    """Return the values that `where` allows for a field: one that was written alone, or each of a list."""
    if field not in known.arm_fields:
        hint = nearest(field, known.arm_fields) or f"; known: {', '.join(known.arm_fields)}"
        raise refusal("phase: is a key of its own" if field == "phase" else f"unknown field {shown(field)}{hint}")
    if field not in known.own_fields:
        kind = str if field in ("arm", "block") else int
        found = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not found or any(type(one) is not kind for one in found):
            expected = "a text or a list of texts" if kind is str else "a whole number or a list of them"
            raise refusal(f"{field}: found {shown(value)}, expected {expected}")
        return found
    try:
        return (getattr(known.settings.model_validate({field: value}), field),)
    except ValidationError as error:
        if not isinstance(value, list | tuple) or not value:
            raise refusal(validation_line(error, "")) from None
    try:
        return tuple(getattr(known.settings.model_validate({field: one}), field) for one in value)
    except ValidationError as error:
        raise refusal(validation_line(error, "")) from None


class AnyArm(Protocol):
    """What a figure asks of an arm."""

    @property
    def name(self) -> str: ...
    @property
    def block(self) -> str | None: ...
    @property
    def trial(self) -> Trial | Probe: ...


def arm_field(arm: AnyArm, field: str) -> Any:
    """Return what an arm has in a field of ARM_FIELDS, as written; `parameters` depends on the data and is no part."""
    own: dict[str, Any] = {"arm": arm.name, "block": arm.block}
    if isinstance(arm.trial, Trial):
        hidden = arm.trial.hidden
        own |= {"depth": len(hidden), "width": hidden[0] if hidden else 0}
    return own[field] if field in own else getattr(arm.trial, field)


def matching(where: Mapping[str, tuple[Any, ...]], arms: Iterable[AnyArm]) -> list[str]:
    """Return the names of the arms that have one of the values in each field of `where` (`parameters` left aside)."""
    fields = {field: values for field, values in where.items() if field != "parameters"}
    return [arm.name for arm in arms if all(arm_field(arm, field) in values for field, values in fields.items())]


def tuned_fields(tune: Table | None) -> tuple[str, ...]:
    """Return the fields of a trial that a [tune] table gives values for."""
    fields = type(tune).model_fields if tune is not None else {}
    return tuple(name for name in fields if name in TRIAL_FIELDS and getattr(tune, name) is not None)


def refuse_figures(
    figures: Sequence[FigureTable], arms: Sequence[AnyArm], tune: Table | None, ablated: Sequence[str], where: str
) -> None:
    """Raise InputError for a figure that these arms, this [tune] table (None: the study has none), or the blocks that
    ablate, by name, cannot fill."""
    tuned = tuned_fields(tune)
    for place, figure in enumerate(figures):
        here = f"{where}: figures[{place}]"
        if not tuned and (figure.form == "sensitivity" or {"tune", "confirm"} & set(figure.phase)):
            key = "form: 'sensitivity'" if figure.form == "sensitivity" else f"phase: {shown(figure.phase)}"
            raise InputError(f"{here}: {key} needs a [tune] table, and the study has none")
        if figure.form == "sensitivity" and figure.x not in ((None, *tuned) if len(tuned) == 1 else tuned):
            raise InputError(f"{here}: x: found {shown(figure.x)}, expected a tuned field: {', '.join(tuned)}")
        for key, field in [*figure.fields().items(), *((f"where.{field}", field) for field in figure.where)]:
            if field == "block" and not any(arm.block for arm in arms):
                raise InputError(f"{here}: {key}: no [[blocks]] of the study has a name")
        refuse_empty(figure.where, arms, f"{here}: where")
        if figure.form == "effects":
            _refuse_unablated(figure, ablated, here)
    if sum(figure.headline for figure in figures) > 1:
        raise InputError(f"{where}: figures: more than one is the headline")


def _refuse_unablated(figure: FigureTable, ablated: Sequence[str], here: str) -> None:
    if not ablated:
        raise InputError(f"{here}: form: 'effects' needs a block that ablates, and the study has none")
    for field in figure.where:
        if field != "block":
            raise InputError(
                f"{here}: where.{field}: effects are of every combination; they can be chosen by block alone"
            )
    blocks = figure.where.get("block", ())
    if len(blocks) > 1 or ablated_block(figure, ablated) not in ablated:
        found = f"found {shown(blocks)}, " if blocks else ""
        raise InputError(f"{here}: where.block: {found}expected one of the blocks that ablate: {', '.join(ablated)}")


def ablated_block(figure: FigureTable, ablated: Sequence[str]) -> str:
    """Return the block whose effects a figure draws: the one that it names, the only one, or the one without a name."""
    return str(figure.where["block"][0]) if "block" in figure.where else ablated[0] if len(ablated) == 1 else UNNAMED


def refuse_empty(where: Mapping[str, tuple[Any, ...]], arms: Sequence[AnyArm], here: str) -> None:
    """Raise InputError for a value that no arm has, with the nearest one, and where no arm has all of the values."""
    for field, values in where.items():
        if field == "parameters":
            continue
        known = list(dict.fromkeys(arm_field(arm, field) for arm in arms))
        for value in values:
            if value not in known:
                hint = nearest(value, [k for k in known if isinstance(k, str)]) if isinstance(value, str) else ""
                raise InputError(
                    f"{here}.{field}: no arm has {shown(value)}{hint or f'; the arms have {shown(known)}'}"
                )
    if not matching(where, arms):
        raise InputError(f"{here}: no arm has all of these values")
