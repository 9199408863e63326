"""train, optimize and reconstruct: as a person calls them."""

import dataclasses
import json
import subprocess

import pytest
from PIL import Image
from programs import flags_of, run_program
from tiny_material import write_material

from fast_depth_style.optimization.settings import (
    OptimizationSettings,
    ReconstructionSettings,
)


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = write_material(tmp_path_factory.mktemp("material"))
    (folder / "empty").mkdir()
    return folder


@pytest.fixture
def requests(material, tmp_path):
    """{verb: a request that can be met, as {flag: value}}."""
    vgg19 = {
        "perceptual_network": f"vgg19:{material / 'vgg19.npz'}",
        "style_layers": "relu1_1",
    }
    small = vgg19 | {"size": 32, "iterations": 2}
    return {
        "train": vgg19
        | {
            "style": material / "painting.png",
            "content": material / "photos",
            "workdir": tmp_path / "run",
            "depth_network": "none",
            "content_layer": "relu1_1",
            "image_size": 64,
            "steps": 1,
        },
        "optimize": small
        | {
            "style": material / "a.png",
            "content": material / "photo.png",
            "output": tmp_path / "made.png",
            "depth_network": "none",
            "content_layer": "relu1_1",
        },
        "reconstruct": small
        | {
            "picture": material / "photo.png",
            "output": tmp_path / "made.png",
            "layers": "relu1_1",
        },
    }


@pytest.mark.parametrize(
    "verb, out, made",
    [
        ("optimize", "Done: {0}/made.png; how it came about is in ", ""),
        (
            "reconstruct",
            "1 of 1: content_relu1_1\n"
            "Done: {0}/made.png; each reconstruction is in ",
            "made.run/content_relu1_1.png",
        ),
    ],
)
def test_a_picture_is_made(requests, tmp_path, verb, out, made):
    done = run_program(f"{verb}.py", **requests[verb])

    assert done.returncode == 0, done.stderr
    assert done.stdout == out.format(tmp_path) + f"{tmp_path}/made.run\n"
    assert "iteration 2 of 2, loss " in done.stderr
    with Image.open(tmp_path / (made or "made.png")) as picture:
        assert picture.size == (32, 24)


@pytest.mark.parametrize(
    "verb, name, value, says",
    [
        ("train", "style", "{}/text.png", "not a picture: give a picture"),
        ("train", "style", "{}/photos", "photos: a folder, not a picture"),
        ("train", "style", "~nobody_here/a.jpg", "--style=~nobody_here/a.jpg"),
        ("train", "content", "{}/empty", "empty: no pictures in this folder"),
        ("train", "content", "tfds:coco/1999", "tfds:coco/2014 or tfds:coco"),
        ("train", "style_layers", "relu1_1,relu7_1", "no layer 'relu7_1'"),
        (
            "train",
            "style_layers",
            "relu4_1",
            "for block2_conv2: ask for shallower",
        ),
        ("train", "content_layer", "conv4", "no layer 'conv4'"),
        ("train", "preset", "bold", "--preset=bold: value should be one of <b"),
        (
            "train",
            "depth_weight",
            "-1",
            "--depth_weight=-1.0: must be at least",
        ),
        (
            "train",
            "style_weight",
            "much",
            "--style_weight=much is not a number",
        ),
        ("train", "steps", "0", "--steps=0: must be at least 1"),
        ("train", "depth_network", "hub:{}/none", "none cannot be loaded"),
        ("train", "depth_network", "fast_depth:{}/text.png", "cannot read Fas"),
        ("train", "depth_network", "guess", "no depth network 'guess': choose"),
        ("train", "perceptual_network", "vgg19:{}/no.npz", "no VGG19 weight f"),
        ("train", "perceptual_network", "vgg16", "no perceptual network 'vgg1"),
        ("train", "colour", "red", "Unknown command line flag 'colour'"),
        ("optimize", "content_masks", "", "--content_masks= is empty"),
        ("optimize", "style_masks", "{}/none.png", "none.png: no such file"),
        ("optimize", "output", "{}/made.gif", "cannot write .gif"),
        ("optimize", "optimizer", "sgd", "value should be one of <lbfgs|adam>"),
        ("optimize", "strip_at", "1,two", "--strip_at=1,two: give whole numbe"),
        ("reconstruct", "output", "{}/made.gif", "cannot write .gif"),
        ("reconstruct", "layers", "", "--layers= is empty"),
        ("reconstruct", "perceptual_network", "squeezenet", "one of vgg19, "),
        (
            "reconstruct",
            "perceptual_network",
            "squeezenet:{}/none.h5",
            "'relu1_1': it has co",
        ),
        (
            "reconstruct",
            "perceptual_network",
            "resnet50:{}/none.h5",
            "has conv1_relu, conv2",
        ),
    ],
)
def test_a_wrong_request_is_one_line_and_leaves_nothing(
    requests, material, tmp_path, verb, name, value, says
):
    before = sorted(material.rglob("*"))

    request = requests[verb] | {name: value.format(material)}
    refused = run_program(f"{verb}.py", **request)

    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.startswith(f"{verb}.py: ")
    assert says in refused.stderr and refused.stderr.count("\n") == 1
    assert sorted(material.rglob("*")) == before
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["style", "content", "workdir"])
def test_what_is_missing_is_named(requests, name):
    del requests["train"][name]

    refused = run_program("train.py", **requests["train"])

    assert refused.returncode == 2
    assert refused.stderr == (
        f"train.py: missing --{name}=… (--help explains each flag)\n"
    )


def test_without_painting_and_photos_it_learns_our_own(tmp_path):
    pytest.importorskip("sklearn")
    workdir = tmp_path / "run"

    done = run_program("train.py", workdir=workdir, steps=1, image_size=64)

    assert done.returncode == 0, done.stderr
    settings = json.loads((workdir / "settings.json").read_text())
    assert settings["perceptual_network"] == "compact"
    assert settings["style"] == [str(workdir / "samples" / "painting.png")]
    assert (workdir / "model" / "1").is_dir()


def test_a_disk_without_room_is_one_line_and_leaves_nothing(requests, tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        refused = run_program("train.py", **requests["train"])
        left = list(tmp_path.iterdir())
    finally:
        subprocess.run(["umount", tmp_path], check=True)

    assert refused.returncode == 2
    assert "has 1 MiB free, this needs" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not left


@pytest.mark.parametrize(
    "kind, says",
    [("squeezenet", "SqueezeNet"), ("efficientnetb0", "EfficientNetB0")],
)
def test_a_networks_own_layers_are_the_default(requests, kind, says):
    """Layers of another network would be refused before the file."""
    request = requests["reconstruct"]
    del request["layers"], request["style_layers"]

    request["perceptual_network"] = f"{kind}:none.h5"
    refused = run_program("reconstruct.py", **request)

    assert refused.returncode == 2
    assert f"no {says} " in refused.stderr
    assert "weight file at" in refused.stderr


@pytest.mark.parametrize(
    "verb, changes, says",
    [
        (
            "train",
            {"perceptual_network": "vgg19"},
            "give --perceptual_network=vgg19:FILE.npz or",
        ),
        (
            "reconstruct",
            {"perceptual_network": "resnet50", "layers": "conv1_relu"},
            "give --perceptual_network=resnet50:FILE.h5",
        ),
    ],
)
def test_no_network_for_a_download_is_one_line(
    requests, tmp_path, verb, changes, says
):
    """Nobody listens behind the proxy, and nothing was downloaded before."""
    stopped = run_program(
        f"{verb}.py",
        environment={
            "KERAS_HOME": str(tmp_path / "keras"),
            "https_proxy": "http://127.0.0.1:9",
        },
        **requests[verb] | changes,
    )

    assert stopped.returncode == 2, stopped.stderr
    assert stopped.stderr.startswith(f"{verb}.py: cannot download ")
    assert says in stopped.stderr
    assert stopped.stderr.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"keras"}


@pytest.mark.parametrize(
    "verb, settings, hidden",
    [
        (
            "optimize",
            OptimizationSettings,
            {
                "range_weight",
                "relative_losses",
                "depth_features",
                "depth_gradient_limit",
                "depth_views",
            },
        ),
        ("reconstruct", ReconstructionSettings, set()),
    ],
)
def test_every_setting_but_the_hidden_has_a_flag(verb, settings, hidden):
    fields = {field.name for field in dataclasses.fields(settings)}

    assert {*flags_of(verb)} == fields - hidden | {"output"}
