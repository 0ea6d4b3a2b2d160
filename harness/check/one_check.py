"""One check: a measured error beside its bound."""

from typing import NamedTuple


class Check(NamedTuple):
    """One measured error beside the bound that it must not pass."""

    kernel: str  # or what is checked as a whole: a network, a trial
    backend: str
    dtype: str
    shape: str
    check: str
    error: float
    bound: float
    note: str = ""  # what is wrong, where there was nothing to measure

    def __str__(self) -> str:
        if self.note:
            return f"{self.kernel} ({self.backend}): {self.note}"
        where = f"{self.kernel} ({self.backend}, {self.dtype}, {self.shape})"
        return f"{where}: {self.check} {self.error:.3g}, allowed {self.bound:g}"

    @property
    def good(self) -> bool:
        """Tell whether the error is within the bound; NaN is not."""
        return self.error <= self.bound

    @property
    def share(self) -> float:
        """Return the error as a share of the bound: above 1 where the check fails."""
        return self.error / self.bound if self.bound > 0 else (0.0 if self.error == 0 else float("inf"))
