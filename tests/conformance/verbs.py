"""The registry of verbs: a request of each that can be met, and its paths."""

import dataclasses
import pathlib
import shutil

import numpy as np
import numpy_networks
from PIL import Image
from tiny_material import half, picture

from fast_depth_style.web.libraries import ENGINES

_VGG19 = "perceptual_network=vgg19:@vgg19.npz style_layers=relu1_1 "
_NETWORKS = f"{_VGG19} depth_network=none content_layer=relu1_1 "


@dataclasses.dataclass(frozen=True)
class Verb:
    """A verb, as the conformance tests run it.

    Attributes:
        name: Of the program in tools/.
        flags: A request that can be met in seconds, as flag=value; @ is the
            folder where `write_material` wrote.
        inputs: Flags that name what is read.
        output: Flag that names what is written.
        writes: "file" or "folder".
        overwritten: Flags of inputs that the output might name.
        extra: Module without which the verb is refused.
    """

    name: str
    flags: str
    inputs: tuple[str, ...]
    output: str = "output"
    writes: str = "file"
    overwritten: tuple[str, ...] = ()
    extra: str = ""

    def request(self, folder: pathlib.Path, **changes: str) -> dict[str, str]:
        """The flags, in a folder, with changes."""
        flags = (
            dict(flag.split("=", 1) for flag in self.flags.split()) | changes
        )
        return {k: v.replace("@", f"{folder}/") for k, v in flags.items()}


VERBS = (
    Verb(
        "train",
        "preset=balanced style=@painting.png content=@photos workdir=@run"
        f" style_scales=1 {_NETWORKS} image_size=64 style_size=64 width=0.125"
        " blocks=1 batch_size=1 steps=12 checkpoint_every=3 dials=false",
        ("style", "content", "initial_model", "teacher"),
        "workdir",
        "folder",
    ),
    Verb(
        "stylize",
        "model=@model input=@photo.png output=@made.png",
        ("model", "input"),
        overwritten=("input",),
    ),
    Verb(
        "compare",
        "model=@styled input=@photo.png output=@made.png",
        ("model", "input"),
        overwritten=("input",),
    ),
    Verb(
        "optimize",
        "content=@photo.png style=@painting.png output=@made.png size=64"
        " content_masks=@mask.png init=@painting.png"
        f" {_NETWORKS} scales=1 iterations=60",
        ("content", "style", "content_masks", "init"),
        overwritten=("content", "style", "content_masks", "init"),
    ),
    Verb(
        "reconstruct",
        f"picture=@photo.png output=@made.png {_VGG19} layers=relu1_1 size=64"
        " iterations=60",
        ("picture", "style"),
        overwritten=("picture",),
    ),
    Verb(
        "evaluate",
        "models=@model style=@painting.png content=@photos output=@made"
        f" {_VGG19} depth_network=compact content_layer=relu1_1 style_scales=1"
        " style_size=64 image_size=64",
        ("models", "style", "content", "rgbd"),
        writes="folder",
    ),
    Verb(
        "export",
        "workdir=@model output=@made formats=saved_model,tflite_float32"
        " sizes=32 photos=@photos",
        ("workdir", "photos"),
        writes="folder",
    ),
    Verb(
        "page",
        "model=@styled output=@made libraries=@libraries",
        ("model", "libraries"),
        writes="folder",
        overwritten=("model",),
    ),
    Verb(
        "request",
        "server=http://127.0.0.1:9 model=wave input=@photo.png"
        " output=@made.png",
        ("input",),
        overwritten=("input",),
    ),
    Verb(
        "stylize_beam",
        "model=@model input=@photos output=@made",
        ("model", "input"),
        writes="folder",
        extra="apache_beam",
    ),
    Verb("demo", "output=@made steps=1", (), writes="folder", extra="sklearn"),
)


def write_material(
    folder: pathlib.Path, model: pathlib.Path, styled: pathlib.Path
) -> None:
    """Writes what the requests name: pictures, weights, two models."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    picture(random, 70, 80).save(folder / "photo.png")
    picture(random, 80, 70).save(folder / "painting.png")
    Image.fromarray(half(70, 80)).save(folder / "mask.png")
    (folder / "text.png").write_text("not a picture")
    for name in ("photos", "empty", "libraries"):
        (folder / name).mkdir()
    for name in "abc":
        picture(random, 80, 90).save(folder / "photos" / f"{name}.png")
    numpy_networks.VGG19().write(folder / "vgg19.npz")
    for name in ENGINES["wasm"]:  # The page only copies them.
        (folder / "libraries" / name).write_text(name)
    shutil.copytree(model, folder / "model")
    shutil.copytree(styled, folder / "styled")
