"""A Dask cluster on this machine, started as a user would: `dask scheduler` and two times `dask worker`."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DASK = str(Path(sys.executable).parent / "dask")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """`workers` are the processes that run trials, or, with `nanny`, those that start them again when they die."""

    def __init__(self, folder, nanny=False):
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder = folder
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        kind = "--nanny" if nanny else "--no-nanny"
        self.workers = [
            self._start("worker", self.address, "--nthreads", "1", "--no-dashboard", kind) for _ in range(2)
        ]

    def _start(self, *arguments):
        path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
        environment = os.environ | {
            "PYTHONPATH": path,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",  # a poison trial is found out after two workers
        }
        return subprocess.Popen(
            [DASK, *arguments],
            env=environment,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self):
        for process in (*self.workers, self.scheduler):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
