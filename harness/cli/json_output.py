"""Tables for people or, by `--json`, for scripts: what a command's table holds and nothing else on standard output."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.text import table


def print_json(content: Any) -> None:
    """Print rows (a DataFrame, or mappings) as an array of objects, a mapping as an object; keys are column names.

    What JSON cannot say of a number (NaN, infinity) is null; a path is text.
    """
    print(json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False))


def print_rows(rows: Sequence[Mapping[str, Any]], json: bool) -> None:
    """Print rows, all with the same keys, as an aligned table or as JSON."""
    if json:
        print_json(rows)
    else:
        print(table(list(rows[0]), [["" if value is None else str(value) for value in row.values()] for row in rows]))


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):  # a DataFrame, for which alone pandas need not be imported
        return _plain(value.to_dict("records"))
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):  # a number of NumPy's
        value = value.item()
    if (isinstance(value, float) and not math.isfinite(value)) or type(value).__name__ == "NAType":
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
