"""What an arm is called, and what it may set."""

from typing import Any

from pydantic import model_validator

from harness.spec.trial import Settings
from harness.spec.validation import CsvName, Table, refusal

ArmName = CsvName


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
