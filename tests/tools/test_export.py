import subprocess
import sys

import keras
import pytest

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving.saved_model import export_saved_model


def _export(**flags):
    return subprocess.run(
        [sys.executable, "-m", "fast_depth_style.tools.export"]
        + [f"--{name}={value}" for name, value in flags.items()],
        capture_output=True,
        text=True,
    )


def test_a_model_is_exported(tmp_path):
    keras.utils.set_random_seed(0)
    network = Transformer(width=0.1, blocks=1)
    network.build()
    export_saved_model(network, tmp_path / "model", {"name": "W"})
    output = tmp_path / "out"
    done = _export(
        workdir=tmp_path, output=output, formats="tflite_float32", sizes=32
    )
    assert done.returncode == 0, done.stderr
    assert "float32_32.tflite" in done.stdout.splitlines()[-1]
    assert (output / "tflite" / "float32_32.tflite").stat().st_size > 9999
    assert (output / "export_report.json").is_file()


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({"formats": "tflite_int4"}, "unknown format 'tflite_int4'"),
        ({"sizes": "256,large"}, "--sizes=256,large is not a list"),
        ({"sizes": "8"}, "size 8: the least is 16"),
    ],
)
def test_wrong_requests_are_refused_before_work(wrong, message, tmp_path):
    flags = {"workdir": tmp_path, "output": tmp_path / "out"} | wrong
    done = _export(**flags)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
