"""Are two machines alike, so that the time that a training takes on them can be compared?"""

from collections.abc import Mapping
from typing import Any

PROCESSOR = ("cpu", "kind")
OTHERS = ("machine", "cores", "python", "threads", "variables", "sparse_below")
"""What else of an environment (see `harness.sweep.workers.environment`) makes a training faster or slower."""
OWN = "ablation-harness"
"""Its version is what may be compared."""


def unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Return in what two environments differ, in words; nothing for like machines.

    What only one of them records (an older version knew less) is no difference, but for the processor: one of which
    nothing is known is like no other.
    """
    if not (a.get("cpu") and b.get("cpu")):
        return ["processor not known"]
    flat = [_flat(environment) for environment in (a, b)]
    pairs = {name: (flat[0].get(name), flat[1].get(name)) for name in flat[0] | flat[1]}
    return [
        f"{name} {_shown(old)} -> {_shown(new)}"
        for name, (old, new) in pairs.items()
        if old != new and (name in PROCESSOR or None not in (old, new))
    ]


def _flat(environment: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: environment[name] for name in (*PROCESSOR, *OTHERS) if name in environment}
    found |= {name: known for name, known in environment.get("versions", {}).items() if name != OWN}
    return found | {"system": str(environment.get("system", "")).partition(" ")[0]}  # not the version of the kernel


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={word}" for name, word in value.items()) or "none"
    return "unknown" if value is None else str(value)
