"""Reads settings, network and card of a training run.

Where there is no run, or none that can be read, a `RequestError` says so.
"""

import os
import pathlib
import time
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import shipped_card, shipped_folder
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.runs import checkpoint, folder
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.training.settings import TrainingSettings, read_settings

_CARD_STEPS = 100


def read_source(
    source: str | os.PathLike[str], flag: str
) -> tuple[ImageTransformationNetwork, dict[str, Any]]:
    """Reads a network, built and float32, and its card.

    `source` is the workdir of a training, the folder of an exported model (for
    which TensorFlow is needed), "shipped" or "shipped_mobile".
    """
    if shipped := shipped_folder(source):
        return read_shipped(shipped), shipped_card(shipped)
    path = files.resolve(source, flag)
    if checkpoint.checkpoints(path / "checkpoints"):
        return load_network(path), run_card(path)
    from fast_depth_style.exporting.saved_model import read_card, read_network

    return read_network(path), read_card(path)


def load_network(workdir: str | os.PathLike[str]) -> ImageTransformationNetwork:
    """Loads the network of a run from its newest checkpoint, as float32."""
    workdir = pathlib.Path(workdir)
    settings = _stored(workdir)
    network = ImageTransformationNetwork(
        settings.width, settings.blocks, settings.style_names(), settings.dials
    )
    network.build()
    variables = checkpoint.named("network", network.variables)
    try:
        step = checkpoint.restore_newest(workdir / "checkpoints", variables)
    except ValueError as error:
        raise RequestError(str(error)) from error
    if not step:
        raise RequestError(f"{workdir} holds no training run with a checkpoint")
    return network


def run_card(workdir: str | os.PathLike[str]) -> dict[str, Any]:
    """Card of a run's model: settings, steps, losses of the last 100 steps."""
    workdir = pathlib.Path(workdir)
    settings = _stored(workdir)
    rows = read_losses(workdir / "losses.csv")[-_CARD_STEPS:]
    terms = [
        name
        for name in (rows[0] if rows else [])
        if name != "step" and not name.endswith("_share")
    ]
    return {
        "name": ", ".join(pathlib.Path(path).stem for path in settings.style),
        "settings": settings.to_json(),
        "steps_done": steps_done(workdir),
        "final_terms": {
            name: float(np.mean([row[name] for row in rows])) for name in terms
        },
        "exported": time.strftime("%Y-%m-%d"),
    }


def steps_done(workdir: pathlib.Path) -> int:
    """Steps that the newest checkpoint of a run holds, 0 without one."""
    found = checkpoint.checkpoints(workdir / "checkpoints")
    return checkpoint.checkpoint_step(found[-1]) if found else 0


def _stored(workdir: pathlib.Path) -> TrainingSettings:
    stored = folder.read_settings(workdir, "workdir")
    if stored is None:
        raise RequestError(f"{workdir} holds no training run with a checkpoint")
    try:
        return read_settings(stored)
    except TypeError as error:
        raise RequestError(f"{workdir} is of another version: {error}") from (
            error
        )
