"""The effects of the ablations of whole results folders: effects.csv as a frame, computed from the trials."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from harness.results.frames import Results
from harness.spec.ablation import Ablation
from harness.spec.claim_metrics import metric_named
from harness.spec.figures import TIME_TO_TARGET, FigureTable, ablated_block
from harness.spec.schema import EFFECTS_COLUMNS
from harness.spec.study import Study
from harness.statistics import factorial
from harness.statistics.claim_values import Measure, claim_values
from harness.statistics.tables import COMPARED, Compared, compared_metrics, metric_name


class Ablated(NamedTuple):
    """The trials of an ablate block in the final phase, by one metric."""

    ablation: Ablation
    metric: str
    compared: Compared
    values: pd.DataFrame  # `seed, arm, value, lost, missed`, and a column of booleans for each factor


def effects(results: Results) -> pd.DataFrame:
    """Return a row per study × block × metric × kind × factor, or pair of factors, in the final phase.

    The rest is what `factorial.effects` tells, with Holm's adjustment within block, metric and kind. `block` is
    "ablate" for a block without a name; `factors` of an interaction are joined by " + ". The metrics are the test
    error and those that claims, and figures of these effects, name. There is no row before that phase has a trial: of a
    study that tunes, the arms as written are worth something else.
    """
    parts = [
        factorial.effects(one.values, one.ablation.names).assign(
            study=name, block=one.ablation.block, metric=one.metric
        )
        for name in results.studies
        for one in ablated(results, name)
        if len(one.values)
    ]
    return pd.concat(parts or [pd.DataFrame()]).reindex(columns=list(EFFECTS_COLUMNS)).reset_index(drop=True)


def ablated(results: Results, name: str) -> Iterator[Ablated]:
    """Yield what the ablations of a study are judged by, without values where the final phase has no trial yet.

    Lost seeds and misses count as `claim_values` has them.
    """
    study = results.studies[name]
    for ablation in study.ablations:
        has = pd.DataFrame.from_dict(ablation.arms, orient="index", columns=list(ablation.names))
        for metric, compared in _metrics(study, ablation).items():
            values = claim_values(results, name, compared.measure, study.phases[-1], [(arm,) for arm in ablation.arms])
            yield Ablated(ablation, metric, compared, values.join(has, on="arm"))


def best_first(table: pd.DataFrame, lower_is_better: bool) -> list[str]:
    """Return the factors of what `factorial.effects` returns by their Shapley values; unknown ones last."""
    worth = table[table["kind"] == "shapley"].set_index("factors")["effect"]
    return worth.sort_values(ascending=lower_is_better, kind="stable", na_position="last").index.tolist()


def _metrics(study: Study, ablation: Ablation) -> dict[str, Compared]:
    """Return the metrics of an ablation's effects by name."""
    found = compared_metrics(study)
    for figure in study.figures:
        for measure in measures_of(figure) if figure.form == "effects" and block_of(figure, study) == ablation else ():
            if measure not in [compared.measure for compared in found.values()]:
                name = metric_name(measure) if measure.metric in found else measure.metric
                found[name] = Compared(measure, metric_named(measure.metric).lower_is_better is not False)
    return found


def block_of(figure: FigureTable, study: Study) -> Ablation:
    """Return the ablation whose effects a figure draws."""
    ablations = {ablation.block: ablation for ablation in study.ablations}
    return ablations[ablated_block(figure, list(ablations))]


def measures_of(figure: FigureTable) -> tuple[Measure, ...]:
    """Return what a figure of effects measures them by, a panel each."""
    timed = Measure(TIME_TO_TARGET, figure.target, "val_accuracy", figure.x or "epochs")
    return tuple(timed if metric == TIME_TO_TARGET else Measure(metric) for metric in figure.y or (COMPARED,))
