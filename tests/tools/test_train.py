import dataclasses
import json
import subprocess

import numpy as np
import pytest
from PIL import Image
from programs import flags_of, run_program

from fast_depth_style.training.settings import Settings

_WITHOUT_FLAG = {
    "loss_scale",
    "lattice_weight",
    "border_weight",
    "range_weight",
    "decay_from",
    "depth_from",
    "optimizer",
}


@pytest.fixture
def request_of(tmp_path):
    """A request that could be met, as {flag: value}; nothing is there yet."""
    (tmp_path / "photos").mkdir()
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (70, 80, 3), "uint8")
    )
    picture.save(tmp_path / "photos" / "a.png")
    picture.save(tmp_path / "painting.png")
    vgg19 = {
        "block1_conv1/kernel": np.zeros((3, 3, 3, 64), "float32"),
        "block1_conv1/bias": np.zeros(64, "float32"),
    }
    np.savez(tmp_path / "vgg19.npz", **vgg19)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("not a picture")
    return {
        "style": tmp_path / "painting.png",
        "content": tmp_path / "photos",
        "workdir": tmp_path / "run",
        "perceptual_network": f"vgg19:{tmp_path / 'vgg19.npz'}",
        "depth_network": "none",
        "style_layers": "relu1_1",
        "content_layer": "relu1_1",
        "image_size": 64,
        "steps": 1,
    }


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("style", "{}/none.png", "none.png: no such file"),
        ("style", "{}/text.png", "text.png: not a picture: give a picture"),
        ("style", "{}/photos", "photos: a folder, not a picture"),
        ("content", "{}/empty", "empty: no pictures in this folder"),
        ("content", "{}/none", "none: no such folder"),
        ("content", "tfds:coco/1999", "tfds:coco/2014 or tfds:coco/2017"),
        ("style_layers", "relu1_1,relu7_1", "no layer 'relu7_1'"),
        ("content_layer", "conv4", "no layer 'conv4'"),
        ("style_layers", "relu4_1", "no weights for block1_conv2"),
        ("preset", "bold", "--preset=bold: value should be one of <balanced|"),
        ("depth_weight", "-1", "--depth_weight=-1.0: a weight is 0 or more"),
        ("style_weight", "much", "--style_weight=much is not a number"),
        ("steps", "0", "--steps=0: must be at least 1"),
        ("workdir", "{}/painting.png/run", "cannot be written"),
        ("workdir", "/proc/run", "cannot be written"),
        ("depth_network", "hub:{}/none", "none cannot be loaded"),
        ("depth_network", "fast_depth:{}/text.png", "cannot be read"),
        ("depth_network", "guess", "no depth network 'guess': choose"),
        ("perceptual_network", "vgg19:{}/none.npz", "no VGG19 weight file"),
        ("perceptual_network", "vgg16", "no perceptual network 'vgg16'"),
        ("colour", "red", "Unknown command line flag 'colour'"),
    ],
)
def test_a_wrong_request_is_one_line_and_leaves_nothing(
    request_of, tmp_path, name, value, says
):
    before = sorted(tmp_path.rglob("*"))

    request = request_of | {name: value.format(tmp_path)}
    refused = run_program("train.py", **request)

    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.startswith("train.py: ")
    assert says in refused.stderr and refused.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["style", "content", "workdir"])
def test_what_is_missing_is_named(request_of, name):
    del request_of[name]

    refused = run_program("train.py", **request_of)

    assert refused.returncode == 2
    assert refused.stderr == (
        f"train.py: missing --{name}=… (--help explains each flag)\n"
    )


@pytest.mark.slow
def test_without_painting_and_photos_it_learns_our_own(tmp_path):
    pytest.importorskip("sklearn")
    workdir = tmp_path / "run"

    done = run_program("train.py", workdir=workdir, steps=1, image_size=64)

    assert done.returncode == 0, done.stderr
    settings = json.loads((workdir / "settings.json").read_text())
    assert settings["perceptual_network"] == "compact"
    assert settings["style"] == str(workdir / "samples" / "painting.png")
    assert (workdir / "model" / "1").is_dir()


def test_a_disk_without_room_is_one_line_and_leaves_nothing(
    request_of, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        refused = run_program(
            "train.py", **request_of | {"workdir": disk / "run"}
        )
        left = list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)

    assert refused.returncode == 2
    assert "has 1 MiB free, a run needs" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not left


def test_no_network_for_a_download_is_one_line(request_of, tmp_path):
    """Nobody listens behind the proxy, and nothing was downloaded before."""
    nobody = "http://127.0.0.1:9"
    stopped = run_program(
        "train.py",
        environment={
            "KERAS_HOME": str(tmp_path / "keras"),
            "https_proxy": nobody,
        },
        **request_of | {"perceptual_network": "vgg19"},
    )

    assert stopped.returncode == 2, stopped.stderr
    assert stopped.stderr.startswith(
        "train.py: cannot download VGG19's ImageNet weights: connect once, or"
        " give --perceptual_network=vgg19:FILE.npz or compact ("
    )
    assert stopped.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_every_setting_has_a_flag():
    names = {field.name for field in dataclasses.fields(Settings)}
    own = {"workdir", "preset", "jit", "strategy"}

    assert {*flags_of("train")} == names - _WITHOUT_FLAG | own


def test_every_flag_shows_the_default_of_its_setting():
    found = flags_of("train")
    for field in dataclasses.fields(Settings):
        if field.name in _WITHOUT_FLAG or field.default in ("", None):
            continue
        value = field.default
        shown = ",".join(value) if isinstance(value, tuple) else str(value)
        default, text = found[field.name]

        # So that a preset can tell what was given.
        assert default is None
        assert f"({shown})" in text
