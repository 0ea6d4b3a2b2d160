"""Where everything that can be made again is kept: compiled kernels, and what the harness decodes or downloads.

The rule stands here because kernels import nothing of the project; the harness has it from `harness.cache`.
"""

import os
from pathlib import Path

from platformdirs import user_cache_dir


def cache_root() -> Path:
    """Return the folder named by the environment variable ``HARNESS_CACHE``, else the user's cache folder.

    The folder need not exist, nor be writable: whoever stores something there works without it as well.
    """
    chosen = os.environ.get("HARNESS_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("ablation-harness", appauthor=False))
