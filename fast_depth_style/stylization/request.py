"""Style and dials as signature inputs.

Imports nothing heavy.
"""

import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import (
    shipped_folder,
    shipped_styles,
)
from fast_depth_style.exporting.style_file import SUFFIX
from fast_depth_style.networks import DIAL_DEFAULTS
from fast_depth_style.networks.blend import parse_blend
from fast_depth_style.stylization.settings import StylizeSettings


def styles_of(model: str | os.PathLike[str]) -> list[str]:
    """Names of a model's styles; RequestError where it has none to choose."""
    if shipped_folder(model):
        return shipped_styles(str(model))
    from fast_depth_style.exporting.saved_model import read_card

    names = read_card(model).get("network", {}).get("styles")
    if not names:
        raise RequestError(f"{model}: this model has one style")
    return names


def style_files(
    settings: StylizeSettings,
) -> tuple[tuple[pathlib.Path, ...], StylizeSettings]:
    """The style files that are asked for, and the settings with their paths."""
    tokens = re.split("([,:])", settings.style or "")
    paths: list[pathlib.Path] = []
    for i, token in enumerate(tokens):
        if token.strip().endswith(SUFFIX):
            path = files.resolve(token.strip(), "style")
            if {*",:"} & {*str(path)}:
                raise RequestError(
                    f"--style={settings.style}: the path of a style file has no"
                    " commas or colons"
                )
            paths.append(path)
            tokens[i] = str(path)
    if paths:
        settings = dataclasses.replace(settings, style="".join(tokens))
    return tuple(dict.fromkeys(paths)), settings


def style_inputs(
    names: Sequence[str], settings: StylizeSettings
) -> dict[str, np.ndarray]:
    """Inputs of a signature: for one picture, or for each of its regions.

    `style` (k, styles), `depth` and `stroke` (k,), float32.
    """
    blends = [names[0] if settings.style is None else settings.style]
    if regions := settings.regions():
        styles = (regions["near"], regions["far"])
        blends = [style for style in styles if style != "none"]
    found = {"style": np.stack([parse_blend(each, names) for each in blends])}
    for dial, default in DIAL_DEFAULTS.items():
        given = getattr(settings, dial)
        value = default if given is None else given
        found[dial] = np.full(len(blends), value, "float32")
    return found


def fingerprint(
    model: Any,
    settings: StylizeSettings,
    inputs: Sequence[pathlib.Path],
) -> dict[str, Any] | None:
    """Fingerprint of a request as JSON; None if the model has no folder.

    Settings, and sizes and times of all files.
    """
    folder = getattr(model, "folder", None)
    if folder is None:
        return None
    read = [*inputs, *folder.rglob("*"), *style_files(settings)[0]]
    if settings.mask is not None:
        read.append(files.resolve(settings.mask, "mask"))
    facts = {str(path): path.stat() for path in sorted({*read})}
    return {
        "settings": fields.to_json(settings),
        "files": {n: [f.st_size, f.st_mtime_ns] for n, f in facts.items()},
    }
