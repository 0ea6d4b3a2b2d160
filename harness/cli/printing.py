"""What the commands print: aligned tables, evaluations, where the results lie."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.text import counted, duration, setting, table

if TYPE_CHECKING:
    import pandas as pd

    from harness.spec import Study
    from harness.spec.ablation import Ablation
    from harness.spec.study import Arm


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
    early = ""
    if record["epochs_run"] < record["trial"]["epochs"]:
        kept = (
            f"the weights of epoch {record['best_epoch']} put back"
            if record["trial"]["restore_best"]
            else "none put back"
        )
        early = f"stopped early after epoch {record['epochs_run']}, {kept}\n"
    return early + (
        f"test accuracy {percent(record['test_accuracy'])}, loss {record['test_loss']:.4f}; "
        f"training accuracy {percent(record['train_accuracy'])}, loss {record['train_loss']:.4f}  "
        f"({record['parameters']:,} parameters, {counted(record['epochs_run'], 'epoch')}, {record['seconds']:.2f} s)"
    )


def percent(fraction: float | None) -> str:
    """Return an accuracy as ``97.13 %``."""
    return "-" if fraction is None or fraction != fraction else f"{100 * fraction:.2f} %"


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


def study_text(study: "Study") -> str:
    """Return a resolved study as a page of text."""
    lines = [f"{study.title}  ({study.name}, profile {study.profile})", study.question, ""]
    written = study.baseline.given()
    defaults = {field: value for field, value in study.baseline if field not in written and field != "seed"}
    lines += [_labelled("baseline", _assigned(written) or "the defaults"), _labelled("defaults", _assigned(defaults))]
    lines.append(f"reference {study.reference}")
    more = f", up to {study.at_most} while a claim is open" if study.at_most else ""
    lines.append(f"seeds     {study.seeds}{more}")
    if study.tune:
        lines += [f"tune      {line}" for line in _tuning_lines(study)]
    lines += [f"verdicts  {line}" for line in verdicts_lines(study)]
    lines += [f"trials    {study.trial_count:,}", ""]
    if study.claims:
        lines += [table(["claim", "statement"], [[claim.id, str(claim.text)] for claim in study.claims]), ""]
    lines += [line for ablation in study.ablations for line in (_factors(ablation), "")]
    rows = [[arm.name, _assigned(arm.settings | _followed(study, arm)) or "nothing"] for arm in study.arms]
    return "\n".join([*lines, table(["arm", "changes"], rows)])


def study_record(study: "Study") -> dict[str, Any]:
    """Return what study.json holds of a study, with the whole trial of each arm, and how many trials it has."""
    record = study.to_record()
    for arm, told in zip(study.arms, record["arms"], strict=True):
        told["trial"] = arm.trial.model_dump(mode="json")
    return record | {"trials": study.trial_count}


def _followed(study: "Study", arm: "Arm") -> dict[str, Any]:
    """Return what else is changed by the arm's settings: the own defaults of its update rule."""
    fields = [field for field in type(arm.trial).model_fields if field not in arm.settings]
    return {f: getattr(arm.trial, f) for f in fields if getattr(arm.trial, f) != getattr(study.baseline, f)}


def _labelled(label: str, text: str) -> str:
    indent = f"{label:10}"
    return textwrap.fill(text, 100, initial_indent=indent, subsequent_indent=" " * len(indent), break_on_hyphens=False)


def _factors(ablation: "Ablation") -> str:
    """Return what an ablation leaves out or puts in."""
    rows = [[factor.name, *(_assigned(level.given()) for level in factor.levels)] for factor in ablation.factors]
    return table([f"{ablation.block}: factor", "without", "with"], rows)


def verdicts_lines(study: "Study") -> list[str]:
    """Return how many verdicts a study gives, and the seeds that those of the sign-flip test take; none: no line."""
    from harness.spec.claims import questions, sign_flip_count
    from harness.statistics.decidable import seeds_that_can_decide

    count, flips = len(questions(study)), sign_flip_count(study)
    if not flips:
        return [str(count)] * bool(count)
    needed = seeds_that_can_decide(flips)
    exploratory = ": exploratory" if study.seeds < needed else ""
    takes = f"{needed} seeds" + f" ({2 * needed} for churn, which pairs them)" * any(
        c.metric == "churn" for c in study.claims
    )
    lines = [f"{count}, {flips} by the sign-flip test, which takes {takes}; here are {study.seeds}{exploratory}"]
    if looks := study.looks:
        needed = seeds_that_can_decide(flips * len(looks))
        lines.append(f"until decided, looked at with {', '.join(map(str, looks))} seeds, the test takes {needed}")
        lines += filter(None, [first_look(study)])
    return lines


def first_look(study: "Study") -> str:
    """Return that no sign-flip verdict can fall at the first look of `--until decided`; "" where one can."""
    from harness.spec.claims import sign_flip_count
    from harness.statistics.decidable import seeds_that_can_decide

    m, looks = sign_flip_count(study), len(study.looks)
    if not m or not looks or study.seeds >= (needed := seeds_that_can_decide(m * looks)):
        return ""
    return (
        f"at the first look, {counted(study.seeds, 'seed')}, no sign-flip verdict can fall: "
        f"{counted(m, 'verdict')} x {counted(looks, 'look')} take {needed} seeds"
    )


def _tuning_lines(study: "Study") -> list[str]:
    assert study.tune is not None
    lists = [f"{field} {' '.join(map(setting, values))}" for field, values in study.tune.grid.items()]
    each = "for each of the fresh seeds" if study.tune.per_seed else "for an arm"
    how = f"{counted(study.tune.size, 'combination')} x {counted(study.tune.seeds, 'seed')} {each}"
    after = f"the winner on {counted(study.seeds, 'fresh seed')}"
    return [*lists, f"{how}; {after}" + ("" if study.tune.default else "; no arm as written")]


def _assigned(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{field}={setting(value)}" for field, value in settings.items())
