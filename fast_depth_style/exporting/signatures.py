"""The signatures of an exported SavedModel.

docs/export_and_serving.md lists them with inputs and outputs. `statistics` and
`tile` stylize a picture that is too large for memory: see `stylization.tiles`.
What `encoded` takes and refuses: see `encoded_pictures`.

Each signature of a network of several styles, or with dials, also takes
`style`, (b, s) float32 weights of its styles, or in `encoded` (b,) strings such
as `great_wave:0.7,udnie:0.3`; `depth` and `stroke`, (b,) float32, 0..1. In
`statistics` their b is 1. Those of regions take `masks`, (b, h, w, k) float32
that add up to 1, of k regions, each with its style and dials.
"""

from collections.abc import Callable, Mapping, Sequence
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
    """Traces a built float32 network: {signature: concrete function}.

    Beside `SIGNATURES` it knows `FRAME` and `REGION_FRAME`.
    """

    def vectors(given: Mapping[str, Any]) -> Any:
        if "style" not in given:
            return None
        dials = tf.stack([given[name] for name in DIALS], axis=1)
        return network.vectors(given["style"], dials)

    def paint(given: Mapping[str, Any]) -> dict[str, Any]:
        image = tf.cast(given["image"], "float32")
        painted = network(image, vectors(given))
        return {"stylized_image": _to_bytes(painted)}

    def paint_float(given: Mapping[str, Any]) -> dict[str, Any]:
        return {"stylized_image": network(given["image"], vectors(given))}

    def paint_encoded(given: Mapping[str, Any]) -> dict[str, Any]:
        pictures = tf.cast(decode_pictures(given["image_bytes"]), "float32")
        if "style" in given:
            style = parse_blends(given["style"], network.styles)
            given = {**given, "style": style}
        painted = _to_bytes(network(pictures, vectors(given)))
        return {"stylized_image_bytes": encode_pictures(painted)}

    def paint_regions(given: Mapping[str, Any]) -> dict[str, Any]:
        image = tf.cast(given["image"], "float32")
        painted = network.stylize_regions(image, vectors(given), given["masks"])
        return {"stylized_image": _to_bytes(painted)}

    # With `masks` among the inputs of the next three, they are of regions.

    def statistics(given: Mapping[str, Any]) -> dict[str, Any]:
        images = tf.cast(given["images"], "float32")
        found = network.statistics(images, vectors(given), given.get("masks"))
        return {"statistics": found}

    def paint_tile(given: Mapping[str, Any]) -> dict[str, Any]:
        painted = network.stylize_tile(
            tf.cast(given["image"], "float32"),
            given["statistics"],
            vectors(given),
            given.get("masks"),
        )
        return {"stylized_image": _to_bytes(painted)}

    def paint_frame(given: Mapping[str, Any]) -> dict[str, Any]:
        painted, found = network.stylize_frame(
            tf.cast(given["image"], "float32"),
            given["statistics"],
            given["kept"],
            vectors(given),
            given.get("masks"),
        )
        return {"stylized_image": _to_bytes(painted), "statistics": found}

    image = _pictures("image")
    images = _pictures("images")
    floats = _pictures("image", "float32")
    files = tf.TensorSpec((None,), "string", "image_bytes")
    pooled = tf.TensorSpec((2, None), "float32", "statistics")
    kept = tf.TensorSpec((), "float32", "kept")
    masks = tf.TensorSpec((None,) * 4, "float32", "masks")
    known: dict[str, tuple[Callable[..., Any], list[Any]]] = {
        "serving_default": (paint, [image]),
        "float": (paint_float, [floats]),
        "statistics": (statistics, [images]),
        "tile": (paint_tile, [image, pooled]),
        FRAME: (paint_frame, [image, pooled, kept]),
        "encoded": (paint_encoded, [files]),
    }
    if has_choice(network):
        known |= {
            "regions": (paint_regions, [image, masks]),
            "region_statistics": (statistics, [images, masks]),
            "region_tile": (paint_tile, [image, masks, pooled]),
            REGION_FRAME: (paint_frame, [image, masks, pooled, kept]),
        }
    weights = tf.TensorSpec((None, len(network.styles)), "float32", "style")
    text = tf.TensorSpec((None,), "string", "style")
    dials = [tf.TensorSpec((None,), "float32", name) for name in DIALS]
    made = {}
    for name in known:
        if name in names:
            function, inputs = known[name]
            if has_choice(network):
                style = text if name == "encoded" else weights
                inputs = [*inputs, style, *dials]
            made[name] = _traced(function, inputs)
    return made


def _pictures(name: str, dtype: str = "uint8") -> Any:
    return tf.TensorSpec((None, None, None, 3), dtype, name)


def _traced(function: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """A concrete function; `function` takes {name: tensor} of the inputs."""

    def run(*given: Any) -> Any:
        names = (spec.name for spec in inputs)
        return function(dict(zip(names, given, strict=True)))

    return tf.function(
        run, input_signature=inputs, autograph=False
    ).get_concrete_function()


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
