"""One table `[[claims]]` of a study file: what it states, of which metric, and which keys its form reads.

A side is the name of an arm, or settings that arms share (`depth`, `width`, `parameters`, `arm` and `block` are used
like fields); a list is any of these. Which arms these are is found in `claims`.
"""

import itertools
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, model_serializer, model_validator

from harness.errors import nearest
from harness.spec.claim_metrics import METRIC_KEYS, METRICS, NEEDED, ClaimMetric, metric_named
from harness.spec.figures import CURVE_METRICS, TRAINING, TRIAL_FIELDS, UNITS, Vocabulary, field_values, vocabulary
from harness.spec.names import Phase
from harness.spec.validation import CsvName, Line, Table, refusal, shown
from harness.text import number, setting

REDUCIBLE = (*TRIAL_FIELDS, "depth", "width", "parameters")
"""Fields whose values `smallest` may take together."""
Alternative = str | dict[str, Any]  # an arm by its name, or one value of each field
Side = tuple[Alternative, ...]
Form = Literal["better", "equivalent", "trend", "differs", "within", "equals"]


class Keys(NamedTuple):
    """What a form needs beside the key that it is called by, and what it may have."""

    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


FORMS: dict[Form, Keys] = {
    "differs": Keys(("better", "than"), ("at_least", "lower_is_better")),
    "better": Keys(("than",), ("at_least", "lower_is_better")),
    "equivalent": Keys(("margin",)),
    "trend": Keys(("over",)),
    "within": Keys(),
    "equals": Keys(("tolerance",)),
}
SIGN_FLIP_FORMS = ("better", "differs", "trend")
"""Forms that are judged by the sign-flip test, and share its error rate."""
FORM_KEYS = (*FORMS, "than", "margin", "over", "tolerance", "at_least", "lower_is_better")
A_SIDE = "the name of an arm, or settings such as { optimizer = 'adam' }"


def _side(value: Any, info: ValidationInfo) -> Any:
    entries = value if isinstance(value, list | tuple) else (value,)
    if not entries:
        raise refusal(f"found [], expected {A_SIDE}")
    found = tuple(one for entry in entries for one in _alternatives(entry, vocabulary(info)))
    for place, one in enumerate(found):
        if one in found[:place]:
            raise refusal(f"found {shown(one)} twice")
    return found


def _alternatives(entry: Any, known: Vocabulary) -> list[Alternative]:
    """Return a name as it is, and settings for each value of those that list several."""
    if isinstance(entry, str):
        return [entry]
    if not isinstance(entry, dict) or not entry:
        raise refusal(f"found {shown(entry)}, expected {A_SIDE}")
    lists = {field: field_values(field, value, known) for field, value in entry.items()}
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


def _sides(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise refusal(f"found {shown(value)}, expected a list of two sides or more")
    return tuple(_side(side, info) for side in value)


def _where(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, dict):
        raise refusal(f"found {shown(value)}, expected settings such as {{ depth = 3 }}")
    return {field: field_values(field, found, vocabulary(info)) for field, found in value.items()}


def _two_conditions(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refusal(f"found {shown(value)}, expected two conditions such as [{{ depth = 8 }}, {{ depth = 1 }}]")
    first, second = (_where(condition, info) for condition in value)
    if first == second:
        raise refusal(f"found {shown(value[0])} twice, expected two conditions that differ")
    return first, second


def _fields(value: Any, info: ValidationInfo) -> Any:
    fields = tuple(value) if isinstance(value, list | tuple) else (value,)
    for place, field in enumerate(fields):
        _field(field, info)
        if field in fields[:place]:
            raise refusal(f"found {shown(field)} twice")
    return fields


def _field(value: Any, info: ValidationInfo) -> Any:
    known = vocabulary(info).arm_fields
    if value is not None and value not in known:
        raise refusal(f"unknown field {shown(value)}{nearest(str(value), known) or _known(known)}")
    return value


def _number_field(value: Any) -> Any:
    if value is not None and value not in REDUCIBLE:
        raise refusal(f"unknown field {shown(value)}{nearest(str(value), REDUCIBLE) or _known(REDUCIBLE)}")
    return value


def _metric(value: Any, info: ValidationInfo) -> Any:
    known = METRICS if vocabulary(info) is TRAINING else vocabulary(info).metrics
    if isinstance(value, str) and value not in known:
        meant = f"test_{value}"  # "accuracy": of the test images, unless told otherwise
        hint = nearest(meant if meant in known else value, known) or _known(known)
        raise refusal(f"unknown metric {shown(value)}{hint}")
    return value


def _column(value: Any) -> Any:
    if isinstance(value, str) and value not in CURVE_METRICS:
        raise refusal(f"unknown metric {shown(value)}{nearest(value, CURVE_METRICS) or _known(CURVE_METRICS)}")
    return value


def _phases(value: Any) -> Any:
    phases = tuple(value) if isinstance(value, list | tuple) else (value,)
    if "tune" in phases:
        raise refusal("found 'tune', which chooses settings and answers no claim; expected 'default' or 'confirm'")
    for phase in phases:
        if isinstance(phase, str) and phase not in get_args(Phase):
            hint = " (did you mean 'confirm'?)" if phase.startswith("tun") else nearest(phase, ("default", "confirm"))
            raise refusal(f"found {shown(phase)}, expected 'default' or 'confirm'{hint}")
    return phases


def _bounds(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refusal(f"found {shown(value)}, expected a list of two numbers")
    return tuple(value)


def _place(value: Any) -> Any:
    known = ("first", "last", "mean", "last/first")
    if value is None or value in known or (type(value) is int and value >= 0):
        return value
    raise refusal(f"found {shown(value)}, expected a whole number, {', '.join(map(repr, known))}")


def _known(names: Any) -> str:
    return f"; known: {', '.join(names)}"


ASide = Annotated[Side, BeforeValidator(_side)]
Where = Annotated[dict[str, tuple[Any, ...]], BeforeValidator(_where)]
Place = Annotated[int | str | None, BeforeValidator(_place)]


class Claim(Table):
    """What a study states. Exactly one of `better`, `equivalent`, `trend`, `within`, `equals` is its form."""

    id: CsvName
    text: Line | None = None  # None: made from the rest
    metric: Annotated[str, BeforeValidator(_metric)]
    where: Where = Field(default={})  # only these arms
    for_each: Annotated[tuple[str, ...], BeforeValidator(_fields)] = ()  # one verdict a value
    phase: Annotated[tuple[Phase, ...], BeforeValidator(_phases)] = ()  # (): confirm where the study tunes

    better: ASide = ()  # several: averaged within the seed
    than: ASide = ()  # several: each must be beaten
    differs: Annotated[tuple[Where, ...], BeforeValidator(_two_conditions)] = ()  # larger under the first
    equivalent: Annotated[tuple[Side, ...], BeforeValidator(_sides)] = ()  # every pair of them
    margin: Annotated[float, Field(gt=0)] | None = None
    trend: Literal["rises", "falls"] | None = None
    over: Annotated[str | None, BeforeValidator(_field)] = None
    within: Annotated[tuple[float, ...], BeforeValidator(_bounds)] = ()  # where the mean lies
    equals: float | None = None
    tolerance: Annotated[float, Field(ge=0)] | None = None
    at_least: Annotated[float, Field(gt=0)] | None = None  # a smaller advantage does not count as one
    lower_is_better: bool | None = None  # None: the metric says

    target: float | None = None
    of: Annotated[str | None, BeforeValidator(_column)] = None  # the column of a curve that has to reach the target
    unit: Literal[UNITS] | None = None  # type: ignore[valid-type]
    epoch: Place = None
    layer: Place = None
    field: Annotated[str | None, BeforeValidator(_number_field)] = None

    @model_validator(mode="after")
    def _form_and_metric_read_what_is_given(self) -> "Claim":
        form = self.form
        keys, metric = FORMS[form], metric_named(self.metric)
        given = [key for key in (*FORM_KEYS, *METRIC_KEYS) if getattr(self, key) not in (None, ())]
        allowed = [form, *keys.needs, *keys.reads, *metric.reads]
        for key in given:
            if key not in allowed:
                reader = f"metric '{self.metric}'" if key in METRIC_KEYS else f"form '{form}'"
                reads = [name for name in allowed if (name in METRIC_KEYS) == (key in METRIC_KEYS)]
                raise refusal(f"{key}: not read by {reader}, which reads {', '.join(reads) or 'no key of its own'}")
        for key in keys.needs:
            if key not in given:
                raise refusal(f"form '{form}' needs {key}")
        for key, default in metric.reads.items():
            if key not in given and default is NEEDED:
                raise refusal(f"metric '{self.metric}' needs {key}")
        if self.within and not self.within[0] < self.within[1]:
            raise refusal(f"within: found {shown(self.within)}, expected the smaller number first")
        return self._filled_in(metric, "lower_is_better" in keys.reads)

    def _filled_in(self, metric: ClaimMetric, has_direction: bool) -> "Claim":
        """Give what was left out its value: the defaults of the metric, which way is better, the text."""
        defaults = {key: value for key, value in metric.reads.items() if value is not NEEDED}
        if has_direction:
            if self.lower_is_better is None and metric.lower_is_better is None:
                raise refusal(f"lower_is_better: missing, for metric '{self.metric}' is good in neither way by itself")
            defaults["lower_is_better"] = metric.lower_is_better
        for key, value in defaults.items():
            if getattr(self, key) is None:
                object.__setattr__(self, key, value)  # frozen for all who come later
        if self.text is None:
            object.__setattr__(self, "text", self._in_words())
        return self

    @property
    def form(self) -> Form:
        """What kind of statement this is."""
        given: list[Form] = [form for form in FORMS if getattr(self, form) not in (None, ())]
        if given == ["differs", "better"]:
            return "differs"
        if len(given) != 1:
            raise refusal(f"found {' and '.join(given) or 'none'}, expected one of {', '.join(FORMS)}")
        return given[0]

    @property
    def reduces(self) -> str | None:
        """The field whose values the metric takes together, one number a seed; None: each arm has its own number."""
        reduced = metric_named(self.metric).reduces
        return self.field if reduced == "field" else reduced or None

    def _in_words(self) -> str:
        metric, rivals = self.metric.replace("_", " "), " and ".join(map(called, self.than))
        match self.form:
            case "better" | "differs":
                way = "lower" if self.lower_is_better else "higher"
                under = " rather than ".join(map(where_text, self.differs))
                return f"{side_text(self.better)}: {way} {metric} than {rivals}" + (under and f", more so with {under}")
            case "equivalent":
                return (
                    f"{', '.join(map(side_text, self.equivalent))}: {metric} the same within {number(self.margin or 0)}"
                )
            case "trend":
                return f"{metric} {self.trend} with {self.over}"
            case "within":
                return f"{metric} from {' to '.join(map(number, self.within))}"
            case "equals":
                return f"{metric} is {number(self.equals or 0)}"

    @model_serializer(mode="wrap")
    def _what_is_given(self, handler: Any) -> Any:
        return {key: value for key, value in handler(self).items() if value not in (None, [], {}, ())}


def side_text(side: Side) -> str:
    """Return what a reader calls a side: "Adam", "he_normal", "depth = 3", "SGD or Momentum"."""
    return " or ".join(map(called, side))


def called(alternative: Alternative) -> str:
    """Return a name as it is, of settings the words that speak for themselves: "he_normal, l2 = 5"."""
    if isinstance(alternative, str):
        return alternative
    return ", ".join(
        value if isinstance(value, str) and value not in ("none", "full") else settings_text({field: value})
        for field, value in alternative.items()
    )


def settings_text(settings: dict[str, Any]) -> str:
    """Return settings as a reader writes them: "depth = 3, batch_size = 8"."""
    return ", ".join(f"{field} = {_value_text(value)}" for field, value in settings.items())


def where_text(where: dict[str, tuple[Any, ...]]) -> str:
    """Return a condition as a reader writes it: "depth = 1 or 2, activation = relu"."""
    return ", ".join(f"{field} = {' or '.join(map(_value_text, values))}" for field, values in where.items())


def _value_text(value: Any) -> str:
    return "-".join(map(str, value)) or "none" if isinstance(value, tuple) else setting(value)
