"""The backend of Keras, checked without importing Keras."""

import json
import os
import pathlib

from fast_depth_style.errors import RequestError


def require_known_backend() -> None:
    """Raises RequestError unless Keras is going to use TensorFlow or JAX.

    It takes the backend from KERAS_BACKEND, or else from keras.json in
    KERAS_HOME or ~/.keras.
    """
    name, source = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND="
    if not name:
        home = os.environ.get("KERAS_HOME") or "~/.keras"
        path = pathlib.Path(home).expanduser() / "keras.json"
        source = f"{path}: backend "
        try:
            name = json.loads(path.read_text()).get("backend")
        except (OSError, ValueError, AttributeError):
            return  # Keras then takes its default, TensorFlow.
    if name and name not in ("tensorflow", "jax"):
        raise RequestError(
            f"{source}{name} is not supported: set tensorflow or jax"
        )
