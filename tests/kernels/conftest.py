"""Both backends, and small networks to drive them through."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for small_networks, which the script beside it uses too
import small_networks
from small_networks import Setting


@pytest.fixture(scope="session")
def setting() -> Callable[..., Setting]:
    """Return a function that makes the same setting for the same arguments."""
    return small_networks.setting


@pytest.fixture(scope="session")
def gradient(backend: ModuleType) -> Callable[..., tuple[float, Any]]:
    """Return a function: a setting and rows of its images → the mean loss and its gradients (P,)."""
    return partial(small_networks.gradient, backend)


@pytest.fixture(scope="session")
def steps(backend: ModuleType) -> Callable[..., tuple[int, Any]]:
    """Return a function that trains on rows, batch by batch → the batches taken and their losses."""
    return partial(small_networks.steps, backend)
