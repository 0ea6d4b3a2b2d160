"""Short names for figures: what an arm that the study left unnamed is about, without its field names."""

from typing import Any

from harness.spec.arms import arm_name
from harness.spec.study import Study


def arm_labels(study: Study) -> dict[str, str]:
    """Return a label for each arm, no two alike: its own name, or "tanh · xavier_normal" for an unnamed one."""
    names = [arm.name for arm in study.arms]
    labels = [short(arm.settings) if arm.name == arm_name(arm.settings) else arm.name for arm in study.arms]
    return dict(zip(names, labels if len(set(labels)) == len(labels) else names, strict=True))


def drawable(label: object, room: int = 30) -> str:
    """Return a label that a figure has room for: of a longer one the beginning and the end."""
    text = str(label)
    return text if len(text) <= room else f"{text[: room - 12]}…{text[-11:]}"


def short(settings: dict[str, Any]) -> str:
    """Return what an arm changes, in a few words."""
    return " · ".join(_word(field, value) for field, value in sorted(settings.items()))


def _word(field: str, value: Any) -> str:
    spoken = field.replace("_", " ")
    if field == "hidden":
        return f"hidden {widths(value)}" if value else widths(value)
    if field == "train_size":
        return "all images" if value is None else f"{value:,} images"
    if isinstance(value, bool):
        return spoken if value else f"no {spoken}"
    if isinstance(value, str):
        return f"no {spoken}" if value == "none" else value
    return f"{spoken} {value:g}" if isinstance(value, int | float) else f"{spoken} {value}".lower()


def widths(hidden: tuple[int, ...]) -> str:
    """Return "64-32" or, for three layers and more of one width, "3 × 64"."""
    if len(hidden) > 2 and len(set(hidden)) == 1:
        return f"{len(hidden)} × {hidden[0]}"
    return "-".join(map(str, hidden)) or "no hidden layer"
