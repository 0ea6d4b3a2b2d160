"""What an arm is called, and what it may set."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from harness.spec.trial import Settings
from harness.spec.validation import Table, one_line, refusal, shown

NOTHING_IN_CSV = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Words that pandas reads as a missing value."""


def _not_nothing(text: str) -> str:
    if text in NOTHING_IN_CSV:
        raise refusal(
            f"found {shown(text)}, which a reader of trials.csv takes for a missing value; choose another name"
        )
    return text


LONGEST_NAME = 120  # letters
ArmName = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(one_line), AfterValidator(_not_nothing)
]


class Seedless(Table):
    """A table that cannot set `seed`, for a study counts its own seeds."""

    @model_validator(mode="before")
    @classmethod
    def _no_seed(cls, values: Any) -> Any:
        if isinstance(values, dict) and "seed" in values:
            raise refusal("seed: the seeds of a study come from its [seeds] table or --seeds")
        return values


class StudySettings(Settings, Seedless):
    """Some fields of a trial: the baseline of a study, or what an arm changes in it."""
