"""Where the harness keeps what it can make again: decoded datasets, downloads, compiled kernels."""

import os
from pathlib import Path

from platformdirs import user_cache_dir


def cache_root() -> Path:
    """Return the folder named by the environment variable ``HARNESS_CACHE``, else the user's cache folder.

    The folder need not exist, nor be writable: whoever stores something there works without it as well.
    """
    chosen = os.environ.get("HARNESS_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("ablation-harness", appauthor=False))
