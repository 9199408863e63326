"""A client of TensorFlow Serving, by REST or gRPC.

Both speak the same four words: a model, a signature, named inputs, one output.
REST needs no TensorFlow on this side; gRPC takes tensorflow-serving-api's
stubs, which import it.
"""

import abc
import base64
import dataclasses
import importlib.util
import io
import json
import pathlib
import urllib.parse

import numpy as np
import requests
from PIL import Image

from fast_depth_style.images.files import (
    UnreadablePicture,
    read_picture,
    read_rgb,
    write_picture,
)
from fast_depth_style.requests import RequestError

#: Port of each kind of server where its address names none.
PORTS = {"http": 8501, "https": 443, "grpc": 8500}


class ModelNotFound(RequestError):
    """The server runs, but not this model."""


class InvalidArgument(RequestError):
    """The server runs, and says that the request is wrong."""


class ServerError(RuntimeError):
    """No answer: the server is not there, too slow, or failed."""


class Client(abc.ABC):
    """A connection to one server; for one thread at a time.

    Attributes:
        server: Its address, as in `connect`.
        timeout: Seconds without an answer after which a request fails.
    """

    def __init__(self, server: str, timeout: float):
        """Makes a client; nothing is sent yet."""
        self.server = server
        self.timeout = timeout

    def __enter__(self):
        """Returns itself."""
        return self

    def __exit__(self, *error):
        """Closes the connection."""
        self.close()

    @abc.abstractmethod
    def predict(
        self, model: str, signature: str, inputs: dict[str, np.ndarray]
    ) -> np.ndarray:
        """Runs one signature of a model.

        Args:
            model: Name under which the server knows it.
            signature: `serving_default`, `encoded`, …
            inputs: By name. Numbers, or arrays of dtype object that hold
                bytes: see `byte_strings`.

        Returns:
            The signature's only output. REST knows whole numbers, but not how
            many bits they have: they come as int64.

        Raises:
            ModelNotFound: The server has no such model.
            InvalidArgument: It refuses the request.
            ServerError: It gives no answer.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Closes the connection."""

    def _too_late(self) -> ServerError:
        return ServerError(
            f"{self.server}: no answer within {self.timeout:g} seconds; give it"
            " more time or a smaller picture"
        )

    def _unavailable(self, reason: str) -> ServerError:
        return ServerError(
            f"{self.server}: not available; start the server, correct its"
            f" address, or wait if it is busy ({_line(reason)})"
        )

    def _not_found(self, model: str, reason: str) -> ModelNotFound:
        return ModelNotFound(
            f"{self.server}: no model {model!r} is served there; choose one of"
            f" its model config ({_line(reason)})"
        )

    def _refused(self, reason: str) -> InvalidArgument:
        return InvalidArgument(f"{self.server}: refused: {_line(reason)}")

    def _failed(self, reason: str) -> ServerError:
        return ServerError(f"{self.server}: failed: {_line(reason)}")


def connect(server: str, timeout: float) -> Client:
    """Makes a client for an address.

    Args:
        server: `http://host:8501`, `https://host` (also with a path in front
            of `/v1`, as behind a proxy) or `grpc://host:8500`.
        timeout: Seconds without an answer after which a request fails.

    Raises:
        RequestError: The address is none of these, or gRPC's stubs are not
            installed.
    """
    wrong = RequestError(
        f"{server}: not the address of a server; give http://host:8501 (REST)"
        " or grpc://host:8500"
    )
    try:
        parts = urllib.parse.urlsplit(server)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        raise wrong from error
    if not parts.hostname or port is None or parts.query or parts.fragment:
        raise wrong
    if not timeout > 0:
        raise RequestError(f"a time-out of {timeout:g} seconds: give more")
    # An IPv6 address keeps its brackets.
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.scheme != "grpc":
        base = f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
        return RestClient(server, timeout, base)
    if parts.path not in ("", "/"):
        raise wrong
    if importlib.util.find_spec("tensorflow_serving") is None:
        raise RequestError(
            "tensorflow-serving-api is not installed: pip install"
            " 'fast-depth-style[serving]', or take the REST address"
        )
    return GrpcClient(server, timeout, f"{host}:{port}")


class RestClient(Client):
    """Speaks the REST API, in its columnar format."""

    def __init__(self, server: str, timeout: float, base: str):
        """See `connect`; `base` is what stands in front of `/v1`."""
        super().__init__(server, timeout)
        self._base = base
        self._session = requests.Session()

    def predict(self, model, signature, inputs):
        """See `Client.predict`."""
        body = {
            "signature_name": signature,
            "inputs": {name: _to_json(v) for name, v in inputs.items()},
        }
        quoted = urllib.parse.quote(model, safe="")
        try:
            answer = self._session.post(
                f"{self._base}/v1/models/{quoted}:predict",
                data=json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
                timeout=self.timeout,
            )
        except requests.Timeout as error:
            raise self._too_late() from error
        except requests.RequestException as error:
            raise self._unavailable(_innermost(error)) from error
        try:
            content = answer.json()
            key = "outputs" if answer.status_code == 200 else "error"
            content = content[key]
        except (ValueError, LookupError, TypeError) as error:
            raise self._failed(
                f"HTTP {answer.status_code}, and not as TensorFlow Serving"
                " answers; is the address that of its REST API?"
            ) from error
        if answer.status_code == 200:
            return _from_json(content)
        if answer.status_code == 404:
            raise self._not_found(model, content)
        if answer.status_code == 400:
            raise self._refused(content)
        if answer.status_code == 503:  # Its queue is full.
            raise self._unavailable(content)
        raise self._failed(f"HTTP {answer.status_code}: {content}")

    def close(self):
        """Closes the connection."""
        self._session.close()


class GrpcClient(Client):
    """Speaks gRPC's PredictionService."""

    def __init__(self, server: str, timeout: float, target: str):
        """See `connect`; `target` is host:port."""
        super().__init__(server, timeout)
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        # Pictures are larger than gRPC's default of 4 MiB a message.
        unlimited = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
        ]
        self._channel = grpc.insecure_channel(target, unlimited)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(
            self._channel
        )

    def predict(self, model, signature, inputs):
        """See `Client.predict`."""
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        try:
            answer = self._stub.Predict(request, timeout=self.timeout)
        except grpc.RpcError as error:
            code, reason = error.code(), error.details() or ""
            if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise self._too_late() from error
            if code == grpc.StatusCode.UNAVAILABLE:
                raise self._unavailable(reason) from error
            if code == grpc.StatusCode.NOT_FOUND:
                raise self._not_found(model, reason) from error
            # Those that TensorFlow Serving makes HTTP 400.
            if code in (
                grpc.StatusCode.INVALID_ARGUMENT,
                grpc.StatusCode.FAILED_PRECONDITION,
                grpc.StatusCode.OUT_OF_RANGE,
            ):
                raise self._refused(reason) from error
            raise self._failed(f"{code.name}: {reason}") from error
        (output,) = answer.outputs.values()
        return tf.make_ndarray(output)

    def close(self):
        """Closes the connection."""
        self._channel.close()


def stylize_photo(
    client: Client, model: str, photo: pathlib.Path, target: pathlib.Path
) -> None:
    """Stylizes one photo on a server, through its signature `encoded`.

    The photo is read here, as `stylize` reads it (upright, transparency and
    ICC profile kept, every format), and sent as PNG: what comes back is what
    the model would paint on this machine.

    Args:
        client: From `connect`.
        model: Name under which the server knows it.
        photo: What to read.
        target: What to write, whole or not at all; its folder is made where it
            is missing.

    Raises:
        UnreadablePicture: The photo cannot be decoded.
        RequestError: The photo is gone, or the server refuses it.
        ServerError: The server gives no answer, or one that is no picture of
            this size.
    """
    picture = read_picture(photo)
    (answer,) = client.predict(
        model, "encoded", {"image_bytes": byte_strings(to_png(picture.rgb))}
    )
    try:
        painted = read_rgb(answer)
    except UnreadablePicture as error:
        raise client._failed("the answer is not a picture") from error
    if painted.shape != picture.rgb.shape:
        raise client._failed("the answer has another size than the photo")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(target, dataclasses.replace(picture, rgb=painted))


def byte_strings(*values: bytes) -> np.ndarray:
    """Returns (n,) of dtype object: NumPy's own cuts zeros off the end."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def to_png(rgb: np.ndarray) -> bytes:
    """Encodes (height, width, 3) uint8 as PNG, quickly."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _to_json(value: np.ndarray):
    if value.dtype != object:
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _from_json(value) -> np.ndarray:
    """The array of a single output; bytes come as {"b64": …}."""
    if value and isinstance(value, list) and isinstance(value[0], dict):
        return byte_strings(*(base64.b64decode(v["b64"]) for v in value))
    return np.array(value)


def _innermost(error: BaseException) -> str:
    """What the system said, below the wrappings of two libraries."""
    while isinstance(error.__context__, Exception):
        error = error.__context__
    return str(error)


def _line(text: str, longest: int = 300) -> str:
    """One line, without the bulk of a picture that an error may quote."""
    text = "".join(c if c.isprintable() else " " for c in str(text))
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"
