import numpy as np
import pytest
from programs import run_program

from fast_depth_style.exporting.saved_model import read_card, read_network
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.runs import checkpoint
from fast_depth_style.runs.folder import write_settings
from fast_depth_style.training.settings import TrainingSettings


def test_a_model_is_exported(small_model, tmp_path):
    output = tmp_path / "out"
    done = run_program(
        "export.py",
        workdir=small_model,
        output=output,
        formats="tflite_float32",
        sizes="32,48x40",
    )
    assert done.returncode == 0, done.stderr
    assert "float32_48x40.tflite" in done.stdout.splitlines()[-1]
    assert (output / "tflite" / "float32_48x40.tflite").stat().st_size > 9999
    assert (output / "export_report.json").is_file()


def test_an_unfinished_training_is_exported_as_it_is(tmp_path):
    settings = TrainingSettings(
        style="painting.png", content="photos", width=0.1, steps=3
    )
    network = ImageTransformationNetwork(
        settings.width, settings.blocks, settings.style_names(), settings.dials
    )
    network.build()
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    write_settings(run, settings.to_json(), {})
    variables = checkpoint.named("network", network.variables)
    checkpoint.save_checkpoint(run / "checkpoints", 1, variables)

    output = tmp_path / "out"
    flags = {"formats": "saved_model", "sizes": 32}
    done = run_program("export.py", workdir=run, output=output, **flags)

    assert done.returncode == 0, done.stderr
    card = read_card(output)
    assert (card["steps_done"], card["settings"]["steps"]) == (1, 3)
    assert card["name"] == "painting"
    for weight, expected in zip(
        read_network(output).get_weights(), network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({"formats": "tflite_int4"}, "--formats=tflite_int4: choose of"),
        ({"sizes": "8"}, "--sizes=8: must be from 16x16"),
        ({"workdir": ""}, "--workdir= is empty"),
        ({"workdir": "{}/none"}, "none: no such folder"),
        ({"photos": ""}, "--photos= is empty"),
        ({"output": ""}, "--output= is empty"),
        ({"output": "{}"}, "holds other files (README.md)"),
        ({"output": "{}/README.md"}, "is a file: give a folder"),
        ({"output": "/proc/out"}, "cannot be written"),
    ],
)
def test_wrong_requests_are_refused_before_work(
    wrong, message, small_model, tmp_path
):
    (tmp_path / "README.md").write_text("mine")
    flags = {"workdir": small_model, "output": tmp_path / "out"} | wrong
    flags = {k: str(v).format(tmp_path) for k, v in flags.items()}
    done = run_program("export.py", **flags)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
