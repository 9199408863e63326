"""What a reproduction consists of, read from a file. Imports nothing heavy."""

import dataclasses
import json
import os
import pathlib

from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.requests import RequestError
from fast_depth_style.training.settings import Settings, preset

_FILES = ("style", "content")
_NETWORKS = ("perceptual_network", "depth_network")


@dataclasses.dataclass(frozen=True)
class Group:
    """Runs on one painting, which are compared with each other.

    Attributes:
        name: Of the group; a file name.
        title: Of the painting.
        runs: {label: settings}; the first is the one without depth, with which
            the others are compared.
    """

    name: str
    title: str
    runs: dict[str, Settings]


@dataclasses.dataclass(frozen=True)
class Plan:
    """All runs, and how they are judged.

    Attributes:
        starts: {name: settings} of the runs that others begin with; theirs is
            the `initial_model` of a group's runs, which has the name.
        groups: One per painting.
        evaluation: What all evaluations have in common; `models`, `style` and
            `output` are empty.
        unseen_judge: Name of the depth network that no run was trained
            against, as the evaluation's metrics call it.
    """

    starts: dict[str, Settings]
    groups: tuple[Group, ...]
    evaluation: EvaluationSettings
    unseen_judge: str


def read_plan(
    path: str | os.PathLike, material: str | os.PathLike, **changes
) -> Plan:
    """Reads a plan.

    The file is JSON: `preset` and `settings` (of every run), `groups`
    ({name: {"title", "style", "runs": {label: settings of that run}}}),
    `evaluation` (fields of `EvaluationSettings`) and `unseen_judge`. Files in
    it are relative to `material`. Where runs are to begin with a trained
    network, `starts` ({name: settings}) has the run that trains it, and the
    group's `start` is its name.

    Args:
        path: The file.
        material: Folder that holds paintings, photos and weights.
        **changes: Settings of every run of a group that take the place of the
            file's; those that are None do not.

    Raises:
        RequestError: The file cannot be read, lacks something, or names a
            setting that there is not.
    """
    try:
        given = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise RequestError(
            f"{path} cannot be read ({error.strerror}): name the plan"
        ) from error
    except ValueError as error:
        raise RequestError(f"{path} is no JSON: {error}") from error
    root = pathlib.Path(material)
    changes = {k: v for k, v in changes.items() if v is not None}
    try:
        base = given.get("preset", "balanced")
        starts = {
            name: _settings(root, base, {**given["settings"], **own})
            for name, own in given.get("starts", {}).items()
        }
        groups = tuple(
            Group(
                name,
                group["title"],
                {
                    label: _settings(
                        root,
                        base,
                        {
                            **given["settings"],
                            "style": group["style"],
                            "initial_model": group.get("start", ""),
                            **own,
                            **changes,
                        },
                    )
                    for label, own in group["runs"].items()
                },
            )
            for name, group in given["groups"].items()
        )
        judged = dict(given["evaluation"])
        judged["depth_network"] = tuple(
            _below(root, spec) for spec in judged["depth_network"]
        )
        judged["perceptual_network"] = _below(
            root, judged["perceptual_network"]
        )
        for name in ("content", "rgbd"):
            if judged.get(name):
                judged[name] = str(root / judged[name])
        plan = Plan(
            starts,
            groups,
            EvaluationSettings(models=(), style="", output="", **judged),
            given["unseen_judge"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RequestError(f"{path} is no plan: {error}") from error
    for group in plan.groups:
        first = next(iter(group.runs.values()), None)
        if first is None or first.depth_network != "none":
            raise RequestError(
                f"{path}: the first run of {group.name} must be the one"
                " without depth (depth_network none)"
            )
        begun = {settings.initial_model for settings in group.runs.values()}
        unknown = begun - {"", *plan.starts}
        if unknown:
            raise RequestError(
                f"{path}: the start of {group.name}, {min(unknown)!r}, is none"
                " of its starts"
            )
    return plan


def _settings(root, name, values):
    values = dict(values)
    for field in _FILES:
        if field in values and not values[field].startswith("tfds:"):
            values[field] = str(root / values[field])
    for field in _NETWORKS:
        if field in values:  # Else it is the preset's.
            values[field] = _below(root, values[field])
    if "style_layers" in values:
        values["style_layers"] = tuple(values["style_layers"])
    return preset(name, **values)


def _below(root, spec):
    """A network `KIND:FILE` with its file below the root; others as given."""
    if "," in spec:
        return ",".join(_below(root, part) for part in spec.split(","))
    kind, separator, file = spec.partition(":")
    if not separator or "://" in file:
        return spec
    return f"{kind}:{root / file}"
