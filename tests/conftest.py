"""The whole suite runs in a process a core, at most four; a part of it in the process that was started."""

import importlib
import os
from types import ModuleType

import pytest
from xdist.scheduler import LoadScopeScheduling

from harness.spec.names import BACKENDS

TOGETHER = ("test_report", "test_figures", "test_forms", "test_coordinator_faults", "test_cluster", "test_same_weights")
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
        from harness.processes.executor import ProcessExecutor
        from harness.spec.trial import Trial
        from harness.sweep.progress import Progress
        from harness.sweep.workers.call import RUN_TRIAL
        from harness.sweep.workers.pool import Stop
        from harness.sweep.workers.warm_up import compile_kernels
        from harness.training import is_compiled

        if not is_compiled(Trial()):
            with ProcessExecutor(2, RUN_TRIAL) as executor:
                compile_kernels([Trial(dtype="float32"), Trial(dtype="float64")], executor, Stop(), Progress())


def _whole(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"kernels.{request.param}_backend")
