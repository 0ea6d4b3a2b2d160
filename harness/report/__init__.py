"""The report: figures, tables and text, from a results folder alone."""

import os

# Matplotlib reads MPLBACKEND as it is imported, and refuses a backend that it does not know, such as a notebook's that
# a process has inherited. What is drawn here goes to files and needs none.
_backend = os.environ.pop("MPLBACKEND", None)
try:
    import matplotlib  # noqa: F401
finally:
    if _backend is not None:
        os.environ["MPLBACKEND"] = _backend
