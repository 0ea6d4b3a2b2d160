"""What `harness run` does, for the study and the work of these tests: ``sweep_driver.py RESULTS [options]``."""

import argparse
import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from sweep_study import make_study, work

from harness.errors import HarnessError
from harness.sweep.progress import progress_display
from harness.sweep.runner import run_studies
from harness.sweep.workers import dask_cluster as cluster


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--work", default="steady")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scheduler")
    parser.add_argument("--connect-limit", type=float, default=cluster.CONNECT_LIMIT)
    parser.add_argument("--largest-file", type=int)
    chosen = parser.parse_args()
    if chosen.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (chosen.largest_file, chosen.largest_file))
    cluster.CONNECT_LIMIT = chosen.connect_limit
    study = make_study(pause=chosen.pause, seeds=chosen.seeds)
    try:
        summary = run_studies(
            [study],
            chosen.results,
            chosen.jobs,
            scheduler=chosen.scheduler,
            progress=progress_display(),
            work=work(chosen.work),
        )
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    sys.stderr.write(json.dumps(asdict(summary)) + "\n")
    return 128 + summary.signal if summary.signal else min(summary.failed, 1)


if __name__ == "__main__":
    sys.exit(main())
