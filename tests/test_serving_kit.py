"""The files in serving/, as a server would read them."""

import pathlib

import pytest
import yaml
from google.protobuf import text_format

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_KIT = _ROOT / "serving"


def _text(name):
    return (_KIT / name).read_text(encoding="utf-8")


def test_the_server_finds_every_file_that_it_is_told_of():
    service = yaml.safe_load(_text("compose.yaml"))["services"]["serving"]
    mounts = dict(
        volume.removesuffix(":ro").split(":") for volume in service["volumes"]
    )
    inside = {place: _KIT / source for source, place in mounts.items()}
    flags = dict(
        flag.removeprefix("--").split("=") for flag in service["command"]
    )

    for name in ("model_config", "batching_parameters", "monitoring_config"):
        assert inside[flags[f"{name}_file"]].is_file()
    assert flags["enable_batching"] == "true"
    assert inside["/models"].resolve() == _ROOT / "saved_models"
    assert service["image"].startswith("tensorflow/serving:")
    ports = {port.rpartition(":")[2] for port in service["ports"]}
    assert ports == {"8500", "8501"}


def test_the_model_config_names_what_belongs_in_saved_models():
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2"
    )
    found = text_format.Parse(
        _text("models.config"), config.ModelServerConfig()
    )

    made = (_ROOT / "saved_models" / "README.md").read_text(encoding="utf-8")
    models = found.model_config_list.config
    assert [model.name for model in models] == ["styles"]
    for model in models:
        assert model.model_platform == "tensorflow"
        assert model.base_path == f"/models/{model.name}"
        assert f" --output=saved_models/{model.name}\n" in made


def test_the_batching_parameters_merge_no_two_requests():
    """Which may be pictures of different sizes."""
    lines = _text("batching.config").splitlines()
    assert "max_execution_batch_size { value: 1 }" in lines
    assert "enable_large_batch_splitting { value: true }" in lines
