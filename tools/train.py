"""Trains a style from one painting and a folder of photos.

    fast-depth-style train --style=wave.jpg --content=photos --workdir=runs/wave

Watch runs/wave/previews/latest.png and losses.png. Stop it when you like: the
same command continues. The finished model is in runs/wave/model. Without
--style and --content it learns our own painting from scikit-learn's sample
photos, offline and in minutes.
"""

import os
import pathlib

from absl import flags as absl_flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.tools import flags, program
from fast_depth_style.training.settings import PRESETS, TrainingSettings, preset

_PRESET = absl_flags.DEFINE_enum(
    "preset",
    None,
    [*PRESETS],
    "Where the settings that are not given come from: by default balanced,"
    " whose values are shown below; quick without --style and --content.",
)
_WORKDIR = absl_flags.DEFINE_string(
    "workdir", None, "Folder of the run: its whole state.", required=True
)
_SETTINGS = flags.define(TrainingSettings, first=("style", "content"))
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
    print(
        f"Done: the model is in {model}. Now try\n  fast-depth-style stylize"
        f" PHOTO.jpg --model={model}"
    )


def _settings(workdir: pathlib.Path) -> TrainingSettings:
    given = _SETTINGS()
    name = _PRESET.value
    whole = ",".join(given.get("style", ()))
    if os.path.isfile(os.path.expanduser(whole)):  # A comma in its name.
        given["style"] = (whole,)
    if not {"style", "content"} & {*given} and name in (None, "quick"):
        from fast_depth_style.demo.samples import write_samples

        preset("quick", **given)  # Refuses before anything is written.
        files.require_writable(workdir, "workdir")
        files.require_own_folder(workdir, "workdir", "run", ("settings.json",))
        files.mark_own_folder(workdir, "run")
        name = "quick"
        painting, photos = write_samples(workdir / "samples")
        given |= {"style": str(painting), "content": str(photos)}
    settings = preset(name or "balanced", **given)
    for name in ("style", "content"):
        if not getattr(settings, name) and name not in given:
            raise RequestError(
                f"missing --{name}=… (--help explains each flag)"
            )
    return settings


if __name__ == "__main__":
    program.run(main)
