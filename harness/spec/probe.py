"""What every probe has: a measurement that is not a training run, given by its name, its parameters and a seed."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from harness.spec.validation import Table


class Probe(Table):
    """One run of a probe; each probe is a subclass that names itself in `probe` and adds its parameters as fields.

    A parameter has a default, and two probes may give one name to different things. `METRICS` are the numbers that a
    run returns, `ROWS` the columns of the frame beside them, the first of which orders it. Metrics that are `TIMED`
    depend on the machine at the moment, so that no run gives them again. Of a probe `WITHOUT_CHANCE` the seed changes
    nothing: one seed is as good as many.
    """

    METRICS: ClassVar[tuple[str, ...]] = ()
    ROWS: ClassVar[tuple[str, ...]] = ()
    TIMED: ClassVar[tuple[str, ...]] = ()
    WITHOUT_CHANCE: ClassVar[bool] = False

    probe: str
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Return the names of the parameters."""
        return tuple(name for name in cls.model_fields if name not in Probe.model_fields)

    @property
    def source(self) -> str | None:
        """The dataset that it reads, if it reads one."""
        return getattr(self, "dataset", None)

    @property
    def code(self) -> str:
        """What computes it, as code digests are kept."""
        return "probe"

    def canonical(self) -> dict[str, Any]:
        """Return its name and what sets it apart from a run with the defaults, sorted; the dataset's content counts
        in its id, not the name (see `harness.spec.trial.trial_id`)."""
        apart = {
            name: _json(value)
            for name, value in sorted(self.__dict__.items())
            if name not in ("probe", "dataset") and value != type(self).model_fields[name].default
        }
        return {"probe": self.probe} | apart


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
