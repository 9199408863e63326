import pytest
from programs import run_program


def _export(**flags):
    return run_program("export.py", **flags)


def test_a_model_is_exported(small_model, tmp_path):
    output = tmp_path / "out"
    done = _export(
        workdir=small_model, output=output, formats="tflite_float32", sizes=32
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
