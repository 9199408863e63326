import dataclasses

import numpy as np
import pytest
from PIL import Image
from programs import flags_of, run_program

from fast_depth_style.optimization.settings import OptimizationSettings


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


@pytest.mark.slow
def test_a_picture_is_made(request_of, tmp_path):
    made = run_program("optimize.py", **request_of)

    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(
        f"Done: {tmp_path / 'made.png'}; how it came about"
    )
    for part in ("1/2", "left", "style "):
        assert part in made.stderr
    with Image.open(tmp_path / "made.png") as picture:
        assert picture.size == (32, 24)


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
    request_of, tmp_path, name, value, says
):
    before = sorted(tmp_path.rglob("*"))

    request = request_of | {name: value.format(tmp_path)}
    refused = run_program("optimize.py", **request)

    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.startswith("optimize.py: ")
    assert says in refused.stderr and refused.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_every_setting_has_a_flag_with_its_default():
    own = {"output", "compare_depth"}
    found = flags_of("optimize")

    fields = {f.name: f for f in dataclasses.fields(OptimizationSettings)}
    assert set(found) == {*fields} - {"range_weight"} | own
    for name in {*found} - own - {"content", "style"}:
        default = fields[name].default
        if isinstance(default, tuple):
            default = [str(each) for each in default]
        assert found[name][0] == default
