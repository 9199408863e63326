"""The files in serving/: what a server would read, read by its parsers.

`tensorflow-serving-api` has the messages of the model config only. Those of
the other two files are rebuilt here from the fields of the server's .proto
files.
"""

import pathlib

import pytest
import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_KIT = _ROOT / "serving"


def _message(name, **fields):
    """A message class with optional fields of wrapper types."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto", package="kit", syntax="proto3"
    )
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields.items(), 1):
        added = message.field.add(name=field, number=number, label=1)
        if kind in ("Int64Value", "BoolValue"):
            added.type = added.TYPE_MESSAGE
            added.type_name = f".google.protobuf.{kind}"
        else:
            added.type = {"bool": added.TYPE_BOOL, "str": added.TYPE_STRING}[
                kind
            ]
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"kit.{name}")
    return message_factory.GetMessageClass(found)


def _service():
    text = (_KIT / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["services"]["serving"]


def test_the_server_finds_every_file_that_it_is_told_of():
    service = _service()
    mounts = dict(
        volume.removesuffix(":ro").split(":") for volume in service["volumes"]
    )
    inside = {place: _KIT / source for source, place in mounts.items()}
    flags = dict(
        flag.removeprefix("--").split("=") for flag in service["command"]
    )

    assert all(path.exists() for path in inside.values())
    for name in ("model_config_file", "batching_parameters_file"):
        assert inside[flags[name]].is_file()
    assert inside[flags["monitoring_config_file"]].is_file()
    assert flags["enable_batching"] == "true"
    assert inside["/models"].resolve() == _ROOT / "saved_models"
    assert service["image"].startswith("tensorflow/serving:")
    assert {port.rpartition(":")[2] for port in service["ports"]} == {
        "8500",
        "8501",
    }


def test_the_model_config_names_styles_that_are_there():
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2"
    )
    text = (_KIT / "models.config").read_text(encoding="utf-8")
    found = text_format.Parse(text, config.ModelServerConfig())

    styles = found.model_config_list.config
    assert [style.name for style in styles] == ["great_wave", "starry_night"]
    for style in styles:
        assert style.model_platform == "tensorflow"
        folder = _ROOT / "saved_models" / style.name
        assert style.base_path == f"/models/{style.name}"
        assert (folder / "1" / "saved_model.pb").is_file()


def test_the_batching_parameters_merge_no_two_requests():
    parameters = _message(
        "BatchingParameters",
        max_batch_size="Int64Value",
        batch_timeout_micros="Int64Value",
        max_enqueued_batches="Int64Value",
        num_batch_threads="Int64Value",
        enable_large_batch_splitting="BoolValue",
        max_execution_batch_size="Int64Value",
    )
    text = (_KIT / "batching.config").read_text(encoding="utf-8")
    found = text_format.Parse(text, parameters())

    assert found.max_execution_batch_size.value == 1
    assert found.enable_large_batch_splitting.value
    assert found.max_batch_size.value > 1
    assert found.num_batch_threads.value >= 1
    assert found.max_enqueued_batches.value >= found.max_batch_size.value


def test_the_monitoring_config_is_on():
    inner = _message("PrometheusConfig", enable="bool", path="str")
    text = (_KIT / "monitoring.config").read_text(encoding="utf-8")
    opening, _, rest = text.partition("{")
    found = text_format.Parse(rest.rpartition("}")[0], inner())

    assert opening.strip() == "prometheus_config"
    assert found.enable and found.path.startswith("/monitoring/")
