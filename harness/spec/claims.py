"""What is asked of a study's results: each claim's sides found among the arms and matched, one question a verdict.

Arms are matched by the whole trial as written, in all that the sides do not name. Left aside are tuned fields, `hidden`
where a side names `depth`, `width` or `parameters`, and the field that the metric reduces.
"""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, nearest
from harness.spec.claim_needs import refuse_unrecorded
from harness.spec.claim_table import (
    SIGN_FLIP_FORMS,
    Alternative,
    Claim,
    Side,
    called,
    settings_text,
    side_text,
    where_text,
)
from harness.spec.figures import TRIAL_FIELDS, arm_field, refuse_empty
from harness.spec.names import Phase
from harness.spec.trial import CLASSES, INPUTS, Trial, parameter_count
from harness.spec.validation import shown
from kernels.choices import RULES

if TYPE_CHECKING:
    from harness.spec.schema import TuneTable
    from harness.spec.study import Arm, Study

Unit = tuple[str, ...]
"""Names of arms that give one number a seed together: one, or those that the metric reduces, in order of the field."""
Key = tuple[tuple[str, Any], ...]
"""What an arm has in each field that is matched."""
SHAPE = ("depth", "width", "parameters")
"""What `hidden` decides."""


@dataclass(frozen=True)
class Comparison:
    """Two sides of a claim: the one said to be better (or any, where they are said to be equivalent), and its rival."""

    a: str  # as a reader calls it
    b: str
    pairs: tuple[tuple[Unit, Unit], ...]  # matched one to one; differences a - b are averaged within the seed
    minus: tuple[tuple[Unit, Unit], ...] = ()  # of `differs`: the pairs under the second condition, to be subtracted


@dataclass(frozen=True)
class Question:
    """One verdict to be given: a claim under one condition in one phase."""

    claim: Claim
    phase: Phase
    condition: str = ""  # "depth = 3, batch_size = 8"
    comparisons: tuple[Comparison, ...] = ()  # better, differs: one a rival; equivalent: one a pair of sides
    ladders: tuple[tuple[Unit, ...], ...] = ()  # trend: units in ascending order of `over`, alike in all else
    units: tuple[Unit, ...] = ()  # within, equals: averaged within the seed

    def arms(self) -> frozenset[str]:
        """Return the names of all arms that it reads."""
        pairs = (pair for one in self.comparisons for pair in (*one.pairs, *one.minus))
        units = itertools.chain(itertools.chain(*pairs), itertools.chain(*self.ladders), self.units)
        return frozenset(itertools.chain(*units))


def questions(study: "Study") -> tuple[Question, ...]:
    """Return what the claims of a study ask, in the order of its file; also of arms that are left out for their data.

    Raises InputError where a side matches no arm, or two sides do not match one to one; a study that was loaded from
    its file has passed.
    """
    tuned = frozenset(study.tune.grid if study.tune else ())
    arms = (*study.arms, *study.left_out)
    return tuple(question for claim in study.claims for question in _asked(claim, arms, tuned))


def sign_flip_count(study: "Study") -> int:
    """Return how many verdicts of a study are given by the sign-flip test, and share its error rate."""
    return sum(question.claim.form in SIGN_FLIP_FORMS for question in questions(study))


def refuse_claims(study: "Study", grid: "TuneTable | None", where: str) -> None:
    """Raise InputError for a claim that the arms, or the file's [tune] table (None: it has none), cannot answer."""
    for claim in study.claims:
        here = f"{where}: claim {shown(claim.id)}: phase"
        if "confirm" in claim.phase and grid is None:
            raise InputError(f"{here}: 'confirm' needs a [tune] table, and the study has none")
        if "default" in claim.phase and "default" not in study.phases:
            raise InputError(f"{here}: no arm is run as written, for tune.default is false")
    try:
        for question in questions(study):
            refuse_unrecorded(study, question)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _asked(claim: Claim, arms: "Sequence[Arm]", tuned: frozenset[str]) -> Iterator[Question]:
    phases = claim.phase or (("confirm",) if tuned and claim.reduces not in tuned else ("default",))
    phases = tuple(phase for phase in phases if phase != "confirm" or tuned)  # a profile may switch tuning off
    match = _Match(claim, tuned)
    match.refuse_unknown(arms)
    match.refuse_idle(tuned if "confirm" in phases else frozenset())
    pool = [arm for arm in arms if _meets(arm, claim.where)]
    if not pool:
        raise match.refusal("where", "no arm has all of these values")
    for condition, group in match.conditions(pool):
        found = match.answer(group, condition)
        for phase in phases:
            yield Question(claim, phase, condition, **found)


@dataclass(frozen=True)
class _Match:
    """How the sides of a claim are found among arms."""

    claim: Claim
    tuned: frozenset[str]

    def refusal(self, key: str, message: str, condition: str = "") -> InputError:
        under = condition and f" under {condition}"
        return InputError(f"claim {shown(self.claim.id)}: {key}: {message}{under}")

    def sides(self) -> list[tuple[str, Alternative]]:
        """Return every alternative of every side, and the key that it stands at."""
        keys = {"better": self.claim.better, "than": self.claim.than, "equivalent": sum(self.claim.equivalent, ())}
        return [(key, one) for key, side in keys.items() for one in side]

    def refuse_unknown(self, arms: "Sequence[Arm]") -> None:
        """Raise InputError for names and values that no arm has."""
        claim = self.claim
        told = [("where", claim.where), *(("differs", condition) for condition in claim.differs)]
        for key, one in self.sides():
            if isinstance(one, str):
                self._refuse_name(key, one, [arm.name for arm in arms])
            else:
                told.append((key, {field: (value,) for field, value in one.items()}))
        blocks = any(arm.block for arm in arms)
        for key, fields in [*told, ("for_each", claim.for_each), ("over", (claim.over,))]:
            if "block" in fields and not blocks:
                raise self.refusal(key, "no [[blocks]] of the study has a name")
        for key, where in told:
            refuse_empty(where, arms, f"claim {shown(claim.id)}: {key}")

    def _refuse_name(self, key: str, name: str, known: list[str]) -> None:
        if name not in known:
            raise self.refusal(key, f"no arm is named {shown(name)}{nearest(name, known)}")
        if self.claim.reduces:
            together = f"metric '{self.claim.metric}' takes several arms together"
            raise self.refusal(key, f"{together}, so a side is given by settings, not as {shown(name)}")

    def refuse_idle(self, tuned: frozenset[str]) -> None:
        """Raise InputError for a field that makes no difference where it stands; `tuned`: those of a tuned phase."""
        claim = self.claim
        if claim.reduces in tuned:
            raise self.refusal("phase", f"{claim.reduces} is tuned, and metric '{claim.metric}' reads arms as written")
        named = [(key, field) for key, one in self.sides() for field in _fields(one)]
        named += [("differs", field) for condition in claim.differs for field in condition]
        apart = [("for_each", field) for field in claim.for_each] + ([("over", claim.over)] if claim.over else [])
        for key, field in [*named, *apart]:
            if field in tuned:
                raise self.refusal(key, f"{field} is tuned, so the arms do not differ in it")
            if field == claim.reduces:
                raise self.refusal(key, f"metric '{claim.metric}' takes the values of {field} together")
            if (key, field) in apart and field in [other for _, other in named]:
                raise self.refusal(key, f"{field} is what the sides name")
        if claim.over in claim.for_each:
            raise self.refusal("for_each", f"{claim.over} is what the trend goes over")

    def conditions(self, arms: "Sequence[Arm]") -> "Iterator[tuple[str, Sequence[Arm]]]":
        """Yield each condition that `for_each` makes of the arms in any side, in words, and all arms that meet it."""
        fields, sides = self.claim.for_each, self.sides()
        if not fields:
            yield "", arms
            return
        members = [arm for arm in arms if not sides or any(_is(arm, one) for _, one in sides)]
        for values in dict.fromkeys(tuple(_value(arm, field) for field in fields) for arm in members):
            condition = dict(zip(fields, values, strict=True))
            yield settings_text(condition), [arm for arm in arms if _is(arm, condition)]

    def answer(self, arms: "Sequence[Arm]", condition: str) -> dict[str, Any]:
        """Return what a `Question` holds of these arms, by its name there."""
        claim = self.claim
        match claim.form:
            case "better":
                rivals = [(claim.better, (rival,)) for rival in claim.than]
                return {"comparisons": tuple(self._compared(a, b, arms, condition) for a, b in rivals)}
            case "differs":
                return {"comparisons": tuple(self._differing(rival, arms, condition) for rival in claim.than)}
            case "equivalent":
                pairs = itertools.combinations(claim.equivalent, 2)
                return {"comparisons": tuple(self._compared(a, b, arms, condition) for a, b in pairs)}
            case "trend":
                return {"ladders": self._ladders(arms, condition)}
            case "within" | "equals":
                return {"units": tuple(self._units(arms, set(), "where", condition).values())}

    def _compared(self, a: Side, b: Side, arms: "Sequence[Arm]", condition: str) -> Comparison:
        return Comparison(side_text(a), side_text(b), tuple(self._pairs(a, b, arms, set(), condition).values()))

    def _differing(self, rival: Alternative, arms: "Sequence[Arm]", condition: str) -> Comparison:
        """Match the sides under each of the two conditions; what the conditions name is left aside."""
        claim, named = self.claim, {field for where in self.claim.differs for field in where}
        found = []
        for where in claim.differs:
            group = [arm for arm in arms if _meets(arm, where)]
            under = ", ".join(filter(None, (where_text(where), condition)))
            found.append(self._pairs(claim.better, (rival,), group, named, under))
        first, second = found
        if first.keys() != second.keys():
            told = _unlike(*([key for _, key in pairs] for pairs in found))
            raise self.refusal("differs", f"the two conditions do not match one to one: {told}", condition)
        return Comparison(side_text(claim.better), called(rival), tuple(first.values()), tuple(second.values()))

    def _pairs(
        self, a: Side, b: Side, arms: "Sequence[Arm]", named: set[str], condition: str
    ) -> dict[tuple[int, Key], tuple[Unit, Unit]]:
        """Return units of `a` and `b` that are alike in all that is not named, by what they have there.

        Each alternative of `a` is matched with each of `b`; an arm given by its name with the only one of the other.
        """
        keys = ("equivalent", "equivalent") if self.claim.equivalent else ("better", "than")
        pairs: dict[tuple[int, Key], tuple[Unit, Unit]] = {}
        for place, (one, other) in enumerate(itertools.product(a, b)):
            both = {*named, *_fields(one), *_fields(other)}
            members = [self._members(key, side, arms, condition) for key, side in zip(keys, (one, other), strict=True)]
            shared = {arm.name for arm in members[0]} & {arm.name for arm in members[1]}
            if shared:
                raise self.refusal(keys[1], f"arm {shown(min(shared))} is on both sides", condition)
            units = [self._units(side, both, key, condition) for key, side in zip(keys, members, strict=True)]
            if isinstance(one, str) or isinstance(other, str):
                units = [self._only(key, found, condition) for key, found in zip(keys, units, strict=True)]
            elif units[0].keys() != units[1].keys():
                sides = f"{called(one)} and {called(other)}"
                raise self.refusal(keys[1], f"{sides} do not match one to one: {_unlike(*units)}", condition)
            pairs |= {(place, key): (unit, units[1][key]) for key, unit in units[0].items()}
        return pairs

    def _members(self, key: str, side: Alternative, arms: "Sequence[Arm]", condition: str) -> "list[Arm]":
        found = [arm for arm in arms if _is(arm, side)]
        if not found:
            within = " that where allows" * bool(self.claim.where)
            raise self.refusal(key, f"no arm{within} is {shown(called(side))}", condition)
        return found

    def _units(self, arms: "Sequence[Arm]", named: set[str], key: str, condition: str) -> dict[Key, Unit]:
        """Return the units of some arms by what the arms have in all that is not `named`."""
        groups: dict[Key, list[Arm]] = {}
        for arm in arms:
            groups.setdefault(self._key(arm, named), []).append(arm)
        return {shared: self._unit(group, named, key, condition) for shared, group in groups.items()}

    def _key(self, arm: "Arm", named: set[str]) -> Key:
        named = {*named, *filter(None, [self.claim.reduces])}
        left = {*named, *self.tuned, *(["hidden"] if named & set(SHAPE) else [])}
        return tuple((field, _written(arm, field)) for field in _own_fields(arm) if field not in left)

    def _unit(self, arms: "list[Arm]", named: set[str], key: str, condition: str) -> Unit:
        """Return the arms, alike in all that is matched, as the one unit that they have to be."""
        field, metric = self.claim.reduces, self.claim.metric
        if field is not None:
            arms = sorted(arms, key=lambda arm: self._order(arm, field, "metric"))
            if len(arms) < 2:
                told = f"metric '{metric}' takes several values of {field} together, but"
                raise self.refusal(key, f"{told} arm {shown(arms[0].name)} stands alone", condition)
        alike = [group for _, same in itertools.groupby(arms, lambda arm: field and _value(arm, field))
                 if len(group := [*same]) > 1]  # fmt: skip
        if alike:
            raise self._several(alike[0], named, key, condition)
        return tuple(arm.name for arm in arms)

    def _several(self, arms: "list[Arm]", named: set[str], key: str, condition: str) -> InputError:
        """Return the refusal of arms that nothing tells apart, with the field that would."""
        apart = [
            field
            for field in ("block", *(SHAPE[:2] if isinstance(arms[0].trial, Trial) else ()), *_own_fields(arms[0]))
            if field not in {*named, *self.tuned} and len({_value(arm, field) for arm in arms}) > 1
        ]
        hint = f' or for_each = ["{apart[0]}"]' if apart else ""
        names = [arm.name for arm in arms]
        return self.refusal(key, f"expected one arm, found {shown(names)}; tell them apart by where{hint}", condition)

    def _only(self, key: str, units: dict[Key, Unit], condition: str) -> dict[Key, Unit]:
        if len(units) > 1:
            names = [name for unit in units.values() for name in unit]
            raise self.refusal(key, f"expected one arm beside an arm given by name, found {shown(names)}", condition)
        (unit,) = units.values()
        return {(): unit}

    def _ladders(self, arms: "Sequence[Arm]", condition: str) -> tuple[tuple[Unit, ...], ...]:
        """Return the units in ascending order of `over`, apart for each combination of all other fields."""
        field = str(self.claim.over)
        ladders: dict[Key, dict[float, list[Arm]]] = {}
        for arm in arms:
            steps = ladders.setdefault(self._key(arm, {field}), {})
            steps.setdefault(self._order(arm, field, "over"), []).append(arm)
        for steps in ladders.values():
            if len(steps) < 2:
                alone = next(iter(steps.values()))[0].name
                told = f"arm {shown(alone)} has no other that differs in {field} alone; leave it out by where"
                raise self.refusal("over", told, condition)
        first, *others = ladders.values()
        if odd := [steps for steps in others if steps.keys() != first.keys()]:
            told = f"{_steps_told(first, field)}; {_steps_told(odd[0], field)}"
            raise self.refusal("over", f"arms do not have the same values of {field} throughout: {told}", condition)
        return tuple(
            tuple(self._unit(steps[place], {field}, "over", condition) for place in sorted(steps))
            for steps in ladders.values()
        )

    def _order(self, arm: "Arm", field: str, key: str) -> float:
        """Return where a value stands in an order; "full" and "none" stand for the number of training images."""
        value = _value(arm, field)
        if value is None or value == "full":
            return math.inf if field == "train_size" else getattr(arm.trial, "train_size", None) or math.inf
        if not isinstance(value, int | float):
            raise self.refusal(key, f"{field} has no order, arm {shown(arm.name)} has {shown(value)}")
        return value


def _value(arm: "Arm", field: str) -> Any:
    """Return what an arm has in a field, as written; parameters are counted at MNIST's inputs and classes."""
    if field == "parameters" and isinstance(arm.trial, Trial):
        return parameter_count(arm.trial.hidden, INPUTS, CLASSES, arm.trial.normalization)
    return arm_field(arm, field)


def _own_fields(arm: "Arm") -> tuple[str, ...]:
    """Return what the arm could set: the fields of a trial, or the parameters of its probe."""
    return TRIAL_FIELDS if isinstance(arm.trial, Trial) else arm.trial.parameters()


def _written(arm: "Arm", field: str) -> Any:
    """Return the value of a trial's field; a default that its update rule brings does not count as given."""
    rule = RULES[arm.trial.optimizer].defaults if isinstance(arm.trial, Trial) else {}
    own = field in rule and field not in arm.trial.model_fields_set
    return type(arm.trial).model_fields[field].default if own else getattr(arm.trial, field)


def _is(arm: "Arm", alternative: Alternative) -> bool:
    if isinstance(alternative, str):
        return arm.name == alternative
    return all(_value(arm, field) == value for field, value in alternative.items())


def _meets(arm: "Arm", where: Mapping[str, tuple[Any, ...]]) -> bool:
    return all(_value(arm, field) in values for field, values in where.items())


def _fields(side: Alternative) -> Collection[str]:
    return () if isinstance(side, str) else side.keys()


def _unlike(a: Collection[Key], b: Collection[Key]) -> str:
    """Tell in which fields what is matched differs."""
    ours, theirs = ({field: {dict(key)[field] for key in keys} for field in dict(next(iter(keys)))} for keys in (a, b))
    told = [
        f"{field} is {_either(values)} against {_either(theirs[field])}"
        for field, values in ours.items()
        if values != theirs[field]
    ]
    varied = [field for field, values in ours.items() if len(values) > 1]
    return ", ".join(told) or f"they have other combinations of {', '.join(varied)}"


def _either(values: Collection[Any]) -> str:
    return " or ".join(sorted(map(shown, values)))


def _steps_told(steps: "Mapping[float, list[Arm]]", field: str) -> str:
    arms = [steps[place][0] for place in sorted(steps)]
    return f"{', '.join(shown(_value(arm, field)) for arm in arms)} of arm {shown(arms[0].name)} and its like"
