"""Where the harness keeps what it can make again: decoded datasets and downloads, beside the compiled kernels."""

from kernels.cache import cache_root

__all__ = ["cache_root"]
