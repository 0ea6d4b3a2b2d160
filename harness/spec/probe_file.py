"""The grammar of a study that probes: that of any study, with a probe's parameters in place of a trial's fields."""

from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, create_model

from harness.errors import InputError
from harness.spec.arm_settings import ArmName, Seedless
from harness.spec.figures import Vocabulary
from harness.spec.names import Profile
from harness.spec.probe import Probe
from harness.spec.probes import find_probe
from harness.spec.schema import AnyProfile, AnyStudyFile, Block, StudyFile, lists_of
from harness.spec.validation import as_tuple, refusal

OF_A_TRAINING = ("baseline", "tune")
OF_A_PROBE = ("probe", "parameters")
FORMS = {"strip": ("y",), "response": ("x", "y"), "curves": ("x", "y"), "heatmap": ("x", "y", "colour"), "forest": ()}
"""What is drawn of a probe, with the keys that a figure cannot do without: a probe's metrics have no default."""


def grammar(table: dict[str, Any], where: str) -> type[AnyStudyFile]:
    """Return the grammar that the tables of a study file follow.

    Raises InputError for an unknown probe, and for tables that only the other kind of study has.
    """
    probes = table.get("kind") == "probe"
    for key in OF_A_TRAINING if probes else OF_A_PROBE:
        if key in table:
            hint = "a study that probes has [parameters] and tunes nothing" if probes else 'read where kind = "probe"'
            raise InputError(f"{where}: {key}: {hint}")
    return file_of(find_probe(table.get("probe"), where)) if probes else StudyFile


def grammar_of(probe: str | None, where: str) -> type[AnyStudyFile]:
    """Return the grammar of the studies of a probe, or for None of those that train."""
    return StudyFile if probe is None else file_of(find_probe(probe, where))


class _Profile(AnyProfile):
    parameters: Any

    def start(self) -> dict[str, Any]:
        return self.parameters.given()


class _File(AnyStudyFile):
    probe: str
    parameters: Any

    def start(self) -> dict[str, Any]:
        return {"probe": self.probe} | self.parameters.given()


def _not_ablated(_: Any) -> Any:
    raise refusal("read where a study trains; of a probe, grid has all combinations")


@cache
def file_of(probe: type[Probe]) -> type[AnyStudyFile]:
    """Return the grammar of the studies of a probe."""
    own: Any = {name: (probe.model_fields[name].annotation, probe.model_fields[name]) for name in probe.parameters()}
    settings: Any = create_model("Parameters", __base__=Seedless, **own)
    lists: Any = (lists_of(settings, own) | None, None)
    block: Any = create_model(
        "ProbeBlock",
        __base__=Block,
        arms=(Annotated[dict[ArmName, settings], Field(min_length=1)] | None, None),
        grid=lists,
        zip=lists,
        one_at_a_time=lists,
        ablate=(Annotated[Any, BeforeValidator(_not_ablated)], None),
    )
    profile: Any = create_model("ProbeProfile", __base__=_Profile, parameters=(settings, settings()))
    file: Any = create_model(
        "ProbeFile",
        __base__=_File,
        parameters=(settings, settings()),
        blocks=(Annotated[tuple[block, ...], as_tuple], ()),
        profiles=(dict[Profile, profile], {}),
    )
    file.settings, file.vocabulary = settings, vocabulary(settings, probe)
    return file


def vocabulary(settings: Any, probe: type[Probe]) -> Vocabulary:
    """Return what figures and claims of a probe may name."""
    own = probe.parameters()
    of_arms = (*own, "arm", "block")
    metrics = (*probe.METRICS, "lost", "seconds")
    return Vocabulary(settings, own, of_arms, of_arms, metrics, probe.ROWS, (), probe.ROWS, FORMS)
