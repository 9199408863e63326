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

A network of several styles, or with dials, has three more inputs in each:
`style`, (b, s) float32 weights of its styles, or in `encoded` (b,) strings such
as `great_wave:0.7,udnie:0.3`; `depth` and `stroke`, (b,) float32, 0..1. In
`statistics` their b is 1. It also has `regions`: `image` and `masks`, (b, h, w,
k) float32 that add up to 1, of k regions, each with its style and dials; and
`region_statistics` and `region_tile`, as without regions but with `masks`.
"""  # noqa: E501 (a table)

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from fast_depth_style.exporting import FRAME, REGION_FRAME
from fast_depth_style.exporting.encoded_pictures import (
    decode_pictures,
    encode_pictures,
)
from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.networks import DIALS
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

SIGNATURES = (
    "serving_default",
    "float",
    "statistics",
    "tile",
    "encoded",
    "regions",
    "region_statistics",
    "region_tile",
)


class ExportError(RuntimeError):
    """A written file does not compute what the network computes."""


def has_choice(network: ImageTransformationNetwork) -> bool:
    """Whether its signatures take a style and dials."""
    return len(network.styles) > 1 or network.dials


def make_signatures(
    network: ImageTransformationNetwork, names: Sequence[str] = SIGNATURES
) -> dict[str, Any]:
    """Traces a built float32 network: {signature: concrete function}."""

    def vectors(asked: tuple[Any, ...]) -> Any:
        if not asked:
            return None
        style, *dials = asked
        return network.vectors(style, tf.stack(dials, axis=1))

    def serve(image: Any, *asked: Any) -> dict[str, Any]:
        painted = network(tf.cast(image, "float32"), vectors(asked))
        return {"stylized_image": _to_bytes(painted)}

    def serve_float(image: Any, *asked: Any) -> dict[str, Any]:
        return {"stylized_image": network(image, vectors(asked))}

    def statistics(images: Any, *asked: Any) -> dict[str, Any]:
        images = tf.cast(images, "float32")
        return {"statistics": network.statistics(images, vectors(asked))}

    def tile(image: Any, statistics: Any, *asked: Any) -> dict[str, Any]:
        image = tf.cast(image, "float32")
        painted = network.stylize_tile(image, statistics, vectors(asked))
        return {"stylized_image": _to_bytes(painted)}

    def frame(
        image: Any, statistics: Any, kept: Any, *asked: Any
    ) -> dict[str, Any]:
        image = tf.cast(image, "float32")
        painted, found = network.stylize_frame(
            image, statistics, kept, vectors(asked)
        )
        return {"stylized_image": _to_bytes(painted), "statistics": found}

    def regions(image: Any, masks: Any, *asked: Any) -> dict[str, Any]:
        image = tf.cast(image, "float32")
        painted = network.stylize_regions(image, vectors(asked), masks)
        return {"stylized_image": _to_bytes(painted)}

    def region_statistics(images: Any, masks: Any, *asked: Any) -> Any:
        images = tf.cast(images, "float32")
        found = network.statistics(images, vectors(asked), masks)
        return {"statistics": found}

    def region_tile(
        image: Any, masks: Any, statistics: Any, *asked: Any
    ) -> dict[str, Any]:
        image = tf.cast(image, "float32")
        painted = network.stylize_tile(image, statistics, vectors(asked), masks)
        return {"stylized_image": _to_bytes(painted)}

    def region_frame(
        image: Any, masks: Any, statistics: Any, kept: Any, *asked: Any
    ) -> dict[str, Any]:
        image = tf.cast(image, "float32")
        painted, found = network.stylize_frame(
            image, statistics, kept, vectors(asked), masks
        )
        return {"stylized_image": _to_bytes(painted), "statistics": found}

    def encoded(image_bytes: Any, *asked: Any) -> dict[str, Any]:
        pictures = tf.cast(decode_pictures(image_bytes), "float32")
        if asked:
            text, *dials = asked
            asked = (parse_blends(text, network.styles), *dials)
        painted = _to_bytes(network(pictures, vectors(asked)))
        return {"stylized_image_bytes": encode_pictures(painted)}

    def pictures(name: str, dtype: str = "uint8") -> Any:
        return tf.TensorSpec((None, None, None, 3), dtype, name=name)

    given = tf.TensorSpec((2, None), "float32", name="statistics")
    kept = tf.TensorSpec((), "float32", name="kept")
    files = tf.TensorSpec((None,), "string", name="image_bytes")
    masks = tf.TensorSpec((None,) * 4, "float32", name="masks")
    weights = tf.TensorSpec((None, len(network.styles)), "float32", "style")
    text = tf.TensorSpec((None,), "string", "style")
    dials = [tf.TensorSpec((None,), "float32", name) for name in DIALS]
    asked = [weights, *dials] if has_choice(network) else []
    return {
        name: tf.function(
            function, input_signature=inputs, autograph=False
        ).get_concrete_function()
        for name, function, inputs in (
            ("serving_default", serve, [pictures("image"), *asked]),
            ("float", serve_float, [pictures("image", "float32"), *asked]),
            ("statistics", statistics, [pictures("images"), *asked]),
            ("tile", tile, [pictures("image"), given, *asked]),
            (FRAME, frame, [pictures("image"), given, kept, *asked]),
            ("encoded", encoded, [files, *([text, *dials] if asked else [])]),
            ("regions", regions, [pictures("image"), masks, *asked]),
            (
                "region_statistics",
                region_statistics,
                [pictures("images"), masks, *asked],
            ),
            (
                "region_tile",
                region_tile,
                [pictures("image"), masks, given, *asked],
            ),
            (
                REGION_FRAME,
                region_frame,
                [pictures("image"), masks, given, kept, *asked],
            ),
        )
        if name in names and (asked or not name.startswith("region"))
    }


def parse_blends(text: Any, names: Sequence[str]) -> Any:
    """`networks.blend.parse_blend` in a graph: (b,) strings to (b, s) weights.

    What it refuses is an InvalidArgument that names the known styles.
    """
    parts = tf.strings.split(text, ",")
    part = tf.strings.regex_replace(parts.flat_values, r"\s", "")
    name = tf.strings.regex_replace(part, ":.*", "")
    number = tf.strings.regex_replace(part, "^[^:]*:?", "")
    number = tf.where(part == name, "1", number)
    known = name[:, None] == tf.constant(names)[None]
    right = tf.reduce_any(known, axis=1) & tf.strings.regex_full_match(
        number, r"[0-9]*\.?[0-9]+"
    )
    number = tf.where(right, number, "0")
    weights = tf.cast(known, "float32") * tf.strings.to_number(number)[:, None]
    weights = tf.math.segment_sum(weights, parts.value_rowids())
    total = tf.reduce_sum(weights, axis=1, keepdims=True)
    # Of a string without a right part there is no row, or one of zeros.
    wrong = f"style: give NAME or NAME:WEIGHT,NAME:WEIGHT of {', '.join(names)}"
    checks = [
        tf.debugging.Assert(tf.reduce_all(right), [wrong]),
        tf.debugging.Assert(tf.reduce_all(total > 0), [wrong]),
    ]
    with tf.control_dependencies(checks):
        return weights / total


def verify_signatures(
    written: Mapping[str, Any], folder: str, names: Sequence[str]
) -> None:
    """Compares a SavedModel with what `make_signatures` made.

    `names` are those of the network's styles.

    Raises:
        ExportError: A signature's result differs.
    """
    model = tf.saved_model.load(folder)
    for seed, size in enumerate(((64, 48), (33, 50))):
        pictures = [soft_shapes(size, seed) for seed in range(2)]
        image = tf.constant(np.stack(pictures))
        ramp = np.linspace(0, 1, size[1], dtype="float32")
        ramp = np.broadcast_to(ramp, (2, *size))
        masks = tf.constant(np.stack([ramp, 1 - ramp], axis=-1))
        function = written["statistics"]
        given = function(
            images=image, **example_request(function, names, seed, 1)
        )
        for name, inputs in (
            ("serving_default", {"image": image}),
            ("float", {"image": tf.cast(image, "float32")}),
            ("statistics", {"images": image}),
            ("tile", {"image": image}),
            ("encoded", {"image_bytes": encode_pictures(image)}),
            ("regions", {"image": image, "masks": masks}),
            ("region_statistics", {"images": image, "masks": masks}),
            ("region_tile", {"image": image, "masks": masks}),
        ):
            if name not in written:
                continue
            batch = 1 if name == "statistics" else len(pictures)
            inputs |= example_request(written[name], names, seed, batch)
            if name in ("tile", "region_tile"):
                inputs["statistics"] = given["statistics"]
            (expected,) = written[name](**inputs).values()
            (actual,) = model.signatures[name](**inputs).values()
            if name == "encoded":
                expected, actual = map(decode_pictures, (expected, actual))
            _compare(name, actual.numpy(), expected.numpy())


def inputs_of(function: Any) -> dict[str, Any]:
    """{name: specification} of what a signature takes."""
    specs = tf.nest.flatten(function.structured_input_signature)
    return {spec.name: spec for spec in specs}


def example_request(
    function: Any, names: Sequence[str], seed: int, batch: int
) -> dict[str, Any]:
    """Random styles and dials for a signature that takes them, of any names."""
    taken = inputs_of(function)
    if "style" not in taken:
        return {}
    random = np.random.default_rng(seed)
    found = {
        name: tf.constant(random.random(batch).astype("float32"))
        for name in DIALS
    }
    weights = random.dirichlet(np.ones(len(names)), batch).astype("float32")
    if taken["style"].dtype != tf.string:
        return found | {"style": tf.constant(weights)}
    texts = [
        ",".join(f"{n}:{w:.6f}" for n, w in zip(names, row, strict=True))
        for row in weights
    ]
    return found | {"style": tf.constant(texts)}


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
