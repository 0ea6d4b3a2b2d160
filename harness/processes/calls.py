"""Functions by name, and what to say of one that raised."""

from importlib import import_module
from typing import Any


def function(name: str) -> Any:
    """Return the function ``module:name``."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def one_line(error: BaseException) -> str:
    """Return an exception as ``Type: message``, on one line of readable length."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= 500 else text[:499] + "…"
