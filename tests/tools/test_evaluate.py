import json

import pytest
from programs import run_program


def _run(*arguments):
    return run_program("evaluate.py", *arguments)


def test_help_says_how():
    found = _run("--help")
    assert found.returncode == 0
    for flag in ("models", "content", "style", "depth_network", "rgbd"):
        assert f"--{flag}\n" in found.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "--models"),
        (
            ("--models=a", "--style=b", "--output=c", "--depth_network=d"),
            "--content=FOLDER",
        ),
    ],
)
def test_wrong_request(arguments, message):
    found = _run(*arguments)
    assert found.returncode == 2
    assert len(found.stderr.strip().splitlines()) == 1
    assert message in found.stderr


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
    # Progress is shown, and when it will be done.
    assert "photos: 100%" in found.stderr and "<00:00" in found.stderr
    assert (output / "index.html").stat().st_size > 100_000
