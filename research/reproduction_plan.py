"""Which runs a reproduction consists of, read from a JSON file.

    {
      "preset": "balanced",
      "settings": {…},                  of every run
      "starts": {NAME: {…}},            runs from whose network others start
      "groups": {NAME: {
        "style": …, "start": NAME,
        "runs": {"none": {"depth_network": "none"}, LABEL: {…}}
      }},
      "evaluation": {…}                 fields of EvaluationSettings
    }

Files in it are relative to the folder of the material.
"""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.training.settings import TrainingSettings, preset


class Plan(NamedTuple):
    """All runs, and how they are evaluated."""

    starts: dict[str, TrainingSettings]
    """Runs that others start from; their `initial_model` is the name."""

    groups: dict[str, dict[str, TrainingSettings]]
    """{painting: {label: settings}}; the first run is without depth."""

    evaluation: EvaluationSettings
    """What all evaluations share; `models`, `style` and `output` are empty."""


def read_plan(
    path: str | os.PathLike[str], material: str | os.PathLike[str]
) -> Plan:
    """Reads a plan.

    Args:
        path: The file.
        material: Folder that holds paintings, photos and weights.

    Raises:
        RequestError: The file cannot be read, lacks something, or names a
            setting that there is not.
    """
    root = pathlib.Path(material)
    try:
        given = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        plan = _plan(root, given)
    except OSError as error:
        raise RequestError(
            f"--plan={path} cannot be read ({error.strerror})"
        ) from error
    except json.JSONDecodeError as error:
        raise RequestError(f"--plan={path} is no JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise RequestError(f"--plan={path} is no plan: {error}") from error
    for name, runs in plan.groups.items():
        first = next(iter(runs.values()), None)
        if first is None or first.depth_network != "none":
            raise RequestError(
                f"--plan={path}: the first run of {name} must be the one"
                " without depth (depth_network none)"
            )
        starts = {run.initial_model for run in runs.values()}
        unknown = starts - {"", *plan.starts}
        if unknown:
            raise RequestError(
                f"--plan={path}: {name} starts from {min(unknown)}, which is"
                " none of its starts"
            )
    return plan


def _plan(root: pathlib.Path, given: Mapping[str, Any]) -> Plan:
    name, shared = given.get("preset", "balanced"), given["settings"]

    def settings(own: Mapping[str, Any]) -> TrainingSettings:
        return preset(name, **_below(root, {**shared, **own}))

    groups = {}
    for key, group in given["groups"].items():
        common = {
            "style": group["style"],
            "initial_model": group.get("start", ""),
        }
        runs = group["runs"].items()
        groups[key] = {k: settings({**common, **v}) for k, v in runs}
    return Plan(
        {k: settings(v) for k, v in given.get("starts", {}).items()},
        groups,
        EvaluationSettings(
            models=(), style="", output="", **_below(root, given["evaluation"])
        ),
    )


def _below(root: pathlib.Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with files put below the root, and lists made tuples."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        is_file = name in ("style", "content", "rgbd")
        if is_file and not value.startswith("tfds:"):
            value = str(root / value)
        elif name in ("perceptual_network", "depth_network", "teachers"):
            if isinstance(value, str):
                parts = value.split(",")
                value = ",".join(_network(root, part) for part in parts)
            else:
                value = [_network(root, part) for part in value]
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _network(root: pathlib.Path, spec: str) -> str:
    """A network `KIND:FILE` with its file below the root; others as given."""
    kind, separator, file = spec.partition(":")
    return f"{kind}:{root / file}" if separator and "://" not in file else spec
