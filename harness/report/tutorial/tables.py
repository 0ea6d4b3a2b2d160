"""Tables of the tutorial as cells of text, for the terminal and the page alike."""

import pandas as pd

DIGITS = 8


def heading(name: str) -> str:
    """Return the name of a table as words."""
    return name[0].upper() + name[1:].replace("_", " ")


def cells(table: pd.DataFrame) -> list[list[str]]:
    """Return the rows of a table as texts; a float in eight digits at most, a missing one as a dash.

    Worked numbers are text already, with all their digits.
    """
    return [[_cell(value) for value in row] for row in table.itertuples(index=False)]


def flush_right(table: pd.DataFrame) -> list[bool]:
    """Tell for each column whether it holds numbers and nothing else, also where they are kept as text."""
    return [bool(pd.to_numeric(table[column], errors="coerce").notna().all()) for column in table.columns]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.{DIGITS}g}"
    return str(value)
