"""The whole suite runs in a process a core, at most four; a part of it in the process that was started."""

import os

import pytest


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return min(os.cpu_count() or 1, 4) if whole else 0
