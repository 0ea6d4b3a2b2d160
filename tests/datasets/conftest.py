"""IDX files made on the spot: a tiny dataset of two classes, whole or spoilt."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.datasets.catalog import STEMS
from harness.datasets.idx import idx_header


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, so that no test sees what another one left."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def idx_bytes(array: np.ndarray) -> bytes:
    return idx_header(array.shape) + array.tobytes()


@pytest.fixture
def tiny() -> dict[str, np.ndarray]:
    """Six training and four test images of 3 × 2 pixels, labels 0 and 1."""
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (6, 3, 2), np.uint8),
        "train_labels": np.array([0, 1, 0, 1, 0, 1], np.uint8),
        "test_images": rng.integers(0, 256, (4, 3, 2), np.uint8),
        "test_labels": np.array([1, 0, 1, 0], np.uint8),
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write the arrays of a dataset into a folder of this name, raw or gzipped, and return the folder."""

    def write_files(arrays: dict[str, np.ndarray], name: str = "tiny", gzipped: bool = False) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for part, array in arrays.items():
            raw = idx_bytes(array)
            path = folder / (STEMS[part] + ".gz" * gzipped)
            path.write_bytes(gzip.compress(raw) if gzipped else raw)
        return folder

    return write_files
