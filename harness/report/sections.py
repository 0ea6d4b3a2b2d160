"""The report's text: pure functions from frames to Markdown."""

import itertools
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.report import images_section
from harness.report import markdown as md
from harness.report.arm_tables import arm_table, lost_table, settings_header, spoken, told_metrics, tuning_table
from harness.report.differences_section import differences_from_reference
from harness.report.effects_section import effects_of
from harness.report.figures.findings import plus_minus
from harness.report.labels import arm_labels, in_words, listed
from harness.report.provenance import environment_section, warnings
from harness.report.study_frames import SHOWN_PHASES, Frames, all_frames
from harness.report.verdicts_section import opening_of_verdicts, verdicts_of
from harness.results.frames import Results
from harness.spec.shipped import SHIPPED, study_names
from harness.spec.study import Study
from harness.text import duration, number, setting

Captioned = Sequence[tuple[str, str]]  # (path of a figure below the report, its caption)
MAX_LOST = 40  # rows of the table of lost trials; the rest are in trials.csv
MAX_ARM_ROWS = 40  # a longer table opens on a click
FEW_SEEDS = 3

READING = (
    "The unit is the seed: n counts trials that differ in nothing but their seed. Every number after ± is half the 95 "
    "% t-interval of the mean over the seeds that finished; an interval that meets the edge of a panel goes on beyond "
    "it, and that of an error may go on beyond 0 or 100 %, where no error lies (marked †). Seeds that diverged or "
    "failed are counted in columns of their own and listed with their reason. The error is 100 % minus the accuracy, "
    "on the test images unless validation is named; the test images choose nothing. *As written* is an arm with the "
    "learning rate that its study states; *tuned* has the settings with the lowest mean validation loss on a grid that"
    " is the same for all arms, run again on fresh seeds, so its interval is conditional on those settings, unless "
    "each seed was tuned by itself."
)


def render(
    results: Results, figures: Mapping[str, Captioned], speed: str | None = None, beside: Sequence[str] = ()
) -> str:
    """Return the whole report; `figures` by study, those of the summary under ""; `speed` and `beside` end it."""
    frames = all_frames(results)
    parts = [
        "# Neural networks from scratch: what the ablations show",
        opening(results, frames),
        *filter(None, [opening_of_verdicts(frames)]),
        *warnings(results),
        "## Summary",
        *pictures(figures[""]),
        summary_table(frames),
        READING + f" {images_section.READING}" * bool(results.predictions.trials),
    ]
    parts += [section(study, figures[name]) for name, study in frames.items()]
    parts += [empty(study) for name, study in results.studies.items() if name not in frames]
    parts += [*filter(None, [speed]), *beside, environment_section(results), reproduction(results)]
    return "\n\n".join(parts) + "\n"


def opening(results: Results, frames: Mapping[str, Frames]) -> str:
    """Return one sentence: how much was run, and what became of it."""
    trials = results.trials.drop_duplicates("trial_id")
    status = trials["status"].value_counts()
    profiles = " and ".join(sorted({study.profile for study in results.studies.values()}))
    lost = f"{status.get('diverged', 0)} diverged, {status.get('failed', 0)} failed"
    return (
        f"{len(frames)} {'study' if len(frames) == 1 else 'studies'}, {len(trials):,} trials ({lost}), profile "
        f"`{profiles}`, {duration(trials['seconds'].sum())} of training on one thread each."
    )


def summary_table(frames: Mapping[str, Frames]) -> str:
    """Return a row a study: its size, and the arms with the lowest and the highest mean test error."""
    right = ["arms", "seeds", "trials", "diverged", "failed"]
    header = ["study", *right, "phase", "lowest mean test error (%)", "highest mean test error (%)"]
    rows = []
    for name, study in frames.items():
        status = study.trials["status"].value_counts()
        counts = (len(study.study.arms), study.study.seeds, len(study.trials), *(status.get(s, 0) for s in right[3:]))
        link = f"[{md.escape(study.study.title)}](#{anchor(name)})"
        rows.append([link, *map(str, counts), SHOWN_PHASES[study.final], *extremes(study)])
    return md.table(header, rows, right)


def extremes(frames: Frames) -> list[str]:
    """Return the arms with the lowest and the highest mean test error, named, with it; dashes when none finished."""
    if frames.study.probe is not None:
        return ["–", "–"]
    table = arm_table(frames)
    table = table[(table["phase"] == frames.final) & (table["test_error_n"] > 0)]
    if table.empty:
        return ["–", "–"]
    ordered = table.sort_values("test_error_mean", kind="stable").to_dict("records")
    return [f"{md.escape(row['label'])}: {interval(row, 'test_error', 2)}" for row in (ordered[0], ordered[-1])]


def section(frames: Frames, figures: Captioned) -> str:
    """Return one study: question, design, figures, table, and the details to open."""
    study = frames.study
    title = f"## {md.escape(study.title)}" + (f" (§{md.escape(study.section)})" if study.section else "")
    parts = [f'<a id="{anchor(study.name)}"></a>', title]
    if study.question:
        parts.append(f"**Question.** {md.escape(study.question)}")
    parts += [f"**Design.** {design(frames)}", *looks(frames), *missing(frames), *pictures(figures)]
    arms = arm_rows(frames)
    parts.append(arms if arms.count("\n") <= MAX_ARM_ROWS else md.details(f"Arms ({len(study.arms)})", arms))
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
    return "\n\n".join(parts)


def empty(study: Study) -> str:
    """Return the section of a study without a single finished trial, those of its tuning aside."""
    aside = ", those of its tuning aside" * (study.tune is not None)
    return f"## {md.escape(study.title)}\n\nNo trial of this study has finished{aside}."


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
    if study.seeds < FEW_SEEDS:
        lines.append(f"> **Few seeds:** {study.seeds}; differences between arms cannot be told from chance.")
    return lines


def pictures(figures: Captioned) -> list[str]:
    """Return the figures, each with its caption below."""
    return [f"![{md.escape(Path(path).stem)}]({path})\n\n*{md.escape(caption)}*" for path, caption in figures]


def arm_rows(frames: Frames) -> str:
    """Return the table arm × phase; of a study that probes, arm × metric."""
    table = arm_table(frames)
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


def reproduction(results: Results) -> str:
    """Return the commands that make these results and this report again."""
    lines = []
    for profile in sorted({study.profile for study in results.studies.values()}):
        names = [name for name, study in results.studies.items() if study.profile == profile]
        given = [name if shipped(results.studies[name]) else f"{name}.toml" for name in names]
        lines.append(f"harness run {' '.join(given)} --profile {profile}")
        lines.append(f"harness report --profile {profile}")
    commands = "\n".join(lines)
    return (
        f"## How to reproduce\n\n```\n{commands}\n```\n\n"
        "`run` trains what is missing (nothing, where the results are complete), `report` writes this page anew, and "
        "with `--check` says whether it still follows from its results; `--results` and `--reports` name their "
        "folders. A study of your own is named "
        "by the path of its TOML file. Options such as `--set` or `--seeds` have to be given again: the settings that "
        "were run stand, resolved, in `study.json` of each study's results folder, every trial in its journal. The "
        "same seed on the same machine and versions gives the same weights, bit for bit."
    )


def shipped(study: Study) -> bool:
    """Tell whether a study is run by its name; of one that does not say where it comes from, the name tells."""
    return study.origin == SHIPPED or (study.origin is None and study.name in study_names())


def anchor(name: str) -> str:
    """Return the HTML id of a study's section."""
    return f"study-{name}"
