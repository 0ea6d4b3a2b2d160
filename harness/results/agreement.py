"""Two records of one trial: do they say the same, and were they made on the same kind of machine?"""

import json
from collections.abc import Mapping
from typing import Any

from harness.results.journal import Record, encode
from harness.spec.probes import PROBES

NO_RESULT = {"schema", "trial_id", "trial", "reason", "seconds", "code_digest", "counts_as", "environment"}
"""What a record holds beside its results; of `reason`, only the wording may change."""
KIND = ("cpu", "machine", "sparse_below", "variables")
PACKAGES = ("numpy", "numba", "llvmlite")
"""What the last bits of a result depend on."""


def difference(before: Record, now: Record) -> str:
    """Return how two records of a trial differ, "" when they do not.

    Compared are the status, the weights, and every figure that both records have, exactly; times are none of them.
    """
    before, now = (_untimed(json.loads(encode(record))) for record in (before, now))
    if _ending(before) != _ending(now):
        return f"{_ending(before)} before, {_ending(now)} now"
    if before.get("weights_sha256") != now.get("weights_sha256"):
        return "other weights"
    common = (before.keys() & now.keys()) - NO_RESULT
    differing = sorted(name for name in common if not _agree(name, before[name], now[name]))
    lead = "the same weights, but other figures" if "weights_sha256" in before else "other figures"
    return f"{lead}: {', '.join(differing)}" if differing else ""


def _untimed(record: Record) -> Record:
    """Leave out the metrics of a probe that no run gives again."""
    probe = record.get("trial", {}).get("probe")
    if probe not in PROBES or "metrics" not in record:
        return record
    return record | {"metrics": {k: v for k, v in record["metrics"].items() if k not in PROBES[probe].TIMED}}


def _ending(record: Record) -> str:
    epoch = record.get("diverged_epoch")
    return record["status"] if epoch is None else f"{record['status']} in epoch {epoch}"


def _agree(name: str, before: Any, now: Any) -> bool:
    if name == "curve":
        return len(before) == len(now) and all(map(_common_agree, before, now))
    if name == "layers":
        return _common_agree(_by_place(before), _by_place(now))
    return before == now


def _by_place(layers: list[dict[str, Any]]) -> dict[Any, Any]:
    return {(row["epoch"], row["layer"], row["metric"]): row["value"] for row in layers}


def _common_agree(before: Mapping[Any, Any], now: Mapping[Any, Any]) -> bool:
    return all(before[key] == now[key] for key in (before.keys() & now.keys()) - {"seconds"})


def other_machine(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return in what two environments differ on which last bits may depend, "" for the same kind of machine."""
    if not before:
        return "a machine that is not known"
    names = [*KIND, *({"kind"} & before.keys() & now.keys())]  # environments of earlier versions have none
    differing = [(name, before.get(name), now.get(name)) for name in names]
    differing += [(name, before.get("versions", {}).get(name), now["versions"].get(name)) for name in PACKAGES]
    return ", ".join(f"{name} {old}, here {new}" for name, old, new in differing if old != new)
