"""Where a trial ran: versions, machine, threads, commit. A record carries the digest, environment.json the rest."""

import hashlib
import json
import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import harness
from harness.processes.executor import THREAD_VARIABLES, cores

PACKAGES = ("ablation-harness", "numpy", "numba", "llvmlite", "scipy")

LIBRARIES = re.compile(r"(NUMBA|OPENBLAS|OMP|MKL|BLIS)_\w+")
PLACES = re.compile(r"\w+_(DIR|PATH|ROOT)")


@cache
def capture() -> dict[str, Any]:
    """Return this process's environment, JSON-able; `load` is the load average when it was captured first."""
    from harness.training.setup import sparse_below  # which imports NumPy: not before the variables above are set

    return {
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": cpu_model(),
        "kind": cpu_kind(),
        "cores": cores(),
        "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES},
        "variables": _variables(),
        "sparse_below": sparse_below(),
        **_commit(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def environment_digest(environment: dict[str, Any]) -> str:
    """Return 16 hex digits for all but the load, which differs every time."""
    lasting = {name: value for name, value in environment.items() if name != "load"}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:16]


def cpu_model() -> str:
    """Return the processor's name."""
    return _cpuinfo().get("model name") or platform.processor() or "unknown"


def cpu_kind() -> str | None:
    """Return what tells processors apart whose names are alike, as those of virtual machines are; None off Linux."""
    found = [_cpuinfo().get(key) for key in ("cpu family", "model", "stepping")]
    return "/".join(map(str, found)) if any(found) else None


@cache
def _cpuinfo() -> dict[str, str]:
    """Return what the system says of the first processor."""
    try:
        first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def _variables() -> dict[str, str]:
    """Return the other variables that change what Numba and the matrix libraries compute, or how fast."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if LIBRARIES.fullmatch(name) and not PLACES.fullmatch(name) and name not in THREAD_VARIABLES
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> dict[str, Any]:
    """Return the commit these sources are checked out at, and whether they differ from it; None outside of git."""
    here = Path(harness.__file__).parent
    tracked = _git(here, "ls-files", "--error-unmatch", "errors.py")  # not just any repository around a venv
    if tracked is None:
        return {"commit": None, "dirty": None}
    changes = _git(here, "status", "--porcelain", "--untracked-files=no", "--", ".", "../kernels")
    return {"commit": _git(here, "rev-parse", "HEAD"), "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
