import sys

import pytest

from fast_depth_style.requests import RequestError
from fast_depth_style.serving.export_settings import FORMATS, ExportSettings


def test_every_default_is_a_format():
    assert set(ExportSettings().formats) <= set(FORMATS)


@pytest.mark.parametrize(
    "settings,message",
    [
        ({"formats": ("saved_model", "gguf")}, "unknown format 'gguf'"),
        ({"formats": ()}, "no format"),
        ({"sizes": (256, 15)}, "size 15: the least is 16"),
        ({"sizes": ()}, "no size"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(RequestError, match=message):
        ExportSettings(**settings)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RequestError, match=r"fast-depth-style\[onnx\]"):
        ExportSettings(formats=("onnx",))
