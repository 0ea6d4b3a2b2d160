"""What `harness compare` prints: settings that differ, a table per study, phase and metric, speed, one last line."""

import textwrap
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report.labels import SHOWN_PHASES, metric_title, shortened
from harness.statistics.compare import ERROR, LEVEL, LOST, SPEED, TIME, VERDICTS, Comparison, scale_of
from harness.statistics.compare_bench import MARGIN, TABLES, BenchComparison
from harness.text import rounded, table

WIDTH = 100
ALONE, NOT_JUDGED = "*", "not judged"
BENCH_METHOD = (
    f"Margin {MARGIN:.0%}; shown is what is beyond it. The noise floor is what rounds of one process scatter, and what "
    "the changes of all rows of a table scatter about their median. `same`: two floors about the change lie within the "
    f"margin. `worse`, `better`: beyond it, adjusted over the rows of the table (Holm, {LEVEL:g}). A slower library of "
    "others is no regression."
)


def comparison_text(found: Comparison, a: object, b: object) -> str:
    """Return a comparison as text of 100 columns, what was run differently first."""
    results = found.rows[found.rows["metric"] != SPEED]
    speed = found.rows[found.rows["metric"] == SPEED]
    parts = [f"A: {a}\nB: {b}"]
    if found.settings:
        parts.append("\n".join(["Settings that differ:", *(f"  {line}" for line in found.settings)]))
    parts += [_block(block) for _, block in results.groupby(["study", "phase", "metric"], sort=False)]
    parts += [_filled(f"{_counted(results)} {_method(results)}"), *_speed(speed, found.machines)]
    return "\n\n".join(parts)


def regression_line(worse: pd.DataFrame, rows: int, b: object) -> str:
    """Return one short line on what got worse."""
    first = worse.iloc[0]
    values = " -> ".join(figure(first["metric"], first[side]) for side in ("a", "b"))
    more = f", and {len(worse) - 1} more" if len(worse) > 1 else ""
    return (
        f"{b} is worse in {len(worse)} of {rows} comparisons: {first['study']}, {first['arm']}, "
        f"{SHOWN_PHASES[first['phase']]}: {first['metric']} {values}{more}"
    )


def bench_text(found: BenchComparison, a: object, b: object) -> str:
    """Return a comparison of two bench folders: how many rows of each table have moved, and which beyond the margin."""
    parts = [f"A: {a}\nB: {b}"]
    if found.machines:
        parts.append(_filled(f"Nothing is judged, for the machines differ: {'; '.join(found.machines)}"))
    for name, rows in found.rows.groupby("table", sort=False):
        told = rows[np.log1p(rows["change"]).abs() > np.log1p(MARGIN)]
        lines = [
            [row["name"], row["by"], f"{row['a']:.4g}", f"{row['b']:.4g}", _change_of_time(row),
             f"{row['noise_floor']:.1%}", row["verdict"] or NOT_JUDGED]
            for row in told.to_dict("records")
        ]  # fmt: skip
        of = TABLES[str(name)]
        header = [of.name, of.by, "A (µs)", "B (µs)", "change (95 % interval)", "noise", "verdict"]
        counted = f"{name}: {_counted(rows)}"
        parts.append(f"{counted}\n{_indented(header, lines)}" if lines else counted)
    parts.append(_filled(BENCH_METHOD))
    return "\n\n".join(parts)


def bench_line(worse: pd.DataFrame, rows: int, b: object) -> str:
    """Return one short line on what got slower."""
    first = worse.iloc[0]
    more = f", and {len(worse) - 1} more" if len(worse) > 1 else ""
    return (
        f"{b} is slower in {len(worse)} of {rows} comparisons: {first['name']} ({first['by']}) "
        f"{first['a']:.4g} -> {first['b']:.4g} µs{more}"
    )


def _change_of_time(row: Mapping[Hashable, Any]) -> str:
    mean, low, high = (f"{100 * row[name]:+z.1f}" for name in ("change", "low", "high"))
    return f"{mean} % ({low} to {high})"


def _block(block: pd.DataFrame) -> str:
    first = block.iloc[0]
    title = f"{first['study']}, {SHOWN_PHASES[first['phase']]}: {_title(first['metric'])}"
    counts = f"{'missed' if first['metric'].startswith(TIME) else 'lost'} A, B"
    told = bool(block[["lost_a", "lost_b"]].to_numpy().any()) and first["metric"] != LOST
    change = "change" if first["metric"] == LOST else "change (95 % interval)"
    header = ["arm", "n", *([counts] if told else []), "A", "B", change, "verdict"]
    rows = [
        [_arm(row), str(row["n"]), *([_counts(row)] if told else []), *_figures(row)]
        for row in block.to_dict("records")
    ]
    return f"{title}\n{_indented(header, rows)}"


def _indented(header: list[str], rows: list[list[str]]) -> str:
    """Return the table, two columns in; names are shortened where it would be wider than the page."""
    text = table(header, rows)
    excess = max(map(len, text.splitlines())) + 2 - WIDTH
    if excess > 0:
        longest = max(len(row[0]) for row in rows)
        names = shortened([row[0] for row in rows], max(longest - excess, 16))
        text = table(header, [[names[row[0]], *row[1:]] for row in rows])
    return "\n".join(f"  {line}" for line in text.splitlines())


def _arm(row: Mapping[Hashable, Any]) -> str:
    return row["arm"] if row["arm"] == row["arm_b"] else f"{row['arm']} -> {row['arm_b']}"


def _counts(row: Mapping[Hashable, Any]) -> str:
    return f"{row['lost_a']}, {row['lost_b']}" if row["lost_a"] or row["lost_b"] else ""


def _figures(row: Mapping[Hashable, Any]) -> list[str]:
    verdict = row["verdict"] if row["verdict"] is not None else NOT_JUDGED
    mark = ALONE if verdict == "undecided" and _beyond_alone(row) else ""
    return [figure(row["metric"], row["a"]), figure(row["metric"], row["b"]), _change(row), verdict + mark]


def _beyond_alone(row: Mapping[Hashable, Any]) -> bool:
    margin, ratio = scale_of(row["metric"])
    return row["low"] > margin or row["high"] < (1 / (1 + margin) - 1 if ratio else -margin)


def _change(row: Mapping[Hashable, Any]) -> str:
    if row["change"] != row["change"]:
        return "not known"
    if row["change"] == row["low"] == row["high"] == 0 or (row["metric"] == LOST and row["change"] == 0):
        return "none"
    if row["metric"] == LOST:
        return f"{row['change']:+.0f}"
    factor, digits, unit = (100, 1, " %") if scale_of(row["metric"]).ratio else (1, 2, "")
    mean, low, high = (rounded(factor * row[name], digits, "+") for name in ("change", "low", "high"))
    return f"{mean}{unit}" if np.isnan(row["low"]) else f"{mean}{unit} ({low} to {high})"


def figure(metric: str, value: float) -> str:
    """Return a value of a metric as a table shows it."""
    if value != value:
        return "-"
    return f"{value:.2f}" if metric == ERROR else f"{value:.4g}" if metric == SPEED else f"{value:,.0f}"


def _title(metric: str) -> str:
    scale = scale_of(metric)
    margin = f"margin {scale.margin:.0%}" if scale.ratio else f"margin {scale.margin:g}"
    if metric == LOST:
        return "seeds lost (diverged or failed)"
    if metric.startswith(TIME):
        return f"training images to a validation accuracy of {metric.removeprefix(TIME)}, {margin}"
    return f"{'seconds of a training' if metric == SPEED else metric_title(metric)}, {margin}"


def _counted(rows: pd.DataFrame) -> str:
    counts = rows["verdict"].value_counts()
    told = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
    return f"{len(rows)} comparisons: {told}." if counts.sum() else f"{len(rows)} comparisons."


def _method(rows: pd.DataFrame) -> str:
    return (
        "`same`: the interval lies within the margin. `worse`, `better`: the change is beyond it, adjusted over these "
        f"rows (Holm, {LEVEL:g}); where nothing has changed by more than its margin, at most one comparison of folders "
        f"in 40 says `worse` anywhere. A seed lost where none was before is `worse` without a test. "
        f"Times are geometric means.{_star(rows)}"
    )


def _star(rows: pd.DataFrame) -> str:
    """Return what the star means, where there is one."""
    starred = any(map(_beyond_alone, rows[rows["verdict"] == "undecided"].to_dict("records")))
    return f" {ALONE} beyond the margin by itself, not when adjusted." if starred else ""


def _speed(speed: pd.DataFrame, machines: list[str]) -> list[str]:
    if speed.empty:
        return []
    judged = speed[speed["verdict"].notna()]
    parts = []
    if len(judged) < len(speed):
        why = "; ".join(machines[:3])
        parts.append(_filled(f"Speed of {len(speed) - len(judged)} arms is not judged, for the machines differ: {why}"))
    if len(judged):
        told = judged[judged["verdict"] != "same"]
        parts.append(
            _filled(
                f"Speed, on like machines: {_counted(judged)} Intervals are over seeds: what else a machine did at the "
                f"time is not in them.{_star(judged)} {'What is not `same`:' if len(told) else 'All are the same.'}"
            )
        )
        parts += [_block(block) for _, block in told.groupby(["study", "phase"], sort=False)]
    return parts


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
