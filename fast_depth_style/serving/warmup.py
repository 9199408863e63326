"""Requests that TensorFlow Serving sends itself before it opens a model.

The first request of a signature is slow: kernels are chosen and memory is
found. A server that finds `assets.extra/tf_serving_warmup_requests` in a model
has that behind it when the first user comes.
"""

import pathlib

import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto


def write_warmup(
    folder: str | pathlib.Path,
    requests: dict[str, dict[str, tf.Tensor | TensorProto]],
) -> pathlib.Path:
    """Writes the warm-up requests of a SavedModel.

    They are `PredictionLog` messages of TensorFlow Serving
    (`tensorflow_serving/apis/prediction_log.proto`), one a record. Only four of
    their fields are needed, so they are written here by the rules of the wire
    format, and nobody needs `tensorflow-serving-api` to export.

    Args:
        folder: A SavedModel, to which `assets.extra/` is added.
        requests: {signature: {input: its value}}.

    Returns:
        The file.
    """
    path = pathlib.Path(folder) / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            # PredictionLog.predict_log.request
            writer.write(_field(6, _field(1, _request(signature, inputs))))
    return path


def _request(signature: str, inputs: dict) -> bytes:
    """A PredictRequest."""
    entries = (
        _field(1, name.encode())
        + _field(2, tf.make_tensor_proto(value).SerializeToString())
        for name, value in sorted(inputs.items())
    )
    # model_spec.signature_name, then the map of the inputs.
    spec = _field(1, _field(3, signature.encode()))
    return spec + b"".join(_field(2, entry) for entry in entries)


def _field(number: int, content: bytes) -> bytes:
    """A field of a message whose value is of a given length."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    octets = []
    while number > 127:
        octets.append(number % 128 + 128)
        number //= 128
    return bytes([*octets, number])
