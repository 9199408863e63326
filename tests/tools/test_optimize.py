import dataclasses
import sys

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from PIL import Image

from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.tools import optimize, program


@pytest.fixture
def request_of(tmp_path):
    """A request that can be met, as {flag: value}."""
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (24, 32, 3), "uint8"))
    picture.save(tmp_path / "photo.png")
    picture.rotate(90, expand=True).save(tmp_path / "painting.png")
    (tmp_path / "text.png").write_text("not a picture")
    vgg19 = {
        "block1_conv1/kernel": random.normal(0, 0.2, (3, 3, 3, 64)),
        "block1_conv1/bias": np.zeros(64),
    }
    np.savez(
        tmp_path / "vgg19.npz",
        **{name: array.astype("f4") for name, array in vgg19.items()},
    )
    return {
        "style": tmp_path / "painting.png",
        "content": tmp_path / "photo.png",
        "output": tmp_path / "made.png",
        "perceptual_network": f"vgg19:{tmp_path / 'vgg19.npz'}",
        "depth_network": "none",
        "layers": "relu1_1",
        "content_layer": "relu1_1",
        "size": 32,
        "iterations": 2,
    }


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the program in this process; returns exit code, stdout, stderr."""

    def run(request):
        command = [f"--{name}={value}" for name, value in request.items()]
        monkeypatch.setattr(sys, "argv", ["optimize.py", *command])
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as stopped:
            program.run(optimize.main)
        return stopped.value.code, *capsys.readouterr()

    return run


def test_a_picture_is_made(run, request_of, tmp_path):
    code, out, err = run(request_of)

    assert code == 0, err
    assert out.startswith(f"Done: {tmp_path / 'made.png'}; how it came about")
    assert "1/2" in err and "left" in err and "style " in err
    with Image.open(tmp_path / "made.png") as made:
        assert made.size == (32, 24)


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("style", "{}/none.png", "none.png: no such file"),
        ("style", "{}/painting.png:0", "a painting's weight is more than 0"),
        ("style", "", "--style= names no painting"),
        ("content", "{}/text.png", "not a picture: give a picture as --conte"),
        ("output", "{}/made.gif", "cannot write .gif"),
        ("output", "{}/none/made.png", "cannot be written"),
        ("init", "{}/none.png", "none.png: no such file"),
        ("optimizer", "sgd", "value should be one of <lbfgs|adam>"),
        ("pooling", "min", "value should be one of <max|average>"),
        ("layers", "relu1_1,relu7_1", "no layer 'relu7_1'"),
        ("layers", "relu4_1", "no weights for block1_conv2"),
        ("iterations", "0", "--iterations=0: must be at least 1"),
        ("strip_at", "1,two", "--strip_at=1,two: give whole numbers"),
        ("depth_weight", "-1", "--depth_weight=-1.0: a weight is 0 or more"),
        ("depth_network", "guess", "no depth network 'guess': choose"),
        ("content_masks", "{}/photo.png,b", "names 2 masks for 1 paintings"),
        ("style_masks", "{}/none.png", "none.png: no such file"),
        ("compare_depth", "compact", "nothing to compare: give a --depth_n"),
        ("colour", "red", "Unknown command line flag 'colour'"),
    ],
)
def test_a_wrong_request_is_one_line_and_leaves_nothing(
    run, request_of, tmp_path, name, value, says
):
    before = sorted(tmp_path.rglob("*"))

    code, _, err = run(request_of | {name: value.format(tmp_path)})

    assert code == 2, err
    assert err.startswith("optimize.py: ") and says in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_every_setting_has_a_flag_with_its_default():
    own = {"output", "compare_depth"}
    found = {f.name: f for f in flags.FLAGS.get_key_flags_for_module(optimize)}

    fields = {f.name: f for f in dataclasses.fields(OptimizationSettings)}
    assert set(found) == {*fields} - {"range_weight"} | own
    for name in {*found} - own - {"content", "style"}:
        default = fields[name].default
        if isinstance(default, tuple):
            default = [str(each) for each in default]
        assert found[name].default == default
