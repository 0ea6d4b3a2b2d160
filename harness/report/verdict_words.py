"""A verdict in words: what was claimed of what, the effect with its interval, what became of it.

A row is one of `statistics.verdict_table.told_verdicts`.
"""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report.labels import SHOWN_PHASES, in_words
from harness.spec.claim_table import Claim
from harness.spec.study import Study
from harness.text import rounded

Row = Mapping[Hashable, Any]
ORDER = ("supported", "refuted", "inconclusive", "exploratory")
UNCOUNTED = 1000
"""Seeds beyond which those to decide are not counted."""


def with_words(verdicts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the verdicts of a study with what their claims say of them.

    `form`, `under` (condition and, where its claim is judged in several phases, the phase), `measured` (the metric with
    what it reads), `unit` of the effect, and `holds_from` and `holds_to`: the effects that bear the claim out. There is
    no effect, and a reason instead, where more than half of the seeds of both sides missed the target.
    """
    claims = {claim.id: claim for claim in study.claims}
    of = [claims[name] for name in verdicts["id"]]
    under = [
        ", ".join(filter(None, [condition, SHOWN_PHASES[phase] if len(claim.phase) > 1 else ""]))
        for claim, condition, phase in zip(of, verdicts["condition"], verdicts["phase"], strict=True)
    ]
    bounds = [holds(claim) for claim in of]
    nobody = verdicts["mean_a"].isna() & verdicts["mean_b"].isna() & (verdicts["reached_a"] != "")
    came = (
        "reached " + verdicts["reached_a"].astype(str) + " against " + verdicts["reached_b"].astype(str)
    ).str.removesuffix(" against ")
    shown = verdicts.assign(reason=verdicts["reason"].mask(nobody & (verdicts["reason"] == ""), came))
    return shown.assign(
        **{name: verdicts[name].mask(nobody) for name in ("effect", "low", "high")},
        form=[claim.form for claim in of],
        under=under,
        measured=[measured(claim) for claim in of],
        unit=[unit(claim) for claim in of],
        holds_from=[low for low, _ in bounds],
        holds_to=[high for _, high in bounds],
    )


def holds(claim: Claim) -> tuple[float, float]:
    """Return the bounds of the effects that bear a claim out."""
    match claim.form:
        case "better" | "differs":
            least = claim.at_least or 0.0
            return (-math.inf, -least) if claim.lower_is_better else (least, math.inf)
        case "trend":
            return (0.0, math.inf) if claim.trend == "rises" else (-math.inf, 0.0)
        case "equivalent":
            return -(claim.margin or 0.0), claim.margin or 0.0
        case "within":
            return claim.within[0], claim.within[1]
        case "equals":
            value, tolerance = claim.equals or 0.0, claim.tolerance or 0.0
            return value - tolerance, value + tolerance


def tally(verdicts: pd.DataFrame) -> str:
    """Return "3 supported, 1 inconclusive"."""
    counts = verdicts["verdict"].value_counts()
    return ", ".join(f"{counts[word]} {word}" for word in ORDER if word in counts)


def remark(row: Row) -> str:
    """Return why there is no p or no effect, or what would decide: "(24 seeds would decide)"; else nothing."""
    if row["reason"]:
        return f"({row['reason']})"
    seeds = to_decide(row)
    return f"({seeds} seeds would decide{' against it' * leans_against(row)})" if seeds else ""


def to_decide(row: Row) -> str:
    """Return the seeds that would decide, "24" or "more than 1000"; "" where nothing is open."""
    seeds = row["seeds_to_decide"]
    return "" if pd.isna(seeds) else f"more than {UNCOUNTED}" if seeds > UNCOUNTED else str(seeds)


def leans_against(row: Row) -> bool:
    """Tell whether the effect lies where the claim does not hold."""
    return bool(row["effect"] < row["holds_from"] or row["effect"] > row["holds_to"])


def effect(row: Row) -> str:
    """Return "-0.35 (-0.60 to -0.10) points"; a dash where there is none, the mean alone where there is no interval.

    Where a claim asks for a least advantage, it stands beside: "-0.35 (-0.60 to -0.10) points, 0.5 or more claimed".
    """
    if np.isnan(row["effect"]):
        return "–"
    told = [_number(row, row[name]) for name in ("effect", "low", "high")]
    alone = np.isnan(row["low"]) or row["low"] == row["high"]
    least = next((abs(bar) for bar in (row["holds_from"], row["holds_to"]) if 0 < abs(bar) < math.inf), 0.0)
    claimed = f", {least:g} or more claimed" if least and row["form"] in ("better", "differs") else ""
    return " ".join(filter(None, [told[0] if alone else f"{told[0]} ({told[1]} to {told[2]})", row["unit"]])) + claimed


def _number(row: Row, value: float) -> str:
    """Return a figure of a verdict, to two digits of half its interval; a difference has a sign."""
    half = (row["high"] - row["low"]) / 2
    sign = "" if is_level(row["form"]) else "+"
    return rounded(value, decimals(half), sign) if half > 0 else f"{value:{sign}z.4g}"


def decimals(scale: float) -> int:
    """Return the digits after the point that show two of a number of this size."""
    size = abs(scale)
    return min(max(1 - math.floor(math.log10(size)), 0), 6) if size > 0 and math.isfinite(size) else 2


def is_level(form: str) -> bool:
    """Tell whether a form is about a mean, and not about a difference."""
    return form in ("within", "equals")


def unit(claim: Claim) -> str:
    """Return the unit of an effect: "points", "epochs", "s", "steps a step of l2" or nothing."""
    kind = claim.metric.rpartition("_")[2]
    error = "%" if is_level(claim.form) else "points"
    told = {"error": error, "gap": "points", "seconds": "s"}.get(kind, claim.unit or "")
    return f"{told} a step of {claim.over}".strip() if claim.form == "trend" else told


def measured(claim: Claim) -> str:
    """Return a metric with what it reads: "time to target (val_accuracy 0.95)", "gradient norm (layer last/first)"."""
    reads = []
    if claim.target is not None:
        reads.append(f"{in_words(claim.of or 'train_loss')} {claim.target:g}")
    if claim.layer is not None:
        reads += [f"layer {claim.layer}", f"epoch {claim.epoch}"]
    if claim.field is not None:
        reads.append(claim.field)
    return in_words(claim.metric) + (f" ({', '.join(reads)})" if reads else "")


def sides(row: Row) -> str:
    """Return the means of both sides, "3.21 against 3.56"; where seeds were lost, the medians too."""
    told = _both(row, "mean")
    if row["lost"] and not np.isnan(row["median_a"]):
        told += f"; medians {_both(row, 'median')}"
    reached = " against ".join(filter(None, [row["reached_a"], row["reached_b"]]))
    return told + (f"; reached {reached}" if reached else "") + (f"; {row['lost']} lost" if row["lost"] else "")


def _both(row: Row, what: str) -> str:
    values = [row[f"{what}_{side}"] for side in ("a", "b")]
    told = ["–" if np.isnan(value) else _number(row, value).removeprefix("+") for value in values]
    return told[0] if is_level(row["form"]) else " against ".join(told)


def in_favour(row: Row) -> str:
    """Return "7 of 8" seeds, or a dash."""
    return "–" if np.isnan(row["share"]) else f"{round(row['share'] * row['n'])} of {row['n']}"


def p_told(p: float) -> str:
    """Return a p to two digits, or a dash where there is none."""
    return "–" if np.isnan(p) else f"{p:.2g}"


def share_that_holds(verdicts: pd.DataFrame) -> str:
    """Return "holds in 4 of 5 (not: depth = 1, inconclusive)" of the verdicts of one claim."""
    held = verdicts["verdict"] == "supported"
    others = "; ".join(f"{row['under']}: {row['verdict']}" for row in verdicts[~held].to_dict("records"))
    return f"holds in {held.sum()} of {len(verdicts)}" + (f" ({others})" if others else "")
