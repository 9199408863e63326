"""Picture files decoded and encoded inside a graph.

Everything is TensorFlow operations, which run in a server that has no Python.
Sizes are read from headers, before anything is decoded or allocated.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from fast_depth_style.exporting.settings import MAXIMUM_PIXELS
from fast_depth_style.networks import MINIMUM_SIDE

_MAXIMUM_SCANS = 100  # Of a progressive JPEG; encoders write about ten.
_HEADER = 32
_PNG = b"\x89PNG\r\n\x1a\n"

# What a header may say, and what is wrong with it. Of the first three kinds the
# decoders are in this order.
_PROBLEMS = {
    "JPEG": "",
    "PNG": "",
    "WebP": "",
    "unknown": "not a readable JPEG, PNG or WebP file",
    "animated": "an animated WebP: send one frame",
    "scans": f"a JPEG of more than {_MAXIMUM_SCANS} scans",
}
_KINDS = [*_PROBLEMS]


def decode_pictures(image_bytes: Any) -> Any:
    """Decodes picture files to (batch, height, width, 3) uint8 RGB, in a graph.

    `image_bytes` is (batch,) string: JPEG, PNG or WebP files of one size, each
    side at least `MINIMUM_SIDE`, together at most `MAXIMUM_PIXELS` pixels.
    Anything else is an InvalidArgumentError that names the first wrong picture,
    from 0. Transparency becomes white, except in PNG files of less than 8 bits
    a sample. Of an animated PNG the still picture is taken. EXIF orientation
    and colour profiles are not applied.
    """
    tf.debugging.Assert(tf.size(image_bytes) > 0, ["image_bytes is empty"])
    headers = tf.map_fn(
        lambda data: _or_else(
            _header, data, tf.constant([_KINDS.index("unknown"), 0, 0])
        ),
        image_bytes,
        fn_output_signature=tf.TensorSpec((3,), "int32"),
    )
    kinds, sizes = headers[:, 0], headers[:, 1:]
    with tf.control_dependencies(_refusals(kinds, sizes)):
        indices = tf.range(tf.size(image_bytes))
    return tf.map_fn(
        lambda of: _decode(*of),
        (indices, image_bytes, kinds, sizes),
        fn_output_signature=tf.TensorSpec((None, None, 3), "uint8"),
    )


def encode_pictures(pictures: Any) -> Any:
    """Encodes (batch, height, width, 3) uint8 RGB as (batch,) PNG files."""
    return tf.io.encode_png(pictures)


def _refusals(kinds: Any, sizes: Any) -> list[Any]:
    """Operations that fail unless all pictures can be decoded together."""
    names = tf.strings.reduce_join(
        tf.strings.as_string(sizes[:, ::-1]), -1, separator="x"
    )
    # No product of two 32-bit numbers exceeds a float64's range.
    pixels = tf.reduce_prod(tf.cast(sizes, "float64"), -1)
    problems = (
        (kinds > 2, tf.gather([*_PROBLEMS.values()], kinds)),
        (
            tf.reduce_min(sizes, -1) < MINIMUM_SIDE,
            names + f" pixels, the least is {MINIMUM_SIDE}x{MINIMUM_SIDE}",
        ),
        (
            tf.reduce_any(sizes != sizes[:1], -1),
            names + " pixels, the first is " + names[0] + ": send pictures of "
            "one size in a request",
        ),
        (
            pixels * tf.cast(tf.size(kinds), "float64") > MAXIMUM_PIXELS,
            names + f" pixels; a request may have {MAXIMUM_PIXELS} in all",
        ),
    )
    refusals = []
    for wrong, texts in problems:
        first = tf.argmax(tf.cast(wrong, "int32"))
        refusals.append(_assert(~tf.reduce_any(wrong), first, texts[first]))
    return refusals


def _assert(holds: Any, index: Any, problem: Any) -> Any:
    text = ["picture ", tf.strings.as_string(index), " is ", problem]
    return tf.debugging.Assert(holds, [tf.strings.join(text)])


def _or_else(
    function: Callable[[Any], Any], argument: Any, otherwise: Any
) -> Any:
    """`function(argument)`, or a given tensor where that fails.

    A graph knows no exceptions; a dataset can drop an element that failed.
    """
    results = tf.data.Dataset.from_tensors(argument).map(function)
    results = results.ignore_errors(log_warning=False)
    results = results.concatenate(tf.data.Dataset.from_tensors(otherwise))
    return results.take(1).get_single_element()


def _header(data: Any) -> Any:
    """Kind, height and width of a picture file, (3,) int32."""
    start = tf.strings.substr(data, 0, _HEADER)
    octets = tf.io.decode_raw(start + b"\0" * _HEADER, "uint8")[:_HEADER]
    octets = tf.cast(octets, "int32")

    def begins(text: bytes, at: int = 0) -> Any:
        there = octets[at : at + len(text)]
        return tf.reduce_all(there == tf.constant([*text]))

    def number(*places: int) -> Any:
        """The number whose octets, the highest first, are at these places."""
        value = 0
        for place in places:
            value = value * 256 + octets[place]
        return value

    def found(kind: str, height: Any, width: Any) -> Any:
        return tf.stack([_KINDS.index(kind), height, width])

    jpeg = begins(b"\xff\xd8\xff")
    webp = begins(b"RIFF") & begins(b"WEBP", 8)
    extended = webp & begins(b"VP8X", 12)
    # TensorFlow's decoder writes past its memory on animations without alpha,
    # so none may reach it.
    animated = octets[20] // 2 % 2 == 1
    whole = (number(29, 28, 27) + 1, number(26, 25, 24) + 1)
    bits, side = number(24, 23, 22, 21), 1 << 14
    # Numbers from 2**31 wrap around, and are then far too small.
    png = (number(20, 21, 22, 23), number(16, 17, 18, 19))
    lossless = (bits // side % side + 1, bits % side + 1)
    lossy = (number(29, 28) % side, number(27, 26) % side)
    nothing = found("unknown", 0, 0)
    candidates = (
        (jpeg, tf.cond(jpeg, lambda: _jpeg_header(data), lambda: nothing)),
        (begins(_PNG) & begins(b"IHDR", 12), found("PNG", *png)),
        (extended & animated, found("animated", *whole)),
        (extended, found("WebP", *whole)),
        (webp & begins(b"VP8L", 12), found("WebP", *lossless)),
        (webp & begins(b"VP8 ", 12), found("WebP", *lossy)),
        (tf.constant(True), nothing),
    )
    first = tf.argmax([tf.cast(is_it, "int32") for is_it, _ in candidates])
    return tf.stack([said for _, said in candidates])[first]


def _jpeg_header(data: Any) -> Any:
    height, width, _ = tf.unstack(tf.image.extract_jpeg_shape(data))
    # Each scan costs a pass over the whole picture and a few bytes of file.
    scans = tf.size(tf.strings.split(data, b"\xff\xda")) - 1
    kind = tf.where(
        scans > _MAXIMUM_SCANS, _KINDS.index("scans"), _KINDS.index("JPEG")
    )
    return tf.stack([kind, height, width])


def _decode(index: Any, data: Any, kind: Any, size: Any) -> Any:
    picture = _or_else(
        lambda data: tf.switch_case(
            kind,
            [lambda: _jpeg(data), lambda: _png(data), lambda: _webp(data)],
        ),
        data,
        tf.zeros((0, 0, 3), "uint8"),
    )
    whole = tf.reduce_all(tf.shape(picture)[:2] == size)
    broken = _assert(whole, index, tf.constant("broken: it cannot be decoded"))
    with tf.control_dependencies([broken]):
        return tf.identity(picture)


def _jpeg(data: Any) -> Any:
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _png(data: Any) -> Any:
    depth = tf.io.decode_raw(tf.strings.substr(data, 24, 1), "uint8")[0]
    picture = tf.io.decode_png(data, channels=4)
    # Asked for alpha where there is none, TensorFlow takes 2**depth - 1 for
    # opaque, which below 8 bits is almost transparent.
    alpha = tf.where(depth < 8, _opaque(picture), picture)[..., 3:]
    return _on_white(picture[..., :3], alpha)


def _webp(data: Any) -> Any:
    picture = tf.io.decode_webp(data)[0]
    alpha = tf.concat([picture, _opaque(picture)], -1)[..., 3:4]
    return _on_white(picture[..., :3], alpha)


def _opaque(picture: Any) -> Any:
    return tf.fill(tf.shape(picture), tf.constant(255, "uint8"))


def _on_white(colour: Any, alpha: Any) -> Any:
    """Composites (height, width, 3 and 1) uint8 on white: RGB."""
    white = tf.constant(255.0)
    alpha = tf.cast(alpha, "float32") / white
    colour = white + (tf.cast(colour, "float32") - white) * alpha
    return tf.cast(tf.round(colour), "uint8")
