import importlib.util

import pytest

from fast_depth_style.demo.run import run
from fast_depth_style.serving.saved_model import read_model

if importlib.util.find_spec("sklearn") is None:
    pytest.skip("needs scikit-learn's photos", allow_module_level=True)


@pytest.mark.slow
def test_the_demo_trains_exports_stylizes_and_shows(tmp_path, capsys):
    page = run(tmp_path / "demo", tmp_path / "no_styles", steps=2)
    assert page.read_text().count("data:image/") == 1 + 2 * 4 + 2
    assert (tmp_path / "demo" / "china_our_painting.jpg").stat().st_size > 9999
    exported = tmp_path / "demo" / "training" / "model" / "tflite"
    assert (exported / "float16_256.tflite").is_file()
    assert "float16_256.tflite" in page.read_text()
    assert (
        "serving_default"
        in read_model(tmp_path / "demo" / "training" / "model").signatures
    )
    assert str(page.resolve()) in capsys.readouterr().out
