"""What is told of the place where a trial ran."""

import json
import os
import subprocess
import sys

from harness.processes.executor import THREAD_VARIABLES


def test_variables_that_change_results_or_speed_are_told():
    script = "import json; from harness.sweep.workers.environment import capture; print(json.dumps(capture()))"
    chosen = {"OMP_SCHEDULE": "static", "NUMBA_OPT": "2", "NUMBA_CACHE_DIR": "/tmp", "OMP_NUM_THREADS": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "NUMBA_", "OPENBLAS_"))}
    done = subprocess.run([sys.executable, "-c", script], env=kept | chosen, capture_output=True, text=True)
    environment = json.loads(done.stdout)
    assert environment["variables"] == {"NUMBA_OPT": "2", "OMP_SCHEDULE": "static"}
    assert environment["threads"].keys() == THREAD_VARIABLES.keys()
