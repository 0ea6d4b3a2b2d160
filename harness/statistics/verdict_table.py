"""verdicts.csv of whole results folders: every claim of a study judged, in the family that it belongs to.

Two families a study: what the sign-flip test judges (better, differs, trend), and what t-tests judge (equivalent,
within). With looks noted in the journal (`run --until decided`), the seeds are gone through look by look, and a verdict
that has fallen stays as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.results.frames import Results
from harness.results.notes import largest_family, looks_of, stated
from harness.spec.cells import CONFIRM_SEED, OWN_TUNING_SEED
from harness.spec.claim_metrics import metric_named
from harness.spec.claim_table import SIGN_FLIP_FORMS, Claim
from harness.spec.claims import Question, questions, sign_flip_count
from harness.spec.schema import VERDICTS_COLUMNS
from harness.spec.study import Study
from harness.statistics.claim_values import claim_values, measure_of
from harness.statistics.findings import Finding, find, units_of
from harness.statistics.judging import LEVEL, Evidence, Word, disagree, judge_families, out_of_reach
from harness.statistics.power import BEYOND, seeds_to_decide

DECIDED = ("supported", "refuted")
TOLD_BESIDE = (
    "a", "b", "mean_a", "mean_b", "median_a", "median_b", "reached_a", "reached_b", "lost", "marked", "reason", "look",
)  # fmt: skip
"""What is known of a verdict beside verdicts.csv: its two sides (the nearest rival, the pair furthest apart, the ends
of a ladder), seeds lost, whether interval and p disagree, why there is no p, the number of seeds at which it fell."""


class Verdict(NamedTuple):
    """A question answered."""

    finding: Finding
    word: Word
    p: float
    p_adjusted: float
    level: float  # of the whole family's, what one test has for itself
    look: int | None = None  # seeds at which it fell, where there are looks


def verdicts(results: Results) -> pd.DataFrame:
    """Return verdicts.csv: a row per claim, phase and condition, in the order of the study's file.

    `effect` is in the metric's unit: a - b against the nearest rival, of `equivalent` the widest difference, of a
    trend the rise a step of the ladder, else the mean; `low` and `high` bound its 95 % t-interval, `share` is the share
    of seeds in favour. `seeds_to_decide` stands where a verdict is inconclusive; 1001 says more than 1000.
    """
    return told_verdicts(results)[list(VERDICTS_COLUMNS)]


def told_verdicts(results: Results) -> pd.DataFrame:
    """Return verdicts.csv with the columns of TOLD_BESIDE in addition, for whoever tells people of it."""
    rows = [row for name in results.studies for row in _rows(results, name)]
    frame = pd.DataFrame(rows, columns=[*VERDICTS_COLUMNS, *TOLD_BESIDE])
    return frame.astype({"seeds_to_decide": "Int64", "look": "Int64"})


def open_questions(results: Results, name: str, look: int) -> list[Question]:
    """Return the questions of a study that are still open when they have been looked at with `look` seeds.

    No seed answers those that ask for arms whose data is not on the machine: they are not among these.
    """
    study = results.studies[name]
    asked, absent = questions(study), {arm.name for arm in study.left_out}
    found = judged(_up_to(results, study, look), name, asked, looks_of(results.notes[name]))
    return [question for question, verdict in zip(asked, found, strict=True)
            if verdict.look is None and not question.arms() & absent]  # fmt: skip


def _rows(results: Results, name: str) -> Iterator[dict[str, object]]:
    study, notes = results.studies[name], results.notes.get(name, [])
    asked = questions(study)
    when = dict(zip((claim.id for claim in study.claims), stated(notes, study.claims), strict=True))
    for question, verdict in zip(asked, judged(results, name, asked, looks_of(notes)), strict=True):
        claim, finding = question.claim, verdict.finding
        told, (a, b) = finding.estimate, (finding.a, finding.b)
        open_ = finding.test if verdict.word == "inconclusive" else None
        values = {"study": name, "id": claim.id, "phase": question.phase, "condition": question.condition,
                  "verdict": verdict.word, "metric": claim.metric, **told._asdict(),
                  "p": verdict.p, "p_adjusted": verdict.p_adjusted,
                  "seeds_to_decide": open_ and _seeds(claim, seeds_to_decide(open_, finding.seen, verdict.level)),
                  "stated": when[claim.id], "text": claim.text}  # fmt: skip
        yield values | {
            **{f"{what}_{side}": getattr(found, what) for side, found in (("a", a), ("b", b))
               for what in ("mean", "median", "reached")},
            "a": a.name, "b": b.name, "lost": finding.lost, "reason": finding.reason, "look": verdict.look,
            "marked": claim.form in SIGN_FLIP_FORMS and disagree(told, verdict.p, finding.at_least),
        }  # fmt: skip


def _seeds(claim: Claim, values: int | None) -> int | None:
    """Return how many seeds it takes for so many values of a claim's metric."""
    return values and min(values * metric_named(claim.metric).seeds, BEYOND)


def judged(results: Results, name: str, asked: Sequence[Question], looks: Sequence[int] = ()) -> list[Verdict]:
    """Return the verdict on each question of a study, look by look; without looks, at all the seeds that there are."""
    study = results.studies[name]
    m = largest_family(results.notes.get(name, ()), sign_flip_count(study))
    if not looks:
        return _judged(asked, _findings(results, name, asked), m, 1)
    fallen: dict[int, Verdict] = {}
    found: list[Verdict] = []
    for look in looks:
        fresh = _findings(_up_to(results, study, look), name, asked)
        found = _judged(
            asked, [fallen[i].finding if i in fallen else one for i, one in enumerate(fresh)], m, len(looks)
        )
        found = [fallen.get(i) or _at_look(*pair, look) for i, pair in enumerate(zip(asked, found, strict=True))]
        fallen = {i: verdict for i, verdict in enumerate(found) if verdict.look is not None}
        if (_seed_number(results.trials_of(name), study) < look).all():
            break
    return found


def _at_look(question: Question, verdict: Verdict, look: int) -> Verdict:
    """Let a verdict fall where the look is complete; before, seeds that happen to be there decide nothing."""
    n, whole = verdict.finding.estimate.n, look // metric_named(question.claim.metric).seeds
    if verdict.word not in DECIDED or n == whole:
        return verdict._replace(look=look if verdict.word in DECIDED else None)
    reason = f"{n} of the {whole} seeds of this look are there"
    return verdict._replace(word="inconclusive", finding=verdict.finding._replace(reason=reason))


def _up_to(results: Results, study: Study, look: int) -> Results:
    """Return the results of a study as they were at this many seeds."""
    return replace(results, trials=results.trials[_seed_number(results.trials, study) < look])


def _seed_number(trials: pd.DataFrame, study: Study) -> pd.Series:
    """Return 0, 1, … for the seeds of each phase; tuning belongs to every look, or to the seed that it tunes alone."""
    first = trials["phase"].map({"default": 0, "confirm": CONFIRM_SEED})
    number = trials["seed"] - first
    if study.tune is not None and study.tune.per_seed:
        number = number.fillna((trials["seed"] - OWN_TUNING_SEED) // study.tune.seeds)
    return number.fillna(-1)


def _findings(results: Results, name: str, asked: Sequence[Question]) -> list[Finding]:
    found = (claim_values(results, name, measure_of(one.claim), one.phase, units_of(one)) for one in asked)
    return [find(question, values) for question, values in zip(asked, found, strict=True)]


def _judged(asked: Sequence[Question], findings: Sequence[Finding], m: int, looks: int) -> list[Verdict]:
    """Return a verdict for each finding: Holm within the two families, no word where no word can fall."""
    flips = [question.claim.form in SIGN_FLIP_FORMS for question in asked]
    by_t = [finding.test is not None and not flip for finding, flip in zip(findings, flips, strict=True)]
    given = [Verdict(finding, finding.word or "inconclusive", np.nan, np.nan, LEVEL) for finding in findings]
    for members, size in ((flips, m), (by_t, sum(by_t))):
        family = [i for i, member in enumerate(members) if member]
        evidence = Evidence(*(np.array([getattr(findings[i], way) for i in family]) for way in Evidence._fields))
        for i, p, adjusted, word in zip(family, *judge_families(evidence, size, looks), strict=True):
            few = flips[i] and out_of_reach(findings[i].estimate.n, size, looks)
            told = "exploratory" if few else str(word)
            given[i] = Verdict(findings[i], told, float(p), float(adjusted), LEVEL / (size * looks))  # type: ignore[arg-type]
    return given
