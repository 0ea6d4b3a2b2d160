"""The whole suite runs in a process a core, at most four; a part of it in the process that was started."""

import os
from concurrent.futures import wait

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("test_report", "test_figures", "test_coordinator_faults", "test_cluster", "test_same_weights")
"""Files whose tests share what is costly to make: each file is for one process, and these come first."""


class _Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(tuple(f"/{name}.py" for name in TOGETHER)) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return _Scheduling(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return min(os.cpu_count() or 1, 4) if _whole(config) else 0


def pytest_configure(config: pytest.Config) -> None:
    """Compile a dtype in each of two processes that then go, instead of both in every process of the suite."""
    if _whole(config) and not hasattr(config, "workerinput"):
        from harness.spec.trial import Trial
        from harness.sweep.execute import RUN_TRIAL, execute
        from harness.sweep.processes import ProcessExecutor
        from harness.sweep.warm_up import tiny_trials
        from harness.training import is_compiled

        if not is_compiled(Trial()):
            tiny = tiny_trials([Trial(dtype="float32"), Trial(dtype="float64")])
            with ProcessExecutor(len(tiny), RUN_TRIAL) as executor:
                wait([executor.submit(execute, RUN_TRIAL, trial.model_dump(mode="json")) for trial in tiny])


def _whole(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS
