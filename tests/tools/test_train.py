import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from PIL import Image
from programs import run_program

from fast_depth_style.tools import program, train
from fast_depth_style.training.settings import Settings

_WITHOUT_FLAG = {"loss_scale", "range_weight", "decay_from", "depth_from"}


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


def _command(request):
    return [
        "train.py",
        *(f"--{name}={value}" for name, value in request.items()),
    ]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the program in this process; returns exit code and stderr."""

    def run(request):
        monkeypatch.setattr(sys, "argv", _command(request))
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as stopped:
            program.run(train.main)
        return stopped.value.code, capsys.readouterr().err

    return run


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
    run, request_of, tmp_path, name, value, says
):
    before = sorted(tmp_path.rglob("*"))

    code, err = run(request_of | {name: value.format(tmp_path)})

    assert code == 2, err
    assert err.startswith("train.py: ") and says in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["style", "content", "workdir"])
def test_what_is_missing_is_named(run, request_of, name):
    del request_of[name]

    code, err = run(request_of)

    assert code == 2
    assert err == f"train.py: missing --{name}=… (--help explains each flag)\n"


def test_a_disk_without_room_is_one_line_and_leaves_nothing(
    run, request_of, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        code, err = run(request_of | {"workdir": disk / "run"})
        left = list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)

    assert code == 2
    assert "has 1 MiB free, a run needs" in err and err.count("\n") == 1
    assert not left


def test_no_network_for_a_download_is_one_line(request_of, tmp_path):
    """Nobody listens behind the proxy, and nothing was downloaded before."""
    nobody = "http://127.0.0.1:9"
    stopped = run_program(
        *_command(request_of | {"perceptual_network": "vgg19"}),
        environment={
            "KERAS_HOME": str(tmp_path / "keras"),
            "https_proxy": nobody,
        },
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
    found = {flag.name for flag in flags.FLAGS.get_key_flags_for_module(train)}

    assert found == names - _WITHOUT_FLAG | own


def test_every_flag_shows_the_default_of_its_setting():
    for field in dataclasses.fields(Settings):
        if field.name in _WITHOUT_FLAG or field.default in ("", None):
            continue
        value = field.default
        shown = ",".join(value) if isinstance(value, tuple) else str(value)
        flag = flags.FLAGS[field.name]

        # So that a preset can tell what was given.
        assert flag.default is None
        assert f"({shown})" in flag.help
