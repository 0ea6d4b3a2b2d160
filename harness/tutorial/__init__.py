"""The tutorial, computed: one module a section of `harness.spec.tutorial_sections`, whose `tables()` makes its tables.

Everything comes from the kernels, by hand or in small probes and short trainings; chance only by fixed seeds. Drawing
reads the tables and computes nothing.
"""

from importlib import import_module

import pandas as pd

from harness.spec.tutorial_sections import Section
from harness.training.threads import one_thread


def compute(section: Section) -> dict[str, pd.DataFrame]:
    """Return the tables of a section by name; none for a section that has no tables of its own."""
    if not section.computed:
        return {}
    module = import_module(f"{__name__}.section_{section.module}")
    with one_thread():
        made: dict[str, pd.DataFrame] = module.tables()
    return made
