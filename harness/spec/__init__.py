"""What is to be run: TOML in, frozen and validated trials and studies out."""

from harness.spec.cells import Cell, Winner, confirm_cells, first_cells, winners
from harness.spec.shipped import study_names
from harness.spec.study import Arm, Study, load_study, settings_of, study_from_record, study_from_table
from harness.spec.trial import Trial, parameter_count, parse_set, trial_from, trial_id

__all__ = [
    "Arm",
    "Cell",
    "Study",
    "Trial",
    "Winner",
    "confirm_cells",
    "first_cells",
    "load_study",
    "parameter_count",
    "parse_set",
    "settings_of",
    "study_from_record",
    "study_from_table",
    "study_names",
    "trial_from",
    "trial_id",
    "winners",
]
