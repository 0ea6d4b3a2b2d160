"""What a worker runs: a training or a probe, told apart by their fields."""

from typing import Any

from harness import probes, training


def run(fields: dict[str, Any]) -> dict[str, Any]:
    """Run what these fields are of and return its record; all values are plain JSON."""
    return probes.run_probe(fields) if "probe" in fields else training.run_trial(fields)
