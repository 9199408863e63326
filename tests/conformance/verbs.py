"""The registry of verbs: a request of each that can be met, and its paths."""

import dataclasses
import pathlib
import shutil

import numpy as np
from tiny_material import picture, vgg19_weights

from fast_depth_style.web.libraries import ENGINES

_NETWORKS = {
    "perceptual_network": "vgg19:{folder}/vgg19.npz",
    "depth_network": "none",
    "style_layers": "relu1_1",
    "content_layer": "relu1_1",
}


@dataclasses.dataclass(frozen=True)
class Verb:
    """A verb, as the conformance tests run it.

    Attributes:
        name: Of the program in tools/.
        flags: {flag: value} of a request that can be met in seconds;
            {folder} is where `write_material` wrote.
        inputs: Flags that name what is read.
        output: Flag that names what is written.
        writes: "file" or "folder".
        overwritten: Flags of inputs that the output might name.
        extra: Module without which the verb is refused.
    """

    name: str
    flags: dict[str, str]
    inputs: tuple[str, ...]
    output: str
    writes: str
    overwritten: tuple[str, ...] = ()
    extra: str = ""

    def request(self, folder: pathlib.Path, **changes: str) -> dict[str, str]:
        """The flags, in a folder, with changes."""
        flags = {k: v.format(folder=folder) for k, v in self.flags.items()}
        return flags | changes


VERBS = (
    Verb(
        "train",
        {
            "style": "{folder}/painting.png",
            "content": "{folder}/photos",
            "workdir": "{folder}/run",
            **_NETWORKS,
            "style_scales": "1",
            "image_size": "64",
            "style_size": "64",
            "width": "0.125",
            "blocks": "1",
            "batch_size": "1",
            "steps": "12",
            "checkpoint_every": "3",
        },
        ("style", "content", "initial_model", "teacher"),
        "workdir",
        "folder",
    ),
    Verb(
        "stylize",
        {
            "model": "{folder}/model",
            "input": "{folder}/photo.png",
            "output": "{folder}/made.png",
        },
        ("model", "input"),
        "output",
        "file",
        ("input",),
    ),
    Verb(
        "compare",
        {
            "model": "{folder}/styled",
            "input": "{folder}/photo.png",
            "output": "{folder}/made.png",
        },
        ("model", "input"),
        "output",
        "file",
        ("input",),
    ),
    Verb(
        "optimize",
        {
            "content": "{folder}/photo.png",
            "style": "{folder}/painting.png",
            "output": "{folder}/made.png",
            **_NETWORKS,
            "size": "64",
            "scales": "1",
            "iterations": "60",
        },
        ("content", "style", "init"),
        "output",
        "file",
        ("content", "style"),
    ),
    Verb(
        "reconstruct",
        {
            "picture": "{folder}/photo.png",
            "output": "{folder}/made.png",
            "perceptual_network": _NETWORKS["perceptual_network"],
            "layers": "relu1_1",
            "style_layers": "relu1_1",
            "size": "64",
            "iterations": "60",
        },
        ("picture", "style"),
        "output",
        "file",
        ("picture",),
    ),
    Verb(
        "evaluate",
        {
            "models": "{folder}/model",
            "style": "{folder}/painting.png",
            "content": "{folder}/photos",
            "output": "{folder}/made",
            "perceptual_network": _NETWORKS["perceptual_network"],
            "depth_network": "compact",
            "style_layers": "relu1_1",
            "content_layer": "relu1_1",
            "style_scales": "1",
            "style_size": "64",
            "image_size": "64",
        },
        ("models", "style", "content", "rgbd"),
        "output",
        "folder",
    ),
    Verb(
        "export",
        {
            "workdir": "{folder}/model",
            "output": "{folder}/made",
            "formats": "saved_model,tflite_float32",
            "sizes": "32",
            "photos": "{folder}/photos",
        },
        ("workdir", "photos"),
        "output",
        "folder",
    ),
    Verb(
        "page",
        {
            "model": "{folder}/styled",
            "output": "{folder}/made",
            "libraries": "{folder}/libraries",
        },
        ("model", "libraries"),
        "output",
        "folder",
    ),
    Verb(
        "request",
        {
            "server": "http://127.0.0.1:9",
            "model": "wave",
            "input": "{folder}/photo.png",
            "output": "{folder}/made.png",
        },
        ("input",),
        "output",
        "file",
        ("input",),
    ),
    Verb(
        "stylize_beam",
        {
            "model": "{folder}/model",
            "input": "{folder}/photos",
            "output": "{folder}/made",
        },
        ("model", "input"),
        "output",
        "folder",
        extra="apache_beam",
    ),
    Verb(
        "demo",
        {"output": "{folder}/made", "steps": "1"},
        (),
        "output",
        "folder",
        extra="sklearn",
    ),
)


def write_material(
    folder: pathlib.Path, model: pathlib.Path, styled: pathlib.Path
) -> None:
    """Writes what the requests name: pictures, weights, two models."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    picture(random, 70, 80).save(folder / "photo.png")
    picture(random, 80, 70).save(folder / "painting.png")
    (folder / "photos").mkdir()
    for name in "abc":
        picture(random, 80, 90).save(folder / "photos" / f"{name}.png")
    np.savez(folder / "vgg19.npz", **vgg19_weights(random))
    # The page only copies them.
    (folder / "libraries").mkdir()
    for name in ENGINES["wasm"]:
        (folder / "libraries" / name).write_text(name)
    shutil.copytree(model, folder / "model")
    shutil.copytree(styled, folder / "styled")
