"""The tables of effects below a study that ablates: what each ingredient is worth, and which ones interact."""

import numpy as np
import pandas as pd

from harness.report import markdown as md
from harness.report.differences_section import short
from harness.report.effect_words import effect, helps, measured, reached, unit
from harness.report.labels import EFFECT_KINDS
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.spec.ablation import JOINT, UNNAMED
from harness.statistics import factorial
from harness.statistics.effect_table import Ablated, best_first


def effects_of(frames: Frames) -> list[str]:
    """Return, for each block that ablates and each metric, what its table says and the table, as Markdown.

    Effects are those of the study's last phase; before any of its trials has finished there are none, and that is said.
    """
    phase = SHOWN_PHASES[frames.study.phases[-1]]
    ran = [one for one in frames.ablated if len(one.values)]
    if frames.ablated and not ran:
        return [f"**What each ingredient is worth** is told of the trials *{phase}*; none has finished yet."]
    return [text for one in ran for text in _tables(one, phase)]


def _tables(one: Ablated, phase: str) -> list[str]:
    names, measure = one.ablation.names, one.compared.measure
    table, gain = factorial.effects(one.values, names), factorial.whole_gain(one.values, names)
    block = "" if one.ablation.block == UNNAMED else f" ({md.escape(one.ablation.block)})"
    points = f" in {unit(measure)}" * (measure.target is None and bool(unit(measure)))
    lead = (
        f"**What each ingredient is worth**{block} in {md.escape(measured(measure))}, {phase}: with it minus "
        f"without it{points}; {helps(one.compared.lower_is_better)}.{_whole(gain)} In brackets the 95 % t-interval "
        f"over the seeds; p is of the sign-flip test and adjusted by Holm within each kind.{_missed(one)}"
    )
    parts = [lead, ingredients(table, gain, one.compared.lower_is_better)]
    pairs = table[table["kind"] == "interaction"]
    if pairs["effect"].notna().any():
        parts.append(md.details(f"Interactions ({len(pairs)})", interactions(pairs)))
    return parts


def ingredients(table: pd.DataFrame, gain: pd.Series, lower_is_better: bool) -> str:
    """Return a row per ingredient, best first by its Shapley value, with what it is worth in each way."""
    by_name = table.set_index(["kind", "factors"])
    rows = []
    for factor in best_first(table, lower_is_better):
        cells = [f"{effect(one)}{_adjusted(one)}" for one in (by_name.loc[(kind, factor)] for kind in EFFECT_KINDS)]
        rows.append([md.escape(factor), *cells, *_share(by_name.loc[("shapley", factor)], gain)])
    header = [*EFFECT_KINDS.values(), *["share of the whole"] * bool(_certain(gain))]
    return md.table(["ingredient", *header], rows, header)


def interactions(pairs: pd.DataFrame) -> str:
    """Return a row per pair: how much more the one changes where the other is in, the largest first."""
    ordered = pairs.iloc[
        pairs["effect"].abs().sort_values(ascending=False, kind="stable").index.map(pairs.index.get_loc)
    ]
    rows = [
        [md.escape(row["factors"].replace(JOINT, " × ")), effect(row), _p(row["p"]), _p(row["p_adjusted"])]
        for row in ordered.to_dict("records")
    ]
    header = ["interaction", "p", "adjusted p"]
    return md.table(["pair", *header], rows, header)


def _adjusted(row: pd.Series) -> str:
    return "" if np.isnan(row["p_adjusted"]) else f", p {short(row['p_adjusted'])}"


def _p(p: float) -> str:
    return "–" if np.isnan(p) else short(p)


def _certain(gain: pd.Series) -> bool:
    """Whether the interval of the whole gain excludes 0, so that shares of it mean something."""
    return bool(gain["low"] > 0 or gain["high"] < 0)


def _whole(gain: pd.Series) -> str:
    if np.isnan(gain["effect"]):
        return ""
    told = f" Everything − nothing is {effect(gain)}, and the Shapley values sum to it"
    return f"{told}." if _certain(gain) else f"{told}; its interval holds 0, so shares of it say nothing."


def _share(shapley: pd.Series, gain: pd.Series) -> list[str]:
    share = shapley["effect"] / gain["effect"]
    told = f"{100 * share:z.0f} %" if 0 <= share <= 1 else "–"  # ingredients that work against each other have no share
    return [told] if _certain(gain) else []


def _missed(one: Ablated) -> str:
    came = reached(one.values)
    return f" {came}; a dash stands where both sides mostly missed." if came else ""
