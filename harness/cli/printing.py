"""What the commands print: aligned tables, evaluations, where the results lie."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.text import duration, table

if TYPE_CHECKING:
    import pandas as pd

    from harness.spec import Study


def evaluation_line(row: Mapping[str, Any]) -> str:
    """Return one evaluation of a training run as a line."""
    parts = [f"epoch {row['epoch']:>3}", f"{row['samples']:>9,} images", f"{row['seconds']:7.2f} s"]
    for name, label in (("train", "training"), ("val", "validation")):
        if row[f"{name}_loss"] is not None:
            parts.append(f"{label} loss {row[f'{name}_loss']:.4f} accuracy {percent(row[f'{name}_accuracy'])}")
    return "  ".join(parts)


def outcome_line(record: Mapping[str, Any]) -> str:
    """Return how a training run ended as a line."""
    if record["status"] == "diverged":
        return f"diverged in epoch {record['diverged_epoch']}: {record['reason']}"
    return (
        f"test accuracy {percent(record['test_accuracy'])}, loss {record['test_loss']:.4f}; "
        f"training accuracy {percent(record['train_accuracy'])}, loss {record['train_loss']:.4f}  "
        f"({record['parameters']:,} parameters, {_counted(record['epochs_run'], 'epoch')}, {record['seconds']:.2f} s)"
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def percent(fraction: float | None) -> str:
    """Return an accuracy as ``97.13 %``."""
    return "-" if fraction is None or fraction != fraction else f"{100 * fraction:.2f} %"


def arms_table(trials: "pd.DataFrame") -> str:
    """Return the mean and median of each arm and phase over its seeds, in the order of the trials."""
    rows = []
    for (arm, phase), group in trials[trials["phase"] != "tune"].groupby(["arm", "phase"], sort=False):
        done = group[group["status"] == "done"]
        rates = ", ".join(f"{rate:g}" for rate in group["learning_rate"].unique())
        accuracy, loss = done["test_accuracy"].astype(float), done["val_loss"].astype(float)
        figures = [percent(accuracy.mean()), percent(accuracy.median()), f"{loss.mean():.4f}" if len(done) else "-"]
        rows.append([str(arm), str(phase), rates, f"{len(done)}/{len(group)}", *figures])
    return table(["arm", "phase", "rate", "done", "mean test acc.", "median", "mean val. loss"], rows)


def plan_table(plan: "pd.DataFrame") -> str:
    """Return the rows of `harness.sweep.plan` as text, times in words."""
    counts = [name for name in plan.columns if name not in ("study", "phase", "cpu_seconds", "eta_seconds")]
    rows = [
        [
            row["study"],
            row["phase"],
            *(str(row[name]) for name in counts),
            *map(duration, (row["cpu_seconds"], row["eta_seconds"])),
        ]
        for row in plan.to_dict("records")
    ]
    return table(["study", "phase", *counts, "CPU time", "ETA"], rows)


def comparison_table(comparison: "pd.DataFrame") -> str:
    """Return the rows of `harness.statistics.compare` as text."""
    columns = list(comparison.columns)
    rows = [
        ["-" if value != value else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row]
        for row in comparison.itertuples(index=False)
    ]
    return table(columns, rows)


def study_text(study: "Study") -> str:
    """Return a resolved study as a page of text."""
    lines = [f"{study.title}  ({study.name}, profile {study.profile})", study.question, ""]
    baseline = study.baseline.canonical()
    lines.append("baseline  " + (", ".join(f"{k}={_plain(v)}" for k, v in baseline.items()) or "the defaults"))
    lines.append(f"seeds     {study.seeds}")
    if study.tune:
        rates = ", ".join(f"{rate:g}" for rate in study.tune.learning_rate)
        lines.append(
            f"tune      learning_rate {rates}; {study.tune.seeds} seeds a rate; the winner on {study.seeds} fresh seeds"
        )
    lines += [f"trials    {study.trial_count:,}", ""]
    rows = [[arm.name, ", ".join(f"{k}={_plain(v)}" for k, v in arm.settings.items())] for arm in study.arms]
    return "\n".join([*lines, table(["arm", "changes"], rows)])


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return (
        str(value).lower()
        if value is None or isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
