"""Two results folders side by side: did errors, times to target or speed get worse from A to B?

Each arm that both hold is compared by seed, as written and (where tuned) confirmed, so that what a seed brings cancels
out. Arms are matched by their settings (see `matched_arms`). Every metric is better when lower: errors change by their
difference, times by their ratio. Lost seeds count as `metrics` has them, and beside that are a row of their own.

A change is `same` when its 95 % t-interval lies within the margin. It is `worse` or `better` when it is beyond the
margin by a t-test whose two-sided p, adjusted by Holm over all rows, is at most 0.05; so of the comparisons of folders
in which nothing has changed by more than its margin, at most 2.5 % hold any `worse` (Gaussian differences). All else
is `undecided`. Seeds lost where none was before are `worse` without a test. Speed is a family of its own, judged only
where the machines are alike.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr
from scipy.stats import binomtest

from harness.errors import InputError
from harness.results.files import STUDY_FILE, read_study, study_folders
from harness.results.frames import Results, load_results, load_study_results
from harness.spec.study import Study
from harness.statistics.curve_metrics import budgets, first_at_target
from harness.statistics.intervals import t_interval
from harness.statistics.machines import unlike
from harness.statistics.matched_arms import Match, Version, differing_settings, matched_arms
from harness.statistics.metrics import metric_values
from harness.statistics.paired import holm

CELL = ["study", "arm", "phase"]
COLUMNS = (*CELL, "arm_b", "settings", "metric", "n", "lost_a", "lost_b", "a", "b", "change", "low", "high",
           "p_adjusted", "verdict")  # fmt: skip
LEVEL = 0.05
VERDICTS = ("worse", "undecided", "better", "same")


class Scale(NamedTuple):
    """How a metric is compared. `margin` is what does not matter: a difference, or for a `ratio` a factor less 1."""

    margin: float
    ratio: bool


ERROR, LOST, SPEED, TIME = "test_error", "lost_seeds", "seconds", "samples_to_"


def scale_of(metric: str) -> Scale:
    """Return how a metric of a comparison is compared."""
    if metric == SPEED or metric.startswith(TIME):
        return Scale(0.1, ratio=True)
    return {ERROR: Scale(0.2, ratio=False), LOST: Scale(0.0, ratio=False)}[metric]


class Folder(NamedTuple):
    """What is compared of a results folder."""

    results: Results
    versions: dict[str, Version]


class Comparison(NamedTuple):
    """`rows` has COLUMNS; `settings` has a line for all that was run differently, `machines` for each unlike pair."""

    rows: pd.DataFrame
    settings: list[str]
    machines: list[str]


def compare(a: Path | str, b: Path | str) -> Comparison:
    """Compare results folders, or folders of one study each: a row per study × arm × phase × metric.

    `arm` is the name in `a`, `arm_b` that in `b`, `settings` tells in what the two differ. `n` counts the seeds that
    both have, `lost_a` and `lost_b` those of them that were lost, or that missed the target of a time. `a` and `b` are
    means, `change` is the mean of b - a, or of b / a - 1 for times (in logarithms), with its interval `low`, `high`; a
    row of `lost_seeds` counts. `verdict` is one of VERDICTS, or None for the speed of unlike machines; of each study,
    phase and metric the worst rows come first. Raises InputError when nothing is shared, or a study was run with
    different profiles.
    """
    before, after = _read(a), _read(b)
    shared = [name for name in before.versions if name in after.versions]
    for name in shared:
        profiles = [folder.versions[name].study.profile for folder in (before, after)]
        if profiles[0] != profiles[1]:
            raise InputError(f"compare {a} {b}: '{name}' was run with profile {profiles[0]} there, {profiles[1]} here")
    matches = {name: matched_arms(before.versions[name], after.versions[name]) for name in shared}
    trials = _together(before, after, matches)
    paired = _paired(trials.assign(value=0.0, lost=False))
    if paired.empty:
        raise InputError(f"compare {a} {b}: no study, arm, phase and seed is in both")
    machines = _Machines(before.results.environments | after.results.environments)
    rows = [*_result_rows(before, after, trials), *_speed_rows(trials, machines)]
    return Comparison(_judged(rows, matches), _differing(before, after), machines.told)


def regressions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a comparison that got worse."""
    return rows[rows["verdict"] == "worse"]


def _read(folder: Path | str) -> Folder:
    folder = Path(folder)
    alone = (folder / STUDY_FILE).is_file()
    results = load_study_results(folder) if alone else load_results(folder)
    versions = [Version(*read_study(path)) for path in ([folder] if alone else study_folders(folder))]
    return Folder(results, {version.study.name: version for version in versions})


def _differing(a: Folder, b: Folder) -> list[str]:
    lines = [f"only in {side}: study '{name}'" for side, here, there in (("A", a, b), ("B", b, a))
             for name in here.versions if name not in there.versions]  # fmt: skip
    for name, version in a.versions.items():
        if name in b.versions:
            lines += [f"{name}: {line}" for line in differing_settings(version, b.versions[name])]
    return lines


def _together(a: Folder, b: Folder, matches: dict[str, list[Match]]) -> pd.DataFrame:
    """Return the trials of both folders, `side` a or b, under the names that matched arms have in a."""
    names = {(study, match.b.name): match.a.name for study, found in matches.items() for match in found}
    of_b = b.results.trials
    renamed = [names.get(key) for key in zip(of_b["study"], of_b["arm"], strict=True)]
    known = np.array([name is not None for name in renamed])
    sides = [a.results.trials.assign(side="a"), of_b.assign(arm=renamed, side="b")[known]]
    return pd.concat([side for side in sides if len(side)], ignore_index=True)


def _paired(values: pd.DataFrame) -> pd.DataFrame:
    """Return a row per cell and seed of both sides, tuning left out, with `value_a, value_b, lost_a, lost_b, …`."""
    kept = [*CELL, "seed", "value", "lost", "status", "environment"]
    a, b = (values.loc[(values["side"] == side) & (values["phase"] != "tune"), kept] for side in "ab")
    return a.merge(b, on=[*CELL, "seed"], suffixes=("_a", "_b"), validate="one_to_one")


def _result_rows(a: Folder, b: Folder, trials: pd.DataFrame) -> Iterator[dict[str, Any]]:
    errors = _paired(trials.assign(**metric_values(trials, ERROR)[["value", "lost"]]))
    for _, cell in errors.groupby(CELL, sort=False):
        yield from _lost_row(cell)
        yield _row(cell, ERROR)
    curves = {"a": a.results.curves, "b": b.results.curves}
    for study, target in _targets([*a.results.studies.values(), *b.results.studies.values()]):
        for _, cell in _paired(_times(trials[trials["study"] == study].copy(), curves, target)).groupby(
            CELL, sort=False
        ):
            known = cell[cell[["value_a", "value_b"]].notna().all(axis=1)]
            if len(known):
                yield _row(known, f"{TIME}{target:g}")


def _targets(studies: list[Study]) -> list[tuple[str, float]]:
    """Return study and validation accuracy of each target that a claim or a figure of times states."""
    stated = [
        (study.name, target)
        for study in studies
        for target in (
            *(claim.target for claim in study.claims if claim.of == "val_accuracy"),
            *(figure.target for figure in study.figures),
        )
    ]
    return list(dict.fromkeys((name, target) for name, target in stated if target is not None))


def _times(trials: pd.DataFrame, curves: dict[str, pd.DataFrame], target: float) -> pd.DataFrame:
    """Return `value`: training samples until the validation accuracy was first `target` or more; `lost`: it never was.

    A miss counts as the largest budget of the arm on either side.
    """
    sides = dict(list(trials.groupby("side")))
    first = {side: first_at_target(curves[side], "val_accuracy", target, "samples") for side in sides}
    reached = pd.concat([part["trial_id"].map(first[side]) for side, part in sides.items()]).reindex(trials.index)
    reached = reached.astype(float).where(trials["status"] == "done")
    for _, arm in trials.groupby(CELL):
        given = max(budgets(curves[str(side)], part, "samples").max() for side, part in arm.groupby("side"))
        trials.loc[arm.index, "budget"] = given
    return trials.assign(value=reached.fillna(trials["budget"]), lost=reached.isna())


def _lost_row(cell: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Count the seeds that were lost on either side.

    Seeds that are lost where none was before, or that fail (which no chance brings), are a fact and take no test.
    Where both sides lost some, an exact sign test over the seeds that only one of them lost tells.
    """
    a, b = cell["lost_a"], cell["lost_b"]
    if not (a.any() or b.any()):
        return
    failed = (cell["status_b"] == "failed").sum() - (cell["status_a"] == "failed").sum()
    newly, no_more = int((b & ~a).sum()), int((a & ~b).sum())
    fact = ""
    if failed > 0 or (newly and not a.any()):
        fact = "worse"
    elif not newly and not no_more:
        fact = "same"
    elif not b.any():
        fact = "better"
    p = np.nan if fact else binomtest(newly, newly + no_more).pvalue
    change = float(b.sum() - a.sum())
    yield _described(cell, LOST) | {"a": a.sum(), "b": b.sum(), "change": change, "p": p, "verdict": fact or None}


def _row(cell: pd.DataFrame, metric: str) -> dict[str, Any]:
    """Return a row with its p, and whether its interval lies within the margin."""
    scale = scale_of(metric)
    a, b = cell["value_a"].to_numpy(float), cell["value_b"].to_numpy(float)
    differences = np.log(np.maximum(b, 1e-9)) - np.log(np.maximum(a, 1e-9)) if scale.ratio else b - a
    margin = np.log1p(scale.margin) if scale.ratio else scale.margin
    row = _described(cell, metric) | {"a": _typical(a, scale), "b": _typical(b, scale), "p": np.nan}
    if not np.isfinite(differences).all():  # lost seeds that no number stands for
        return row
    found = t_interval(differences)
    shown = np.expm1 if scale.ratio else float
    return row | {
        "change": shown(found.mean), "low": shown(found.low), "high": shown(found.high),
        "p": beyond_margin(differences, margin), "within": found.low >= -margin and found.high <= margin,
    }  # fmt: skip


def _typical(values: np.ndarray, scale: Scale) -> float:
    """Return the mean of values (n,), of ratios the geometric one: the change is that of what is shown."""
    return float(np.exp(np.log(np.maximum(values, 1e-9)).mean()) if scale.ratio else values.mean())


def beyond_margin(differences: np.ndarray, margin: float) -> float:
    """Return the two-sided p of a t-test whether the mean of paired `differences` (n,) lies beyond ±`margin`.

    NaN for one seed. At most half of it is the chance of a mean that far out on one side where the true one is within.
    """
    n = len(differences)
    if n < 2:
        return np.nan
    distance, error = abs(differences.mean()) - margin, differences.std(ddof=1) / np.sqrt(n)
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return min(1.0, 2 * float(stdtr(n - 1, -distance / error)))


def _described(cell: pd.DataFrame, metric: str) -> dict[str, Any]:
    counts = {"n": len(cell), "lost_a": int(cell["lost_a"].sum()), "lost_b": int(cell["lost_b"].sum())}
    return cell[CELL].iloc[0].to_dict() | {"metric": metric} | counts


class _Machines:
    """Tells, and remembers, which environments are unlike."""

    def __init__(self, environments: dict[str, dict[str, Any]]) -> None:
        self.told: list[str] = []
        self._environments = environments
        self._known: dict[tuple[str, str], bool] = {}

    def alike(self, pair: tuple[str, str]) -> bool:
        if pair not in self._known:
            differ = [] if pair[0] == pair[1] else unlike(*(self._environments.get(digest, {}) for digest in pair))
            self._known[pair] = not differ
            line = ", ".join(differ)
            self.told += [line] if differ and line not in self.told else []
        return self._known[pair]


def _speed_rows(trials: pd.DataFrame, machines: _Machines) -> Iterator[dict[str, Any]]:
    """Compare the seconds of the seeds that ended well on both sides; those of like machines where there are any."""
    done = trials.assign(value=trials["seconds"].astype(float), lost=False)[trials["status"] == "done"]
    for _, cell in _paired(done).groupby(CELL, sort=False):
        known = cell[cell[["value_a", "value_b"]].notna().all(axis=1)]
        alike = np.array([machines.alike(p) for p in zip(known["environment_a"], known["environment_b"], strict=True)])
        if alike.any():
            yield _row(known[alike], SPEED)
        elif len(known):
            yield _row(known, SPEED) | {"p": np.nan, "unlike": True}


def _judged(rows: list[dict[str, Any]], matches: dict[str, list[Match]]) -> pd.DataFrame:
    """Adjust the p of each family and return the rows with their verdicts, in order."""
    frame = pd.DataFrame(rows).reindex(columns=[*COLUMNS, "p", "within", "unlike"])
    known = {(study, match.a.name): match for study, found in matches.items() for match in found}
    of_row = [known[key] for key in zip(frame["study"], frame["arm"], strict=True)]
    frame = frame.assign(arm_b=[match.b.name for match in of_row], settings=[", ".join(m.changes) for m in of_row])
    for family in (frame["metric"] == SPEED, frame["metric"] != SPEED):
        tested = family & frame["verdict"].isna() & frame["unlike"].isna()
        frame.loc[tested, "p_adjusted"] = holm(frame.loc[tested, "p"])
    frame["verdict"] = pd.Series([_verdict(row) for row in frame.to_dict("records")], dtype=object)
    place = frame.groupby(["study", "phase", "metric"], sort=False).ngroup()
    order = frame["verdict"].map({verdict: number for number, verdict in enumerate(VERDICTS)})
    ordered = frame.assign(place=place, order=order).sort_values(["place", "order"], kind="stable", ignore_index=True)
    return ordered[list(COLUMNS)]


def _verdict(row: dict[Any, Any]) -> str | None:
    if isinstance(row["verdict"], str):
        return row["verdict"]
    if row["unlike"] is True:
        return None
    if row["p_adjusted"] <= LEVEL:
        return "worse" if row["change"] > 0 else "better"
    return "same" if row["within"] is True else "undecided"
