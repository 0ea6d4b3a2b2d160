"""A study in words: its row of the summary, and what stands above and below the figures of its section."""

import itertools
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.report import images_section
from harness.report import markdown as md
from harness.report.arm_tables import arm_table, lost_table, settings_header, spoken, told_metrics, tuning_table
from harness.report.differences_section import differences_from_reference
from harness.report.effects_section import effects_of
from harness.report.figures.findings import plus_minus
from harness.report.labels import arm_labels, in_words, listed
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.report.verdicts_section import verdicts_of
from harness.spec.probes import PROBES
from harness.spec.study import Study
from harness.text import number, setting

MAX_LOST = 40  # rows of the table of lost trials; the rest are in trials.csv
MAX_ARM_ROWS = 40  # a longer table opens on a click
FEW_SEEDS = 3


class StudyText(NamedTuple):
    """A study in words."""

    row: list[str]  # of the summary
    above: str  # of its section, what stands above the figures and below them
    below: str


SUMMARY = ("arms", "seeds", "trials", "diverged", "failed")
"""The columns of the summary's row that are numbers; the title stands before them, phase, lowest and highest after."""


def study_text(frames: Frames) -> StudyText:
    """Return one study in words: question and design above the figures, tables and the details to open below."""
    arms = arm_table(frames)
    return StudyText(_row(frames, arms), "\n\n".join(_above(frames)), "\n\n".join(_below(frames, arms)))


def _row(frames: Frames, arms: pd.DataFrame) -> list[str]:
    study, status = frames.study, frames.trials["status"].value_counts()
    counts = (len(study.arms), study.seeds, len(frames.trials), *(status.get(name, 0) for name in SUMMARY[3:]))
    link = f"[{md.escape(study.title)}](#{anchor(study.name)})"
    return [link, *map(str, counts), SHOWN_PHASES[frames.final], *extremes(frames, arms)]


def _above(frames: Frames) -> list[str]:
    study = frames.study
    title = f"## {md.escape(study.title)}" + (f" (§{md.escape(study.section)})" if study.section else "")
    question = [f"**Question.** {md.escape(study.question)}"] if study.question else []
    lead = [f'<a id="{anchor(study.name)}"></a>', title, *question, f"**Design.** {design(frames)}"]
    return [*lead, *looks(frames), *missing(frames)]


def _below(frames: Frames, arms: pd.DataFrame) -> list[str]:
    study, rows = frames.study, arm_rows(frames, arms)
    parts = [rows if rows.count("\n") <= MAX_ARM_ROWS else md.details(f"Arms ({len(study.arms)})", rows)]
    parts += [*verdicts_of(frames), *effects_of(frames)]
    if study.probe is None:
        parts += [*differences_from_reference(frames), *images_section.images_that_separate(frames)]
        parts.append(md.details("Every seed", seed_rows(frames)))
        stopped = stopped_early(frames)
        if len(stopped):
            parts.append(md.details(f"Trials that stopped early ({len(stopped)})", stopped_rows(stopped)))
    if len(frames.phase("tune")):
        parts.append(md.details("Tuning", tuning_rows(frames)))
    lost = lost_table(frames)
    if len(lost):
        parts.append(md.details(f"Trials that diverged or failed ({len(lost)})", lost_rows(lost)))
    return parts


def extremes(frames: Frames, table: pd.DataFrame) -> list[str]:
    """Return the arms with the lowest and the highest mean test error, named, with it; dashes when none finished."""
    if frames.study.probe is not None:
        return ["–", "–"]
    table = table[(table["phase"] == frames.final) & (table["test_error_n"] > 0)]
    if table.empty:
        return ["–", "–"]
    ordered = table.sort_values("test_error_mean", kind="stable").to_dict("records")
    return [f"{md.escape(row['label'])}: {interval(row, 'test_error', 2)}" for row in (ordered[0], ordered[-1])]


def design(frames: Frames) -> str:
    """Return arms, seeds, phases and settings in words."""
    study = frames.study
    varied = sorted({field for arm in study.arms for field in arm.settings})
    told = [f"{len(study.arms)} arm{'s' * (len(study.arms) != 1)}"]
    told[0] += f" that differ in {', '.join(md.code(field) for field in varied)}" if varied else ""
    begun = " to begin with" * bool(looks(frames))
    told.append(f"{study.seeds} seed{'s' * (study.seeds != 1)} each{begun}, the same for all arms (paired)")
    if study.probe is not None:
        same = {k: v for k, v in study.baseline if k not in ("seed", *varied)}
        return f"{'; '.join(told)}. All arms: {', '.join(md.code(f'{k}={setting(v)}') for k, v in same.items())}."
    told.append(tuning_design(study) if study.tune else "every arm as written, nothing tuned")
    varied += study.tune.grid if study.tune and not study.tune.default else ()
    common = {k: v for k, v in study.baseline.canonical().items() if k not in varied}
    always = {k: getattr(study.baseline, k) for k in ("hidden", "optimizer", "learning_rate", "batch_size", "epochs")}
    shown = {k: v for k, v in (always | common).items() if k not in varied}
    return f"{'; '.join(told)}. All arms: {', '.join(md.code(f'{k}={setting(v)}') for k, v in shown.items())}."


def tuning_design(study: Study) -> str:
    """Return in words how a study tunes."""
    assert study.tune is not None
    grid = " × ".join(f"{spoken(field)} {', '.join(map(setting, values))}" for field, values in study.tune.grid.items())
    lead = "then each arm" if study.tune.default else "no arm as written but each"
    seeds = f"{study.tune.seeds} tuning seed{'s' * (study.tune.seeds != 1)}"
    fresh = "for each of" if study.tune.per_seed else "on"
    return f"{lead} with the best of {grid} by validation loss over {seeds}, {fresh} {study.seeds} fresh seeds"


def looks(frames: Frames) -> list[str]:
    """Return when the claims were looked at, where seeds were added until they were decided."""
    lines = []
    for note in (note for note in frames.notes if note["note"] == "looks"):
        fixed = f"after {note['trials']:,} trials" if note["trials"] else "before the first trial"
        lines.append(
            f"**Until decided.** The claims were looked at with {listed(map(str, note['at']))} seeds, fixed {fixed}. A "
            "verdict stands as it fell, and arms that no open claim reads got no more seeds; every p is multiplied by "
            f"the number of looks, {len(note['at'])}."
        )
    return lines


def missing(frames: Frames) -> list[str]:
    """Return warnings where the numbers below should not be leant on: unfinished studies, absent data, few seeds."""
    study, lines = frames.study, []
    for name in dict.fromkeys(str(arm.needs) for arm in study.left_out):
        arms = listed(md.escape(arm.name) for arm in study.left_out if arm.needs == name)
        fetch = md.code(f"harness data fetch {name}")
        lines.append(f"> **Left out:** {arms}; {md.escape(name)} was not on the machine ({fetch} gets it).")
    expected = len(study.arms) * study.seeds
    for phase in (phase for phase in study.phases if phase != "tune"):
        found = frames.phase(phase).groupby("arm").size().clip(upper=study.seeds).sum()
        if found < expected:
            lines.append(f"> **Incomplete:** {found} of {expected} trials *{SHOWN_PHASES[phase]}* have finished.")
        ran = set(frames.phase(phase)["arm"])
        absent = [md.escape(label) for arm, label in arm_labels(study).items() if arm not in ran]
        if absent:
            lines[-1] += f" None yet of {listed(absent)}."
    if study.seeds < FEW_SEEDS and not (study.probe and PROBES[study.probe].WITHOUT_CHANCE):
        lines.append(f"> **Few seeds:** {study.seeds}; differences between arms cannot be told from chance.")
    return lines


def arm_rows(frames: Frames, table: pd.DataFrame) -> str:
    """Return the table arm × phase, of `arm_table`; of a study that probes, arm × metric."""
    if frames.study.probe is not None:
        return measured_rows(frames, table)
    several = table["arm"].nunique() > 1
    images = ["with images"] * bool(table["test_error_images"].notna().any())
    right = [settings_header(frames.study), "n", "test error (%)", *images]
    right += ["validation loss", "seconds", "diverged", "failed"]
    rows = []
    for row in table.to_dict("records"):
        cells = [
            md.escape(row["settings"]),
            str(row["total"]),
            interval(row, "test_error", 2),
            *([half(row["test_error_images"])] if images else []),
            interval(row, "val_loss", 4),
            f"{row['seconds']:.2f}",
            rate(row["diverged"], row["total"]),
            rate(row["failed"], row["total"]),
        ]
        label = md.escape(row["label"]) + " (reference)" * (several and row["reference"])
        rows.append([label, SHOWN_PHASES[row["phase"]], *cells])
    return md.table(["arm", "phase", *right], rows, right)


def measured_rows(frames: Frames, table: pd.DataFrame) -> str:
    """Return what a probe measured in each arm."""
    metrics = told_metrics(frames.study)
    rows = []
    for row in table.to_dict("records"):
        told = [measured(row, name) for name in metrics]
        rows.append([md.escape(row["label"]), str(row["total"]), *told, rate(row["failed"], row["total"])])
    right = ["n", *map(in_words, metrics), "failed"]
    return md.table(["arm", *right], rows, right)


def measured(row: Mapping[Hashable, Any], name: str) -> str:
    """Return a mean and half its interval to the digits that the interval leaves: "1.23e-05 ± 2e-06"; a dash if none.

    With the n behind it where some seeds have no finite value.
    """
    n, mean, low, high = (row[f"{name}_{part}"] for part in ("n", "mean", "low", "high"))
    if not n:
        return "–"
    half, text = (high - low) / 2, f"{mean:.5g}"
    if half > 0:
        digits = np.log10(max(abs(mean), half)) // 1 - np.log10(half) // 1 + 2
        text = f"{mean:.{int(min(digits, 5))}g} ± {half:.2g}"
    return text if n == row["total"] else f"{text} (n = {n})"


def interval(row: Mapping[Hashable, Any], name: str, digits: int) -> str:
    """Return "2.88 ± 0.15", with the n behind it where seeds are missing; a dash when there is none."""
    n, mean, low, high = (row[f"{name}_{part}"] for part in ("n", "mean", "low", "high"))
    if not n:
        return "–"
    text = plus_minus(mean, low, high, digits)
    text += "†" * (name == "test_error" and (low < 0 or high > 100))
    return text if n == row["total"] else f"{text} (n = {n})"


def half(width: float) -> str:
    """Return "± 0.22"; a dash when there is no interval."""
    return f"± {width:.2f}" if np.isfinite(width) else "–"


def rate(count: int, total: int) -> str:
    """Return "2/8 (25 %)", or "0/8"."""
    return f"{count}/{total} ({100 * count / total:.0f} %)" if count else f"0/{total}"


def seed_rows(frames: Frames) -> str:
    """Return the test error of every seed, arm by arm; a lost seed says what became of it."""
    rows = []
    for (arm, phase), group in frames.phase("default", "confirm").groupby(["label", "phase"], sort=False):
        group = group.sort_values("seed")
        figures = [
            f"{error:.2f}" if np.isfinite(error) else f"**{status}**"
            for error, status in zip(group["test_error"], group["status"], strict=True)
        ]
        seeds = f"{group['seed'].iloc[0]}–{group['seed'].iloc[-1]}"
        rows.append([md.escape(arm), SHOWN_PHASES[str(phase)], seeds, " ".join(figures)])
    return md.table(["arm", "phase", "seeds", "test error (%), seed by seed"], rows)


def stopped_early(frames: Frames) -> pd.DataFrame:
    """Return the trials, those of the tuning aside, that early stopping ended before their last epoch."""
    data = frames.phase("default", "confirm")
    return data[(data["status"] == "done") & data["patience"].notna() & (data["epochs_run"] < data["epochs"])]


def stopped_rows(stopped: pd.DataFrame) -> str:
    """Return by arm when its trials stopped and which weights they ended with."""
    rows = []
    for (arm, phase), group in stopped.groupby(["label", "phase"], sort=False):
        kept = _range(group["best_epoch"]) if group["restore_best"].all() else "none put back"
        cells = [str(len(group)), f"{_range(group['epochs_run'])} of {_range(group['epochs'])}", kept]
        rows.append([md.escape(arm), SHOWN_PHASES[str(phase)], *cells])
    right = ["trials", "stopped after epoch", "weights put back, of epoch"]
    return md.table(["arm", "phase", *right], rows, right)


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def tuning_rows(frames: Frames) -> str:
    """Return mean validation loss by arm and combination, the first tuned field in columns; with the seeds lost."""
    assert frames.study.tune is not None
    table = tuning_table(frames)
    (first, values), *others = frames.study.tune.grid.items()
    rest = list(itertools.product(*(tried for _, tried in others)))
    cells = {(row["label"], row["combination"]): tuning_cell(row) for row in table.to_dict("records")}
    rows = []
    for arm in dict.fromkeys(table["label"]):
        for place, chosen in enumerate(rest):
            losses = [cells.get((arm, column * len(rest) + place), "") for column in range(len(values))]
            rows.append([*(md.escape(text) for text in (arm, *map(setting, chosen))), *losses])
    low, high = table["total"].min(), table["total"].max()
    seeds = f"n = {low if low == high else f'{low} to {high}'}"
    by = " and ".join([spoken(first) + " (columns)" * bool(others), *(spoken(field) for field, _ in others)])
    lead = f"Mean validation loss by {by}, {seeds} tuning seeds each; in brackets the seeds that were lost."
    columns = [md.escape(setting(value)) for value in values]
    return f"{lead}\n\n{md.table(['arm', *(spoken(field) for field, _ in others), *columns], rows, columns)}"


def tuning_cell(row: Mapping[Hashable, Any]) -> str:
    """Return "0.2310", "0.2310 (1/3 lost)" or "3/3 lost"."""
    lost = f"{row['lost']}/{row['total']} lost"
    if not row["n"]:
        return lost
    return f"{row['mean']:.4f} ({lost})" if row["lost"] else f"{row['mean']:.4f}"


def lost_rows(lost: pd.DataFrame) -> str:
    """Return each lost trial with its reason."""
    rows = []
    for row in lost.head(MAX_LOST).to_dict("records"):
        epoch = "" if pd.isna(row["diverged_epoch"]) else str(row["diverged_epoch"])
        where = [md.escape(row["label"]), SHOWN_PHASES[row["phase"]], number(row["learning_rate"]), str(row["seed"])]
        rows.append([*where, row["status"], epoch, md.escape(row["reason"] or "")])
    header = ["arm", "phase", "learning rate", "seed", "status", "epoch", "reason"]
    text = md.table(header, rows, right=["learning rate", "seed", "epoch"])
    return text if len(lost) <= MAX_LOST else f"{text}\n\nand {len(lost) - MAX_LOST} more, in `trials.csv`."


def anchor(name: str) -> str:
    """Return the HTML id of a study's section."""
    return f"study-{name}"
