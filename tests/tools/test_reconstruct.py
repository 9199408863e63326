import dataclasses

import numpy as np
import pytest
from PIL import Image
from programs import flags_of, run_program

from fast_depth_style.optimization.reconstruction_settings import (
    ReconstructionSettings,
)


@pytest.fixture
def request_of(tmp_path):
    """A request that can be met, as {flag: value}."""
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (24, 32, 3), "uint8"))
    picture.save(tmp_path / "photo.png")
    np.savez(
        tmp_path / "vgg19.npz",
        **{
            "block1_conv1/kernel": random.normal(0, 0.2, (3, 3, 3, 64)),
            "block1_conv1/bias": np.zeros(64),
        },
    )
    return {
        "picture": tmp_path / "photo.png",
        "output": tmp_path / "inside.png",
        "perceptual_network": f"vgg19:{tmp_path / 'vgg19.npz'}",
        "layers": "relu1_1",
        "style_layers": "relu1_1",
        "size": 32,
        "iterations": 2,
    }


def test_a_sheet_is_made(request_of, tmp_path):
    made = run_program("reconstruct.py", **request_of)

    assert made.returncode == 0, made.stderr
    assert made.stdout == (
        "1 of 1: content_relu1_1\n"
        f"Done: {tmp_path / 'inside.png'}; each reconstruction is in"
        f" {tmp_path / 'inside.run'}\n"
    )
    for part in ("1/2", "left", "content "):
        assert part in made.stderr
    with Image.open(tmp_path / "inside.run" / "content_relu1_1.png") as picture:
        assert picture.size == (32, 24)


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("picture", "", "nothing to reconstruct: give a --picture"),
        ("style", "{}/none.png", "none.png: no such file"),
        ("output", "{}/inside.gif", "cannot write .gif"),
        ("output", "{}/none/inside.png", "cannot be written"),
        ("layers", "relu1_1,relu7_1", "no layer 'relu7_1'"),
        ("layers", "", "--layers= names no layer"),
        ("layers", "relu4_1", "no weights for block1_conv2"),
        ("iterations", "0", "--iterations=0: must be at least 1"),
        ("perceptual_network", "squeezenet", "choose one of vgg19, "),
        ("perceptual_network", "squeezenet:{}/none.h5", "'relu1_1': it has co"),
        ("perceptual_network", "resnet50:{}/none.h5", "has conv1_relu, conv2"),
    ],
)
def test_a_wrong_request_is_one_line_and_leaves_nothing(
    request_of, tmp_path, name, value, says
):
    before = sorted(tmp_path.rglob("*"))

    request = request_of | {name: value.format(tmp_path)}
    refused = run_program("reconstruct.py", **request)

    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.startswith("reconstruct.py: ")
    assert says in refused.stderr and refused.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "kind, says",
    [
        ("squeezenet", "no SqueezeNet weight file at"),
        ("resnet50", "no ResNet50 weight file at"),
        ("efficientnetb0", "no EfficientNetB0 weight file at"),
    ],
)
def test_a_networks_own_layers_are_the_default(request_of, kind, says):
    """Layers of another network would be refused before the file."""
    del request_of["layers"], request_of["style_layers"]

    request_of["perceptual_network"] = f"{kind}:none.h5"
    refused = run_program("reconstruct.py", **request_of)

    assert refused.returncode == 2
    assert says in refused.stderr and refused.stderr.count("\n") == 1


def test_no_network_for_a_download_is_one_line(request_of, tmp_path):
    """Nobody listens behind the proxy, and nothing was downloaded before."""
    stopped = run_program(
        "reconstruct.py",
        environment={
            "KERAS_HOME": str(tmp_path / "keras"),
            "https_proxy": "http://127.0.0.1:9",
        },
        **request_of
        | {"perceptual_network": "resnet50", "layers": "conv1_relu"},
    )

    assert stopped.returncode == 2, stopped.stderr
    assert stopped.stderr.startswith(
        "reconstruct.py: cannot download ResNet50's ImageNet weights: connect"
        " once, or give --perceptual_network=resnet50:FILE.h5 ("
    )
    assert stopped.stderr.count("\n") == 1
    assert not (tmp_path / "inside.run").exists()


def test_every_setting_has_a_flag_with_its_default():
    found = flags_of("reconstruct")

    fields = {f.name: f for f in dataclasses.fields(ReconstructionSettings)}
    assert set(found) == {*fields, "output"}
    for name, field in fields.items():
        assert found[name][0] == field.default
