"""Which arms of two runs of a study are one and the same, whatever they are called, and in which settings they differ.

An arm is what it does: of two runs, first those are matched that make the same trial, then those that change the same
settings of another baseline, and last those that share no more than their name.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from harness.spec.probes import Run
from harness.spec.study import Arm, Study
from harness.spec.trial import trial_id
from harness.text import setting


class Version(NamedTuple):
    """A study as one results folder has it, and the content digest of each dataset that it names."""

    study: Study
    datasets: Mapping[str, str]

    def content(self, trial: Run) -> str:
        """Return the digest of the trial's images; "" of a probe that reads none."""
        return self.datasets.get(trial.source or "", "")


class Match(NamedTuple):
    """An arm of one version, the arm of the other that it is compared with, and each setting that differs, in words."""

    a: Arm
    b: Arm
    changes: tuple[str, ...]


def matched_arms(a: Version, b: Version) -> list[Match]:
    """Return the arms of `a` that `b` has as well, in the order of `a`."""

    def identity(arm: Arm, version: Version) -> str:
        return trial_id(arm.trial, version.content(arm.trial))

    def settings(arm: Arm) -> Hashable:
        return tuple(sorted((field, setting(value)) for field, value in arm.settings.items()))

    keys: list[Callable[[Arm, Version], Hashable]] = [
        lambda arm, version: (arm.name, identity(arm, version)),
        identity,
        lambda arm, _: (arm.name, settings(arm)),
        lambda arm, _: settings(arm),
        lambda arm, _: arm.name,
    ]
    found: dict[str, Arm] = {}
    left_a, left_b = ({arm.name: arm for arm in version.study.arms} for version in (a, b))
    for key in keys:
        alike: dict[Hashable, deque[Arm]] = defaultdict(deque)
        for other in left_b.values():
            alike[key(other, b)].append(other)
        for arm in list(left_a.values()):
            if others := alike[key(arm, a)]:
                found[arm.name] = others.popleft()
                del left_a[arm.name], left_b[found[arm.name].name]
    return [
        Match(arm, found[arm.name], _changes(arm.trial, found[arm.name].trial, a, b))
        for arm in a.study.arms
        if arm.name in found
    ]


def differing_settings(a: Version, b: Version) -> list[str]:
    """Return a line for each way in which two versions of a study differ; what every arm shares is told once."""
    matches = matched_arms(a, b)
    everywhere = [change for change in matches[0].changes if all(change in match.changes for match in matches)] \
        if len(matches) > 1 else []  # fmt: skip
    lines = [f"every arm: {', '.join(everywhere)}"] if everywhere else []
    for match in matches:
        own = [change for change in match.changes if change not in everywhere]
        renamed = [f"is called '{match.b.name}' in B"] if match.a.name != match.b.name else []
        if told := [*renamed, *own]:
            lines.append(f"arm '{match.a.name}': {', '.join(told)}")
    matched = {match.a.name for match in matches}, {match.b.name for match in matches}
    for side, version, known in zip("AB", (a, b), matched, strict=True):
        alone = [f"'{arm.name}'" for arm in version.study.arms if arm.name not in known]
        if alone:
            lines.append(f"only in {side}: {_listed('arm', alone)}")
    return [*lines, *_counts(a.study, b.study)]


def _changes(old: Run, new: Run, a: Version, b: Version) -> tuple[str, ...]:
    fields = dict.fromkeys((*type(old).model_fields, *type(new).model_fields))
    kept = [field for field in fields if field not in ("seed", "dataset")]
    told = [_arrow(field, getattr(old, field, None), getattr(new, field, None)) for field in kept]
    if a.content(old) != b.content(new):
        other = "other images of the same name" if old.source == new.source else f"{old.source} -> {new.source}"
        told.append(f"dataset {other}")
    return tuple(filter(None, told))


def _counts(a: Study, b: Study) -> list[str]:
    """Return in which seeds and tuning two studies differ."""
    tuning = [{} if study.tune is None else study.tune.model_dump() for study in (a, b)]
    fields = dict.fromkeys((*tuning[0], *tuning[1]))
    told = [_arrow(f"tune {field}", *(table.get(field) for table in tuning)) for field in fields]
    return list(filter(None, [_arrow("seeds", a.seeds, b.seeds), *told]))


def _arrow(name: str, old: Any, new: Any) -> str:
    return "" if old == new else f"{name} {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    return f"[{', '.join(map(setting, value))}]" if isinstance(value, tuple | list) else setting(value)


def _listed(thing: str, names: Sequence[str], room: int = 5) -> str:
    more = f" and {len(names) - room} more" if len(names) > room else ""
    return f"{thing}{'s' * (len(names) > 1)} {', '.join(names[:room])}{more}"
