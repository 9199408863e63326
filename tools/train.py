"""Trains a style from one painting and a folder of photos.

    fast-depth-style train --style=mine.jpg --content=photos --workdir=runs/mine

Watch runs/mine/previews/latest.png and losses.png. Stop it when you like: the
same command continues. In minutes it adds the painting to the network that the
package brings: runs/mine/mine.style, for stylize. --preset=balanced trains a
network from random weights: runs/mine/model. Without --style and --content it
learns our own painting from scikit-learn's sample photos.
"""

import os
import pathlib

from absl import flags as absl_flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import SHIPPED
from fast_depth_style.exporting.style_file import SUFFIX
from fast_depth_style.tools import flags, program
from fast_depth_style.training.settings import (
    PRESETS,
    USUAL_PRESET,
    TrainingSettings,
    preset,
)

_PRESET = absl_flags.DEFINE_enum(
    "preset",
    None,
    [*PRESETS],
    "Where the settings that are not given come from: by default"
    f" {USUAL_PRESET}, whose values are shown below.",
)
_WORKDIR = absl_flags.DEFINE_string(
    "workdir", None, "Folder of the run: its whole state.", required=True
)
_SETTINGS = flags.define(
    TrainingSettings,
    first=("style", "content"),
    instead=PRESETS[USUAL_PRESET],
)
_JIT = absl_flags.DEFINE_bool(
    "jit",
    None,
    "Compile the step with XLA; by default on GPU and TPU, not on CPU, where it"
    " is slower.",
)
_STRATEGY = absl_flags.DEFINE_enum(
    "strategy",
    "none",
    ["none", "mirrored"],
    "mirrored: a part of every batch on each device of this machine.",
)


def main() -> None:
    """Trains, or continues to."""
    workdir = files.resolve(_WORKDIR.value, "workdir")
    settings = _settings(workdir)
    import keras

    from fast_depth_style.training.run import export_run, train

    train(settings, workdir, _JIT.value, _STRATEGY.value)
    if keras.backend.backend() != "tensorflow":
        print(
            f"Done: the network is in {workdir}. The same command with"
            " KERAS_BACKEND=tensorflow exports it."
        )
        return
    model = export_run(workdir).parent
    made, flag = f"the model is in {model}", f"--model={model}"
    if settings.learn == "vectors" and settings.initial_model == SHIPPED:
        style = workdir / f"{settings.style_names()[0]}{SUFFIX}"
        made, flag = f"the style is {style}", f"--style={style}"
    print(f"Done: {made}. Now try\n  fast-depth-style stylize PHOTO.jpg {flag}")


def _settings(workdir: pathlib.Path) -> TrainingSettings:
    given = _SETTINGS()
    name = _PRESET.value or USUAL_PRESET
    whole = ",".join(given.get("style", ()))
    if os.path.isfile(os.path.expanduser(whole)):  # A comma in its name.
        given["style"] = (whole,)
    if not {"style", "content"} & {*given} and name == "quick":
        from fast_depth_style.demo.samples import write_samples

        preset(name, **given)  # Refuses before anything is written.
        files.require_writable(workdir, "workdir")
        files.require_own_folder(workdir, "workdir", "run")
        files.mark_own_folder(workdir, "run")
        painting, photos = write_samples(workdir / "samples")
        given |= {"style": str(painting), "content": str(photos)}
    settings = preset(name, **given)
    for name in ("style", "content"):
        if not getattr(settings, name) and name not in given:
            raise RequestError(
                f"missing --{name}=… (--help explains each flag)"
            )
    return settings


if __name__ == "__main__":
    program.run(main)
