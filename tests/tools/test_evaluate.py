import json
import os

import numpy as np
import pytest
from programs import run_program
from tiny_material import picture


def _run(*arguments):
    return run_program("evaluate.py", *arguments)


def test_help_says_how():
    found = _run("--help")
    assert found.returncode == 0
    for flag in ("models", "content", "style", "depth_network", "teachers"):
        assert f"--{flag}\n" in found.stdout


_ASKED = ("--models=a", "--style=b", "--output=c", "--depth_network=d")


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "--models"),
        (_ASKED, "--content=FOLDER"),
        ((*_ASKED, "--image_size=10"), "--image_size=10"),
    ],
)
def test_wrong_request(arguments, message):
    found = _run(*arguments)
    assert found.returncode == 2
    assert len(found.stderr.strip().splitlines()) == 1
    assert message in found.stderr


def test_names_of_any_bytes(tmp_path):
    random = np.random.default_rng(0)
    for name in (b"caf\xe9.png", b"\xff.jpg", b"plain.jpg"):
        picture(random, 70, 80).save(
            os.path.join(str(tmp_path), os.fsdecode(name))
        )
    (tmp_path / os.fsdecode(b"bad\xe9.jpg")).write_bytes(b"no picture")
    output = tmp_path / os.fsdecode(b"out\xe9")
    found = _run(
        "--models=identity",
        f"--content={tmp_path}",
        f"--style={tmp_path / 'plain.jpg'}",
        "--depth_network=compact",
        "--perceptual_network=compact",
        "--image_size=64",
        f"--output={output}",
    )
    assert found.returncode == 0, found.stderr
    assert "photos: 3 measured" in found.stdout
    assert r"bad\xe9.jpg: " in found.stdout
    rows = (output / "photos.csv").read_text(encoding="utf-8")
    assert r"caf\xe9.png,identity" in rows and r"\xff.jpg,blur" in rows
    assert r"bad\xe9.jpg" in (output / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_real_run(assets, tmp_path):
    output = tmp_path / "out"
    weights = assets / "weights"
    found = _run(
        "--models=identity,blur",
        f"--content={assets / 'photos' / 'bsds500' / 'test'}",
        f"--rgbd={assets / 'rgbd' / 'nyu_v2'}",
        f"--style={assets / 'paintings' / 'wave.jpg'}",
        f"--depth_network=fast_depth:{weights}/fast_depth_nyu_224_float32.npz",
        "--perceptual_network=vgg19:"
        f"{weights}/vgg19_imagenet_block1_conv1_to_block3_conv4.npz",
        "--photos=2",
        "--image_size=128",
        f"--output={output}",
    )
    assert found.returncode == 0, found.stderr
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["settings"]["image_size"] == 128
    assert "photos: 2 measured" in found.stdout
    assert "rooms: 2 measured" in found.stdout
    assert "photos: 100%" in found.stderr
    assert (output / "index.html").stat().st_size > 100_000
