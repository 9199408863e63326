"""Client of a TensorFlow Serving, by REST or gRPC.

Both take a model, a signature and named inputs and give one output. REST needs
no TensorFlow on this side; gRPC takes tensorflow-serving-api's stubs, which
import it.
"""

import base64
import dataclasses
import io
import pathlib
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from PIL import Image

from fast_depth_style import files
from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.images.files import read_picture, read_rgb, write_picture
from fast_depth_style.images.picture import UnreadablePicture

try:
    import requests
except ImportError as error:
    raise MissingExtraError("a server", "serving") from error

_PORTS = {"http": 8501, "https": 443, "grpc": 8500}

# TensorFlow Serving's HTTP status codes, as gRPC's; all others are failures.
_HTTP = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 503: "UNAVAILABLE"}


class InvalidArgument(RequestError):
    """The server runs, and says that the request is wrong."""


class ServerError(RuntimeError):
    """No answer: the server is not there, too slow, or failed."""


class Client:
    """A connection to one server, to be closed; for one thread at a time."""

    def __init__(self, server: str, timeout: float):
        """Checks the address; nothing is sent yet.

        Args:
            server: `http://host:8501`, `https://host` (also with a path in
                front of `/v1`, as behind a proxy) or `grpc://host:8500`.
            timeout: Seconds without an answer after which a request fails.

        Raises:
            RequestError: It is no such address.
            MissingExtraError: gRPC's stubs are not installed.
        """
        scheme, target, path = _parse(server)
        self._server = server
        self._timeout = timeout
        self._connection: Any
        if scheme != "grpc":
            self._base = f"{scheme}://{target}{path}"
            self._connection = requests.Session()
            self._answer = self._rest
            return
        try:
            import grpc
            from tensorflow_serving.apis import (
                prediction_service_pb2_grpc as stubs,
            )
        except ImportError as error:
            raise MissingExtraError(f"gRPC ({server})", "serving") from error
        # Pictures are larger than gRPC's default of 4 MiB a message.
        ways = ("receive", "send")
        sizes = [(f"grpc.max_{way}_message_length", -1) for way in ways]
        self._connection = grpc.insecure_channel(target, sizes)
        self._stub = stubs.PredictionServiceStub(self._connection)
        self._answer = self._grpc

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Closes the connection."""
        self._connection.close()

    def predict(
        self, model: str, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Runs a signature of a model: its only output.

        Inputs are numbers, or bytes as of `byte_strings`. Whole numbers come as
        int64 by REST. Raises RequestError for a model that is not there,
        InvalidArgument for a refused request, ServerError without an answer.
        """
        if not model or not model.isprintable():
            raise RequestError(
                f"--model={_line(files.printable(model))}: give the name of a"
                " model on the server"
            )
        return self._answer(model, signature, inputs)

    def stylize_files(
        self,
        model: str,
        pictures: Sequence[bytes],
        asked: Mapping[str, str | float] | None = None,
    ) -> Any:
        """Stylizes picture files of one size: a PNG file for each, as bytes.

        `asked` are `style`, as text, `depth` and `stroke`, of a model that has
        them. It runs the signature `encoded`, and raises what `predict` raises.
        """
        inputs = {"image_bytes": byte_strings(*pictures)}
        inputs |= asked_inputs(asked or {}, len(pictures))
        answer = self.predict(model, "encoded", inputs)
        if answer.shape != (len(pictures),) or answer.dtype != object:
            raise self.error(
                f"{len(pictures)} pictures were sent, and not so many came back"
            )
        return answer

    def styles(self, model: str) -> list[str]:
        """Style names of a model; empty if it has none to choose from.

        They are read from its answer to an unknown style.
        """
        picture = encode(np.zeros((16, 16, 3), np.uint8))
        asked: dict[str, str | float] = {"style": "?", "depth": 0, "stroke": 0}
        try:
            self.stylize_files(model, [picture], asked)
        except InvalidArgument as error:
            names = re.search(r"NAME:WEIGHT of ([\w, ]+\w)", str(error))
            return names[1].split(", ") if names else []
        return []

    def _rest(
        self, model: str, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """The answer of the REST API, in its columnar format."""
        body = {
            "signature_name": signature,
            "inputs": {name: _to_json(v) for name, v in inputs.items()},
        }
        quoted = urllib.parse.quote(model, safe="")
        url = f"{self._base}/v1/models/{quoted}:predict"
        try:
            answer = self._connection.post(
                url, json=body, timeout=self._timeout
            )
        except requests.Timeout as error:
            raise self.error("", "DEADLINE_EXCEEDED") from error
        except requests.RequestException as error:
            raise self.error(_innermost(error), "UNAVAILABLE") from error
        status = answer.status_code
        try:
            if status == 200:
                return _from_json(answer.json()["outputs"])
            reason = answer.json()["error"]
        except (ValueError, LookupError, TypeError) as error:
            raise self.error(
                f"HTTP {status}, and not as TensorFlow Serving answers; is the"
                " address that of its REST API?"
            ) from error
        raise self.error(reason, _HTTP.get(status, f"HTTP {status}"), model)

    def _grpc(
        self, model: str, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """The answer of gRPC's PredictionService."""
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        try:
            answer = self._stub.Predict(request, timeout=self._timeout)
        except grpc.RpcError as error:
            reason = error.details() or ""
            raise self.error(reason, error.code().name, model) from error
        if len(answer.outputs) != 1:
            raise self.error(f"{len(answer.outputs)} outputs instead of one")
        (output,) = answer.outputs.values()
        return tf.make_ndarray(output)

    def error(self, reason: str, code: str = "", model: str = "") -> Exception:
        """The exception for a gRPC status code and what the server said."""
        reason = _line(reason)
        kind: type[Exception] = ServerError
        match code:
            case "DEADLINE_EXCEEDED":
                text = f"no answer within {self._timeout:g} seconds"
                text += "; give it more"
            case "UNAVAILABLE":
                text = (
                    "not available; start it, correct its address, or wait if"
                    f" it is busy ({reason})"
                )
            case "NOT_FOUND":
                kind = RequestError
                text = f"no model {model!r} is served there ({reason})"
            # Those that TensorFlow Serving makes HTTP 400.
            case "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE":
                kind, text = InvalidArgument, f"refused: {reason}"
            case _:
                text = f"failed: {f'{code}: ' if code else ''}{reason}"
        return kind(f"{self._server}: {text}")


def _parse(server: str) -> tuple[str, str, str]:
    """Scheme, host:port and path of a server's address, or RequestError."""
    wrong = RequestError(
        f"--server={files.printable(server)}: not the address of a server; give"
        " http://host:8501 (REST) or grpc://host:8500"
    )
    try:
        parts = urllib.parse.urlsplit(server)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
        (host or "").encode("idna")  # As `requests` will.
    except ValueError as error:
        raise wrong from error
    path = parts.path.rstrip("/")
    unasked = parts.query or parts.fragment or (parts.scheme == "grpc" and path)
    odd = " " in server or not server.isprintable()
    if odd or not host or port is None or unasked:
        raise wrong
    # An IPv6 address keeps its brackets.
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return parts.scheme, target, path


def stylize_photo(
    client: Client,
    model: str,
    photo: pathlib.Path,
    target: pathlib.Path,
    asked: Mapping[str, str | float] | None = None,
) -> None:
    """Stylizes one photo on a server and writes it, whole or not at all.

    The photo is read as `stylize` reads it (upright, transparency and ICC
    profile kept, every format), and sent as PNG. `asked` is that of
    `stylize_files`. Raises UnreadablePicture for the photo, RequestError if the
    server refuses it, ServerError for no answer or no picture of its size.
    """
    picture = read_picture(photo)
    (answer,) = client.stylize_files(model, [encode(picture.rgb)], asked)
    try:
        painted = read_rgb(answer)
    except UnreadablePicture as error:
        raise client.error("the answer is not a picture") from error
    if painted.shape != picture.rgb.shape:
        raise client.error("the answer has another size than the photo")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(target, dataclasses.replace(picture, rgb=painted))


def asked_inputs(
    asked: Mapping[str, str | float], count: int
) -> dict[str, np.ndarray]:
    """Style and dials of so many pictures, as `encoded` takes them."""
    return {
        name: byte_strings(*[value.encode()] * count)
        if isinstance(value, str)
        else np.full(count, value, np.float32)
        for name, value in asked.items()
    }


def byte_strings(*values: bytes) -> np.ndarray:
    """(n,) of dtype object: NumPy's own strings lose zeros at their end."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def encode(rgb: np.ndarray, format: str = "PNG") -> bytes:
    """Encodes (height, width, 3) uint8, quickly."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, compress_level=1)
    return file.getvalue()


def _to_json(value: np.ndarray) -> Any:
    if value.dtype != object:
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _from_json(value: Any) -> np.ndarray:
    """The array of a single output; bytes come as {"b64": …}."""
    if value and isinstance(value, list) and isinstance(value[0], dict):
        return byte_strings(*(base64.b64decode(v["b64"]) for v in value))
    array = np.array(value)
    if array.dtype.kind not in "iuf":
        raise ValueError("neither numbers nor bytes")
    return array


def _innermost(error: BaseException) -> str:
    """Message of the innermost exception."""
    while isinstance(error.__context__, Exception):
        error = error.__context__
    return str(error)


def _line(text: str, longest: int = 300) -> str:
    """One printable line, cut: an error may quote a whole picture."""
    text = "".join(c if c.isprintable() else " " for c in str(text))
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"
