"""Pictures as the bytes of their files: decoded and encoded inside a graph.

Everything here is TensorFlow operations, so that it can be part of a SavedModel
and runs in a server that has no Python. What cannot be a right picture is
refused from its header, before anything is decoded or allocated.
"""

from collections.abc import Callable

import tensorflow as tf

from fast_depth_style.networks import MINIMUM_SIDE

MAXIMUM_PIXELS = 1 << 23
"""Of all pictures of a request together: 3840x2160 fits."""

_MAXIMUM_SCANS = 100  # Of a progressive JPEG; encoders write about ten.
_HEADER = 32

_PNG = b"\x89PNG\r\n\x1a\n"

# What a header may say. The first three are decoders, in this order.
_KINDS = ("JPEG", "PNG", "WebP", "unknown", "animated", "scans")
_PROBLEMS = (
    "",
    "",
    "",
    "not a readable JPEG, PNG or WebP file",
    "an animated WebP: send one frame",
    f"a JPEG of more than {_MAXIMUM_SCANS} scans",
)


def decode_pictures(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes picture files, in a graph.

    Greyscale, palette, CMYK and 16-bit pictures become 8-bit RGB. What is
    transparent becomes white; a transparent colour in a PNG of less than 8 bits
    a sample is taken for opaque. Of an animated PNG the still picture is taken.
    EXIF orientation and colour profiles are not applied.

    Args:
        image_bytes: (batch,) string, JPEG, PNG or WebP files of one size, at
            least `MINIMUM_SIDE` pixels high and wide, together at most
            `MAXIMUM_PIXELS` pixels.

    Returns:
        (batch, height, width, 3) uint8 RGB.

    Raises:
        tf.errors.InvalidArgumentError: When run, on anything else. It names the
            first picture at fault, from 0.
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


def encode_pictures(pictures: tf.Tensor) -> tf.Tensor:
    """Encodes (batch, height, width, 3) uint8 RGB as (batch,) PNG files."""
    return tf.io.encode_png(pictures)


def _refusals(kinds: tf.Tensor, sizes: tf.Tensor) -> list[tf.Operation]:
    """Operations that fail unless all pictures can be decoded together."""
    names = tf.strings.reduce_join(
        tf.strings.as_string(sizes[:, ::-1]), -1, separator="x"
    )
    # No product of two 32-bit numbers exceeds a float64's range.
    pixels = tf.reduce_prod(tf.cast(sizes, "float64"), -1)
    too_many = pixels * tf.cast(tf.size(kinds), "float64") > MAXIMUM_PIXELS
    return [
        _refuse(kinds > 2, tf.gather(_PROBLEMS, kinds)),
        _refuse(
            tf.reduce_min(sizes, -1) < MINIMUM_SIDE,
            names + f" pixels, the least is {MINIMUM_SIDE}x{MINIMUM_SIDE}",
        ),
        _refuse(
            tf.reduce_any(sizes != sizes[:1], -1),
            names + " pixels, the first is " + names[0] + ": send pictures of "
            "one size in a request",
        ),
        _refuse(
            too_many,
            names + f" pixels; a request may have {MAXIMUM_PIXELS} in all",
        ),
    ]


def _refuse(wrong: tf.Tensor, problems: tf.Tensor) -> tf.Operation:
    """Fails with the problem of the first picture that is wrong."""
    first = tf.argmax(tf.cast(wrong, "int32"))
    return _assert(~tf.reduce_any(wrong), first, problems[first])


def _assert(holds: tf.Tensor, index: tf.Tensor, problem: tf.Tensor):
    text = ["picture ", tf.strings.as_string(index), " is ", problem]
    return tf.debugging.Assert(holds, [tf.strings.join(text)])


def _or_else(
    function: Callable[[tf.Tensor], tf.Tensor],
    argument: tf.Tensor,
    otherwise: tf.Tensor,
) -> tf.Tensor:
    """`function(argument)`, or a given tensor where that fails.

    A graph knows no exceptions; a dataset is what can drop a failed element.
    """
    results = tf.data.Dataset.from_tensors(argument).map(function)
    results = results.ignore_errors(log_warning=False)
    results = results.concatenate(tf.data.Dataset.from_tensors(otherwise))
    return results.take(1).get_single_element()


def _header(data: tf.Tensor) -> tf.Tensor:
    """Kind, height and width of a picture file, (3,) int32."""
    start = tf.strings.substr(data, 0, _HEADER)
    octets = tf.io.decode_raw(start + b"\0" * _HEADER, "uint8")[:_HEADER]
    octets = tf.cast(octets, "int32")

    def begins(text, at=0):
        there = octets[at : at + len(text)]
        return tf.reduce_all(there == tf.constant([*text]))

    def number(*at):
        """The number whose octets, the highest first, are at these places."""
        value = 0
        for place in at:
            value = value * 256 + octets[place]
        return value

    webp = begins(b"RIFF") & begins(b"WEBP", 8)
    bits = number(24, 23, 22, 21)
    # TensorFlow's decoder writes past its memory on animations without alpha,
    # so none may reach it.
    animated = octets[20] // 2 % 2 == 1
    whole = (number(29, 28, 27) + 1, number(26, 25, 24) + 1)
    side = 1 << 14
    candidates = (
        (
            begins(b"\xff\xd8\xff"),
            tf.cond(
                begins(b"\xff\xd8\xff"),
                lambda: _jpeg_header(data),
                lambda: tf.zeros(3, "int32"),
            ),
        ),
        (
            begins(_PNG) & begins(b"IHDR", 12),
            # Numbers from 2**31 wrap around, and are then far too small.
            ("PNG", number(20, 21, 22, 23), number(16, 17, 18, 19)),
        ),
        (webp & begins(b"VP8X", 12) & animated, ("animated", *whole)),
        (webp & begins(b"VP8X", 12), ("WebP", *whole)),
        (
            webp & begins(b"VP8L", 12),
            ("WebP", bits // side % side + 1, bits % side + 1),
        ),
        (
            webp & begins(b"VP8 ", 12),
            ("WebP", number(29, 28) % side, number(27, 26) % side),
        ),
        (tf.constant(True), ("unknown", 0, 0)),
    )
    first = tf.argmax(
        tf.stack([tf.cast(is_it, "int32") for is_it, _ in candidates])
    )
    return tf.stack(
        [
            said if tf.is_tensor(said) else _found(*said)
            for _, said in candidates
        ]
    )[first]


def _found(kind, height, width):
    return tf.stack([_KINDS.index(kind), height, width])


def _jpeg_header(data):
    height, width, _ = tf.unstack(tf.image.extract_jpeg_shape(data))
    # Each scan costs a pass over the whole picture and a few bytes of file.
    scans = tf.size(tf.strings.split(data, b"\xff\xda")) - 1
    kind = tf.where(
        scans > _MAXIMUM_SCANS, _KINDS.index("scans"), _KINDS.index("JPEG")
    )
    return tf.stack([kind, height, width])


def _decode(index, data, kind, size):
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


def _jpeg(data):
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _png(data):
    depth = tf.io.decode_raw(tf.strings.substr(data, 24, 1), "uint8")[0]
    picture = tf.io.decode_png(data, channels=4)
    # Asked for alpha where there is none, TensorFlow takes 2**depth - 1 for
    # opaque, which below 8 bits is almost transparent.
    opaque = tf.fill(tf.shape(picture), tf.constant(255, "uint8"))
    alpha = tf.where(depth < 8, opaque, picture)[..., 3:]
    return _on_white(picture[..., :3], alpha)


def _webp(data):
    picture = tf.io.decode_webp(data)[0]
    opaque = tf.fill(tf.shape(picture), tf.constant(255, "uint8"))
    alpha = tf.concat([picture, opaque], -1)[..., 3:4]
    return _on_white(picture[..., :3], alpha)


def _on_white(colour, alpha):
    """Composites (height, width, 3 and 1) uint8 on white: RGB."""
    white = tf.constant(255.0)
    alpha = tf.cast(alpha, "float32") / white
    colour = white + (tf.cast(colour, "float32") - white) * alpha
    return tf.cast(tf.round(colour), "uint8")
