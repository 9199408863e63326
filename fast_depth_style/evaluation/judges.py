"""Depth networks as judges, and their relation to the teachers."""

from collections.abc import Sequence
from dataclasses import dataclass

from fast_depth_style.errors import RequestError
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.registry import depth_network

_KINDS = ("hub", "fast_depth", "fcrn", "compact")
_RELATED = {"fast_depth", "compact"}
"""The compact network was distilled partly from FastDepth."""


@dataclass(frozen=True)
class Judge:
    """A depth network that judges.

    `name` stands in the names of metrics, such as "compact" or "hub-2"; `spec`
    is its name on the command line. `relation` is "teacher" if the models were
    trained against it, "related" if it was distilled from a teacher or the
    other way round, "independent", or "" where nobody said who taught.
    """

    name: str
    spec: str
    estimator: DepthEstimator
    relation: str = ""

    @property
    def title(self) -> str:
        """Name and relation."""
        return f"{self.name}, {self.relation}" if self.relation else self.name


def load_judges(specs: Sequence[str], teachers: Sequence[str]) -> list[Judge]:
    """Loads the judges by their names on the command line.

    `teachers` are those that taught: ("none",) if none did, () where that is
    not known.

    Raises:
        RequestError: There is no judge, one cannot be loaded, or a teacher is
            of no known kind.
    """
    for spec in teachers:
        if _kind(spec) not in (*_KINDS, "none"):
            raise RequestError(
                f"--teachers={spec}: name {', '.join(_KINDS)} or none"
            )
    if not specs:
        raise RequestError("--depth_network= names no judge: name one")
    judges: list[Judge] = []
    for spec in specs:
        estimator = depth_network(spec)
        if estimator is None:
            raise RequestError(
                "--depth_network=none judges nothing: name a depth network"
            )
        name = _kind(spec)
        same = sum(_kind(judge.spec) == name for judge in judges)
        name += f"-{same + 1}" if same else ""
        judges.append(Judge(name, spec, estimator, relation_to(spec, teachers)))
    return judges


def relation_to(spec: str, teachers: Sequence[str]) -> str:
    """Relation of a judge to the teachers; see `Judge.relation`."""
    taught = {_network(teacher) for teacher in teachers}
    if not taught:
        return ""
    if _network(spec) in taught:
        return "teacher"
    if _network(spec) in _RELATED and taught & _RELATED:
        return "related"
    return "independent"


def _kind(spec: str) -> str:
    return spec.partition(":")[0]


def _network(spec: str) -> str:
    """Network of a spec, without its file."""
    return spec if _kind(spec) == "hub" else _kind(spec)
