"""A PredictionService and a REST endpoint over loaded SavedModels.

It answers on loopback as TensorFlow Serving's API guide says, and says no with
the codes that its sources give: wrong dtype, unknown model, unknown input. It
does not batch.
"""

import base64
import concurrent.futures
import contextlib
import dataclasses
import http.server
import json
import re
import threading

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    predict_pb2,
    prediction_service_pb2_grpc,
)

_HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class _Refusal(Exception):
    def __init__(self, message, code=grpc.StatusCode.INVALID_ARGUMENT):
        super().__init__(message)
        self.code = code


@dataclasses.dataclass
class Server:
    """Addresses and models."""

    rest: str = ""
    grpc: str = ""
    #: Called before each answer; may wait, or raise TensorFlow's errors.
    before: object = None

    def __post_init__(self):
        self.models = {}

    def add(self, name, folder):
        self.models[name] = tf.saved_model.load(str(folder))

    def signature(self, model, name):
        if model not in self.models:
            raise _Refusal(
                f"Servable not found for request: Latest({model})",
                grpc.StatusCode.NOT_FOUND,
            )
        signatures = self.models[model].signatures
        if name not in signatures:
            raise _Refusal(
                f'Serving signature key "{name}" not found.',
                grpc.StatusCode.FAILED_PRECONDITION,
            )
        return signatures[name]

    def predict(self, signature, inputs):
        """Runs a signature on {name: tf.Tensor}."""
        specs = signature.structured_input_signature[1]
        if set(specs) != set(inputs):
            raise _Refusal(
                "input size does not match signature: "
                f"{sorted(inputs)} != {sorted(specs)}"
            )
        for index, (name, value) in enumerate(inputs.items()):
            if value.dtype != specs[name].dtype:
                raise _Refusal(
                    f"Expects arg[{index}] to be {specs[name].dtype.name} but "
                    f"{value.dtype.name} is provided"
                )
        try:
            if self.before is not None:
                self.before()
            return signature(**inputs)
        except tf.errors.OpError as error:
            code = _CODES[error.error_code]
            raise _Refusal(error.message, code) from error


def _service(server):
    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802 (gRPC's name)
            spec = request.model_spec
            inputs = {
                name: tf.constant(tf.make_ndarray(value))
                for name, value in request.inputs.items()
            }
            try:
                signature = server.signature(spec.name, spec.signature_name)
                outputs = server.predict(signature, inputs)
            except _Refusal as refusal:
                context.abort(refusal.code, str(refusal))
            answer = predict_pb2.PredictResponse()
            for name, value in outputs.items():
                proto = tf.make_tensor_proto(value.numpy())
                answer.outputs[name].CopyFrom(proto)
            return answer

    return Service()


def _tensor(value, spec):
    """A JSON value as a tensor: {"b64": …} is bytes, a number has a type."""
    if spec.dtype == tf.string:
        value = [
            v
            if isinstance(v, str)
            else base64.b64decode(v["b64"], validate=True)
            for v in value
        ]
        return tf.constant(value, tf.string, (len(value),))
    array = np.array(value)
    if spec.dtype.is_integer and array.dtype.kind != "i":
        raise _Refusal(
            f"JSON Value: {array.flat[0]} Type: Number is not of expected "
            f"type: {spec.dtype.name}"
        )
    return tf.constant(array, spec.dtype)


def _json(name, value):
    value = value.numpy()
    if value.dtype != object:
        return value.tolist()
    assert name.endswith("_bytes"), "binary output under another name"
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _answer(server, path, body):
    """Status and JSON content of the answer to a POST."""
    try:
        found = re.fullmatch(r"/v1/models/([^/:]+):predict", path)
        if found is None:
            raise _Refusal(f"Malformed request: POST {path}")
        asked = json.loads(body)
        name = asked.get("signature_name", "serving_default")
        signature = server.signature(found[1], name)
        specs = signature.structured_input_signature[1]
        inputs = asked.get("inputs")
        if by_row := "instances" in asked:
            rows = asked["instances"]
            inputs = {key: [row[key] for row in rows] for key in rows[0]}
        tensors = {}
        for key, value in inputs.items():
            if key not in specs:
                raise _Refusal(f"JSON object: does not have named input: {key}")
            tensors[key] = _tensor(value, specs[key])
        ((key, value),) = server.predict(signature, tensors).items()
        # The name of an only output is left out.
        return 200, {"predictions" if by_row else "outputs": _json(key, value)}
    except _Refusal as refusal:
        return _HTTP.get(refusal.code, 500), {"error": str(refusal)}


def _handler(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):  # noqa: N802 (http.server's name)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = _answer(server, self.path, body)
            content = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            # A client that ran out of patience is gone.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return Handler


class _HttpServer(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


@contextlib.contextmanager
def running(models):
    """Serves {name: folder of a SavedModel} while the context lasts."""
    server = Server()
    for name, folder in models.items():
        server.add(name, folder)
    rest = _HttpServer(("127.0.0.1", 0), _handler(server))
    thread = threading.Thread(target=rest.serve_forever)
    unlimited = [
        (f"grpc.max_{way}_message_length", -1) for way in ("receive", "send")
    ]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        rpc = grpc.server(pool, options=unlimited)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            _service(server), rpc
        )
        server.grpc = f"grpc://127.0.0.1:{rpc.add_insecure_port('127.0.0.1:0')}"
        server.rest = f"http://127.0.0.1:{rest.server_port}"
        rpc.start()
        thread.start()
        try:
            yield server
        finally:
            rest.shutdown()
            thread.join()
            rest.server_close()
            rpc.stop(None).wait()
