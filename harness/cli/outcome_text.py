"""What `harness run` ends with, study by study: its arms, the verdicts on its claims, what each ingredient is worth."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.cli.printing import percent
from harness.text import table

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.verdict_words import Row
    from harness.results.frames import Results
    from harness.statistics.effect_table import Ablated

CLAIM_LETTERS = 50
"""Of a claim's text, in a table."""


def outcome(results: "Results") -> str:
    """Return what one study ended with, as text."""
    (study,) = results.studies.values()
    parts = [f"{study.title}\n{arms_table(results)}", verdicts_table(results), *effects_tables(results)]
    return "\n\n".join(filter(None, parts))


def outcome_record(found: Sequence["Results"]) -> "dict[str, pd.DataFrame]":
    """Return what studies ended with, for scripts: the tables that stand in their folders, by name."""
    import pandas as pd

    from harness.statistics.effect_table import effects
    from harness.statistics.tables import summary
    from harness.statistics.verdict_table import verdicts

    return {of.__name__: pd.concat([of(one) for one in found]) for of in (summary, verdicts, effects)}


def arms_table(results: "Results") -> str:
    """Return the mean and median of each arm and phase of one study over its seeds, in the order of the trials."""
    from harness.report.arm_tables import settings_header, settings_told, told_metrics

    (study,), trials, rows = results.studies.values(), results.trials, []
    if study.probe is not None:
        return _measured_table(results, told_metrics(study))
    for (arm, phase), group in trials[trials["phase"] != "tune"].groupby(["arm", "phase"], sort=False):
        done = group[group["status"] == "done"]
        settings = settings_told(study, results.winners, str(arm), str(phase))
        accuracy, loss = done["test_accuracy"].astype(float), done["val_loss"].astype(float)
        figures = [
            percent(accuracy.mean()),
            percent(accuracy.median()),
            f"{loss.mean():.4f}" if loss.notna().any() else "-",
        ]
        rows.append([str(arm), str(phase), settings, f"{len(done)}/{len(group)}", *figures])
    told = {(arm, phase) for arm, phase, *_ in rows}
    for arm, phase in itertools.product(study.arms, (phase for phase in study.phases if phase != "tune")):
        if (arm.name, phase) not in told:
            rows.append([arm.name, phase, "-", f"0/{study.seeds}", "-", "-", "-"])
    return table(["arm", "phase", settings_header(study), "done", "mean test acc.", "median", "mean val. loss"], rows)


def _measured_table(results: "Results", metrics: Sequence[str]) -> str:
    """Return the mean of each metric of a probe, arm by arm."""
    rows = []
    for arm, group in results.trials.groupby("arm", sort=False):
        done = group[group["status"] == "done"]
        rows.append([str(arm), f"{len(done)}/{len(group)}", *(f"{done[name].mean():.5g}" for name in metrics)])
    return table(["arm", "done", *(f"mean {name}" for name in metrics)], rows)


def verdicts_table(results: "Results") -> str:
    """Return the verdicts on the claims of one study, with their effects; "" for a study that claims nothing."""
    from harness.report.labels import shortened
    from harness.report.verdict_words import effect, in_favour, p_told, with_words
    from harness.spec.claims import sign_flip_count
    from harness.statistics.decidable import seeds_that_can_decide
    from harness.statistics.verdict_table import looks_of, told_verdicts

    (study,) = results.studies.values()
    m = sign_flip_count(study)
    needed = seeds_that_can_decide(m * max(len(looks_of(results.notes[study.name])), 1)) if m else 0
    verdicts = with_words(told_verdicts(results), study)
    claims = shortened(verdicts["text"], CLAIM_LETTERS)
    rows = [
        [
            " ".join(filter(None, [claims[row["text"]], row["under"] and f"({row['under']})"])),
            row["verdict"],
            row["reason"] or effect(row),
            in_favour(row),
            p_told(row["p_adjusted"]),
            _seeds_told(row, needed),
        ]
        for row in verdicts.to_dict("records")
    ]
    header = ["claim", "verdict", "effect (95 % interval)", "in favour", "adjusted p", "seeds to decide"]
    words = (
        "exploratory: too few seeds for any verdict; inconclusive: enough seeds, no clear answer; adjusted: over the "
        f"verdicts of the study ({m}, Holm);\nseeds to decide: if the effect seen is the true one, which is hopeful"
    )
    return f"{table(header, rows)}\n{words}" if rows else ""


def _seeds_told(row: "Row", needed: int) -> str:
    """Return what a verdict that did not fall takes: "takes 7", "12", "12, against the claim"; else a dash."""
    from harness.report.verdict_words import leans_against, to_decide
    from harness.spec.claim_metrics import metric_named

    if row["verdict"] == "exploratory":
        return f"takes {needed * metric_named(row['metric']).seeds}"
    seeds = to_decide(row)
    return f"{seeds}{', against the claim' * leans_against(row)}" if seeds else "-"


def effects_tables(results: "Results") -> Iterator[str]:
    """Yield what each ingredient is worth, a table a block that ablates and metric."""
    from harness.report.labels import SHOWN_PHASES
    from harness.statistics.effect_table import ablated

    (study,) = results.studies.values()
    parts, phase = list(ablated(results, study.name)), SHOWN_PHASES[study.phases[-1]]
    ran = [one for one in parts if len(one.values)]
    if parts and not ran:
        yield f"effects: those of the trials {phase}, of which none has finished yet"
    for one in ran:
        yield _effects_table(one, phase)


def _effects_table(one: "Ablated", phase: str) -> str:
    from harness.report.effect_words import effect, helps, measured, reached, unit
    from harness.report.labels import EFFECT_KINDS
    from harness.report.verdict_words import p_told
    from harness.spec.ablation import UNNAMED
    from harness.statistics.effect_table import best_first
    from harness.statistics.factorial import effects

    measure, block = one.compared.measure, one.ablation.block
    lead = f"what each ingredient is worth{f' ({block})' * (block != UNNAMED)} in {measured(measure)}, {phase}"
    found = effects(one.values, one.ablation.names)
    if found["effect"].isna().all():
        return f"{lead}: not known ({reached(one.values) or 'seeds lost or missing'})"
    by_name, kinds = found.set_index(["kind", "factors"]), ("shapley", "main")
    rows = [
        [
            factor,
            *_joined((effect(row), p_told(row["p_adjusted"])) for row in (by_name.loc[(k, factor)] for k in kinds)),
        ]
        for factor in best_first(found, one.compared.lower_is_better)
    ]
    header = ["ingredient", *_joined((EFFECT_KINDS[kind], "adjusted p") for kind in kinds)]
    change = ", ".join(filter(None, ["with it minus without it", unit(measure)]))
    helped = helps(one.compared.lower_is_better)
    return (
        f"{lead}\n{table(header, rows)}\n"
        f"{change} (95 % t-interval over seeds); {helped}; adjusted: over the ingredients (Holm)"
    )


def _joined(parts: Iterable[tuple[str, str]]) -> Iterator[str]:
    return itertools.chain.from_iterable(parts)
