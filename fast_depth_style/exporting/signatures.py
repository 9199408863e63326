"""The signatures of an exported SavedModel.

All take pictures of any size from 16x16 pixels up, RGB; b is the batch.

| signature         | inputs                                 | output         |
|-------------------|----------------------------------------|----------------|
| `serving_default` | `image` (b, h, w, 3) uint8             | `stylized_image` (b, h, w, 3) uint8 |
| `float`           | `image` (b, h, w, 3) float32, 0..255   | `stylized_image` (b, h, w, 3) float32, unclipped |
| `statistics`      | `images` (n, h, w, 3) uint8, patches of one picture | `statistics` (2, c) float32 |
| `tile`            | `image` (b, h, w, 3) uint8, `statistics` (2, c) float32 | `stylized_image` (b, h, w, 3) uint8 |
| `encoded`         | `image_bytes` (b,) string: JPEG, PNG, WebP | `stylized_image_bytes` (b,) string: PNG |

`statistics` and `tile` stylize a picture that is too large for memory: see
`stylization.tiles`. What `encoded` takes and refuses: see `encoded_pictures`.
"""  # noqa: E501 (a table)

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from fast_depth_style.exporting.encoded_pictures import (
    decode_pictures,
    encode_pictures,
)
from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

SIGNATURES = ("serving_default", "float", "statistics", "tile", "encoded")


class ExportError(RuntimeError):
    """A written file does not compute what the network computes."""


def make_signatures(network: ImageTransformationNetwork) -> dict[str, Any]:
    """Traces a built float32 network: {signature: concrete function}."""

    def serve(image: Any) -> dict[str, Any]:
        painted = network(tf.cast(image, "float32"))
        return {"stylized_image": _to_bytes(painted)}

    def serve_float(image: Any) -> dict[str, Any]:
        return {"stylized_image": network(image)}

    def statistics(images: Any) -> dict[str, Any]:
        return {"statistics": network.statistics(tf.cast(images, "float32"))}

    def tile(image: Any, statistics: Any) -> dict[str, Any]:
        painted = network.stylize_tile(tf.cast(image, "float32"), statistics)
        return {"stylized_image": _to_bytes(painted)}

    def encoded(image_bytes: Any) -> dict[str, Any]:
        pictures = tf.cast(decode_pictures(image_bytes), "float32")
        painted = _to_bytes(network(pictures))
        return {"stylized_image_bytes": encode_pictures(painted)}

    def pictures(name: str, dtype: str = "uint8") -> Any:
        return tf.TensorSpec((None, None, None, 3), dtype, name=name)

    given = tf.TensorSpec((2, None), "float32", name="statistics")
    files = tf.TensorSpec((None,), "string", name="image_bytes")
    return {
        name: tf.function(
            function, input_signature=inputs, autograph=False
        ).get_concrete_function()
        for name, function, inputs in (
            ("serving_default", serve, [pictures("image")]),
            ("float", serve_float, [pictures("image", "float32")]),
            ("statistics", statistics, [pictures("images")]),
            ("tile", tile, [pictures("image"), given]),
            ("encoded", encoded, [files]),
        )
    }


def verify_signatures(written: Mapping[str, Any], folder: str) -> None:
    """Compares a SavedModel with what `make_signatures` made.

    Raises:
        ExportError: A signature's result differs.
    """
    model = tf.saved_model.load(folder)
    for size in ((64, 48), (33, 50)):
        pictures = [soft_shapes(size, seed) for seed in range(2)]
        image = tf.constant(np.stack(pictures))
        given = written["statistics"](images=image)["statistics"]
        for name, inputs in (
            ("serving_default", {"image": image}),
            ("float", {"image": tf.cast(image, "float32")}),
            ("statistics", {"images": image}),
            ("tile", {"image": image, "statistics": given}),
            ("encoded", {"image_bytes": encode_pictures(image)}),
        ):
            (expected,) = written[name](**inputs).values()
            (actual,) = model.signatures[name](**inputs).values()
            if name == "encoded":
                expected, actual = map(decode_pictures, (expected, actual))
            _compare(name, actual.numpy(), expected.numpy())


def _compare(name: str, actual: np.ndarray, expected: np.ndarray) -> None:
    """Raises unless two results agree; one with a NaN in it never does."""
    allowed: Any = 1e-3 * np.maximum(np.abs(expected), 1.0)
    if expected.dtype == np.uint8:
        allowed = 1.0
    elif name == "float":
        allowed = 1e-3 * 255.0
    error = np.abs(actual.astype("float64") - expected)
    if actual.shape != expected.shape or not np.all(error <= allowed):
        raise ExportError(
            f"the exported model is wrong and was not kept: signature {name!r} "
            f"differs from the network by up to {np.max(error):.3g}"
        )


def _to_bytes(painted: Any) -> Any:
    return tf.cast(tf.round(tf.clip_by_value(painted, 0.0, 255.0)), "uint8")
