"""train, optimize, reconstruct and export: as a person calls them."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image
from programs import run_program

from fast_depth_style import files
from fast_depth_style.exporting.saved_model import read_card, read_network
from fast_depth_style.exporting.shipped_card import FOLDER, WEIGHTS
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.runs import checkpoint
from fast_depth_style.runs.folder import write_settings
from fast_depth_style.training.settings import TrainingSettings


@pytest.fixture
def network(material):
    return {
        "perceptual_network": f"vgg19:{material / 'vgg19.npz'}",
        "style_layers": "relu1_1",
    }


@pytest.mark.parametrize(
    "verb, given, out, made",
    [
        (
            "optimize",
            "content=photo.png style=a.png",
            "Done: {0}/made.png; how it came about is in ",
            "made.png",
        ),
        (
            "reconstruct",
            "picture=photo.png",
            "1 of 1: content_relu1_1\n"
            "Done: {0}/made.png; each reconstruction is in ",
            "made.run/content_relu1_1.png",
        ),
    ],
)
def test_a_picture_is_made(material, network, tmp_path, verb, given, out, made):
    layer = {"optimize": "content_layer", "reconstruct": "layers"}[verb]
    request = {
        k: material / v for k, v in (f.split("=") for f in given.split())
    }
    request |= network | {layer: "relu1_1", "size": 32, "iterations": 2}
    if verb == "optimize":
        request["depth_network"] = "none"

    done = run_program(f"{verb}.py", output=tmp_path / "made.png", **request)

    assert done.returncode == 0, done.stderr
    assert done.stdout == out.format(tmp_path) + f"{tmp_path}/made.run\n"
    assert "iteration 2 of 2, loss " in done.stderr
    with Image.open(tmp_path / made) as picture:
        assert picture.size == (32, 24)


def test_without_painting_and_photos_it_learns_our_own(tmp_path):
    pytest.importorskip("sklearn")
    workdir = tmp_path / "run"

    done = run_program("train.py", workdir=workdir, steps=1, image_size=64)

    assert done.returncode == 0, done.stderr
    settings = json.loads((workdir / "settings.json").read_text())
    assert settings["perceptual_network"] == "compact"
    assert settings["style"] == [str(workdir / "samples" / "painting.png")]
    assert settings["initial_model"] == "shipped"
    digest = settings["learned_from"]["initial_model"]
    assert digest == files.digest(FOLDER / WEIGHTS)
    assert f"stylize PHOTO.jpg --style={workdir}/painting.style" in done.stdout
    assert (workdir / "painting.style").is_file()


def test_a_disk_without_room_is_one_line_and_leaves_nothing(
    material, network, tmp_path
):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        refused = run_program(
            "train.py",
            preset="balanced",
            workdir=tmp_path / "run",
            style=material / "painting.png",
            content=material / "photos",
            depth_network="none",
            content_layer="relu1_1",
            image_size=64,
            **network,
        )
        left = list(tmp_path.iterdir())
    finally:
        subprocess.run(["umount", tmp_path], check=True)

    assert refused.returncode == 2
    assert "has 1 MiB free, this needs" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not left


def test_an_unfinished_training_is_exported_as_it_is(tmp_path):
    settings = TrainingSettings(
        style="painting.png", content="photos", width=0.1, steps=3
    )
    trained = ImageTransformationNetwork(
        settings.width, settings.blocks, settings.style_names(), settings.dials
    )
    trained.build()
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    write_settings(run, settings.to_json(), {})
    variables = checkpoint.named("network", trained.variables)
    checkpoint.save_checkpoint(run / "checkpoints", 1, variables)

    output = tmp_path / "out"
    flags = {"formats": "saved_model", "sizes": 32}
    done = run_program("export.py", workdir=run, output=output, **flags)

    assert done.returncode == 0, done.stderr
    card = read_card(output)
    assert (card["steps_done"], card["settings"]["steps"]) == (1, 3)
    assert card["name"] == "painting"
    for weight, expected in zip(
        read_network(output).get_weights(), trained.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, expected)
