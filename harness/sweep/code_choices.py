"""Which of a run's settings choose the code that it runs."""

from typing import Any

from harness.spec.probes import Run


def code_choices(run: Run) -> set[tuple[str, Any]]:
    """Return every setting that is a word or a switch (activation, optimizer, a full batch, the probe, …), with its
    value, and every number that switches something on (l2, …), as "on".
    """
    found: set[tuple[str, Any]] = set()
    for name, field in type(run).model_fields.items():
        value = getattr(run, name)
        if isinstance(value, str | bool):
            found.add((name, value))
        elif name != "seed" and not isinstance(value, tuple) and not field.default and value:
            found.add((name, "on"))
    return found
