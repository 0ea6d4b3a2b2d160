"""What became of the tutorial's claims, from the verdicts.csv of the studies in a results folder."""

import hashlib
from collections import Counter
from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.report.verdict_words import ORDER
from harness.results.files import study_folders
from harness.spec.tutorial_sections import Section, claims_of

COLUMNS = ["study", "id", "verdict", "text"]
VERDICTS = "verdicts.csv"


def read_verdicts(results: Path) -> pd.DataFrame:
    """Return study, id, verdict and text of every verdict of the studies there, as text."""
    paths = [folder / VERDICTS for folder in study_folders(results)]
    try:
        found = [pd.read_csv(path, dtype=str, keep_default_na=False)[COLUMNS] for path in paths if path.is_file()]
    except (ValueError, KeyError, OSError) as error:
        raise InputError(f"results folder {results}: a {VERDICTS} is damaged ({error})") from None
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def verdicts_digest(results: Path) -> str:
    """Return 16 hex digits for what the page reads of them."""
    return hashlib.sha256(read_verdicts(results).to_csv(index=False).encode()).hexdigest()[:16]


def claims_table(section: Section, verdicts: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return (study, claim, what became of it) for each claim of a section, by ids; for people, a study a group."""
    return [
        (study, claim, _spoken(verdicts[(verdicts["study"] == study) & (verdicts["id"] == claim)]))
        for study, claims in claims_of(section).items()
        for claim in claims
    ]


def _spoken(verdicts: pd.DataFrame) -> str:
    """Return what became of one claim: its verdict, or how often which where it has several."""
    counts = Counter(verdicts["verdict"])
    if len(counts) == 1:
        return str(next(iter(counts)))
    told = [f"{verdict} {counts[verdict]} of {len(verdicts)}" for verdict in ORDER if counts[verdict]]
    return ", ".join(told) or "not judged here"
