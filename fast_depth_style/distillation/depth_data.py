"""Pictures with depth, in memory, and the augmented batches made of them."""

import dataclasses
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.requests import RequestError

STORED = 224
STORED_MAP = 112
HINTS = 96
_METRES = 25.5
_BLOCK, _EVERY, _GAP = 30, 6, 5


@dataclasses.dataclass(frozen=True)
class DepthPictures:
    """Pictures, their inverse depth and a teacher's hints, squeezed to squares.

    Attributes:
        rgb: (n, STORED, STORED, 3) uint8.
        inverse_depth: (n, STORED_MAP, STORED_MAP) float16 in 1/metre, 0 where
            unknown.
        measured: (n,) bool, False where a teacher network estimated it.
        hints: (n, STORED / 16, STORED / 16, HINTS) float16, what a teacher's
            features say; None where nobody learns from these pictures.
    """

    rgb: np.ndarray
    inverse_depth: np.ndarray
    measured: np.ndarray
    hints: np.ndarray | None = None

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.rgb)


def split_rooms(
    folder: pathlib.Path,
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Splits numbered room pictures into those for training and the rest.

    Neighbouring numbers show the same room, so whole blocks of 30 numbers are
    held out, every sixth, and the 5 numbers on either side of a held-out block
    are used for nothing.

    Args:
        folder: Has rgb/NNNN.jpg and depth/NNNN.png.

    Returns:
        The rgb files for training, and those held out.

    Raises:
        RequestError: There is no such pair of folders or nothing in it.
    """
    training, held_out = [], []
    for path in sorted((folder / "rgb").glob("*.jpg")):
        blocks = {
            (int(path.stem) + shift) // _BLOCK % _EVERY == _EVERY - 1
            for shift in (-_GAP, 0, _GAP)
        }
        if int(path.stem) // _BLOCK % _EVERY == _EVERY - 1:
            held_out.append(path)
        elif blocks == {False}:
            training.append(path)
    if not training or not held_out:
        raise RequestError(
            f"{folder} holds too few rooms: it needs rgb/NNNN.jpg and "
            f"depth/NNNN.png, numbered from 0000 to at least {_BLOCK * _EVERY}"
        )
    return training, held_out


def read_rooms(files: list[pathlib.Path]) -> DepthPictures:
    """Reads rooms with their measured depth.

    Args:
        files: rgb files of `split_rooms`; depth/NNNN.png lies beside their
            folder, 8-bit grey, metres times 25.5, 0 where unknown.

    Returns:
        The pictures, all measured.
    """
    maps = []
    for path in files:
        depth = Image.open(path.parents[1] / "depth" / f"{path.stem}.png")
        small = depth.resize((STORED_MAP, STORED_MAP), Image.Resampling.NEAREST)
        metres = np.asarray(small, np.float32) / _METRES
        known = metres > 0
        maps.append(np.where(known, 1 / np.where(known, metres, 1), 0))
    return DepthPictures(
        read_squares(files),
        np.stack(maps).astype(np.float16),
        np.ones(len(files), bool),
    )


def read_squares(files: list[pathlib.Path]) -> np.ndarray:
    """(n, STORED, STORED, 3) uint8, each picture squeezed to a square."""
    squares = np.empty((len(files), STORED, STORED, 3), np.uint8)
    for row, path in zip(squares, files, strict=True):
        with Image.open(path) as picture:
            row[:] = picture.convert("RGB").resize((STORED, STORED))
    return squares


def study(
    rgb: np.ndarray, teacher: DepthEstimator
) -> tuple[np.ndarray, np.ndarray]:
    """What a teacher network sees in pictures.

    Args:
        rgb: (n, STORED, STORED, 3) uint8.
        teacher: Estimates depth in metres and shows its features.

    Returns:
        The (n, STORED_MAP, STORED_MAP) float16 inverse depth, mean over each
        picture and its mirror image, and the (n, STORED / 16, STORED / 16,
        HINTS) float16 leading principal components of all the teacher's
        features at 1/16 of the size, with a total variance of 1.

    Raises:
        RequestError: The teacher shows no features of that size.
    """
    maps, hints = [], []
    look = tf.function(teacher.outputs)
    for start in range(0, len(rgb), 8):
        batch = tf.constant(rgb[start : start + 8], tf.float32)
        depth, features = look(batch)
        mirrored = look(batch[:, :, ::-1])[0][:, :, ::-1]
        inverse = [1 / tf.maximum(d, 0.3) for d in (depth, mirrored)]
        mean = tf.add_n(inverse)[..., None] / 2
        maps.append(tf.image.resize(mean, (STORED_MAP, STORED_MAP))[..., 0])
        small = [f for f in features if f.shape[1] == STORED // 16]
        if not small:
            raise RequestError(
                f"the teacher {teacher.name} shows no features at 1/16 of the "
                "size: use fast_depth:FILE"
            )
        # Each layer counts the same, whatever its unit.
        small = [f / tf.math.reduce_std(f) for f in small]
        hints.append(tf.concat(small, axis=-1).numpy().astype(np.float16))
    hints = np.concatenate(hints)
    rows = hints[:: max(1, len(hints) // 200)].reshape(-1, hints.shape[-1])
    mean = rows.mean(axis=0, dtype=np.float32)
    centred = rows.astype(np.float32) - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(rows))
    vectors = vectors[:, -HINTS:] / np.sqrt(values[-HINTS:].sum())
    hints = np.stack([(h - mean) @ vectors for h in hints])
    return np.concatenate(maps).astype(np.float16), hints.astype(np.float16)


def augment(
    rgb: tf.Tensor,
    inverse_depth: tf.Tensor,
    hints: tf.Tensor,
    seed: tf.Tensor,
    size: int,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Random crop, mirror and zoom; colours, blur, grain and blotches.

    The colours of every fourth picture change far beyond what a camera does,
    since the network is to judge paintings: channels are mixed and inverted,
    blotches and strokes of colour are laid over.

    Args:
        rgb: (batch, h, w, 3) uint8.
        inverse_depth: (batch, h', w'), 1/metre, 0 where unknown.
        hints: (batch, h", w", channels).
        seed: (2,) int32, decides everything.
        size: Height and width of the result, a multiple of 32.

    Returns:
        (batch, size, size, 3) float32 in 0..255; the (batch, size / 2,
        size / 2) inverse depth as a camera that sees the crop only would
        measure it; a float32 mask, 1 where it is known; and the hints in the
        crop at size / 16.
    """
    batch = rgb.shape[0]
    seeds = iter(tf.unstack(tf.random.split(seed, 20)))

    def uniform(low, high, *shape):
        return tf.random.stateless_uniform(
            (batch, *shape), next(seeds), low, high
        )

    def normal(*shape):
        return tf.random.stateless_normal((batch, *shape), next(seeds))

    # A crop of 0.55 to 1 of each side, nearly the same of both.
    side = 1 - 0.45 * uniform(0, 1, 1) ** 1.5
    sides = tf.clip_by_value(side * uniform(0.88, 1.14, 2), 0.5, 1.0)
    low = uniform(0, 1, 2) * (1 - sides)
    high = low + sides
    mirror = uniform(0, 1, 1) < 0.5
    boxes = tf.concat(
        [
            low[:, :1],
            tf.where(mirror, high, low)[:, 1:],
            high[:, :1],
            tf.where(mirror, low, high)[:, 1:],
        ],
        axis=1,
    )

    def crop(x, pixels):
        return tf.image.crop_and_resize(
            x, boxes, tf.range(batch), (pixels, pixels)
        )

    maps = [inverse_depth, tf.cast(inverse_depth > 0, tf.float32)]
    maps = crop(tf.stack(maps, axis=-1), size // 2)
    known = tf.cast(maps[..., 1] > 0.99, tf.float32)
    zoom = tf.sqrt(tf.reduce_prod(sides, axis=1))[:, None, None]

    wild = tf.cast(uniform(0, 1, 1, 1, 1) < 0.25, tf.float32)
    x = crop(rgb, size) / 255
    # Sharpness: towards a blurred copy, or away from it.
    blurred = tf.nn.avg_pool2d(x, 3, 1, "SAME")
    x += uniform(-0.5, 0.8, 1, 1, 1) * (blurred - x)
    # Colour: exposure, saturation, then mixed or inverted channels.
    x = tf.clip_by_value(x, 1e-3, 1) ** tf.exp(0.25 * normal(1, 1, 1))
    grey = tf.reduce_mean(x, axis=-1, keepdims=True)
    x = grey + uniform(0.0, 1.6, 1, 1, 1) * (x - grey)
    mix = tf.eye(3) + (0.04 + 0.5 * wild[..., 0]) * normal(3, 3)
    mix /= tf.reduce_sum(mix**2, axis=1, keepdims=True) ** 0.5
    mean = tf.reduce_mean(x, axis=(1, 2), keepdims=True)
    x = tf.einsum("bhwc,bcd->bhwd", x - mean, mix) * uniform(0.7, 1.2, 1, 1, 1)
    x += mean + (0.03 + 0.15 * wild) * normal(1, 1, 3)
    # Blotches and strokes of colour, then grain.
    blotches = tf.image.resize(normal(6, 6, 3), (size, size))
    x += wild * uniform(0, 0.15, 1, 1, 1) * blotches
    strokes = tf.image.resize(normal(size // 4, size // 4, 3), (size, size))
    x += wild * uniform(0, 0.1, 1, 1, 1) * strokes
    grain = tf.random.stateless_normal((batch, size, size, 1), next(seeds))
    x += uniform(0, 0.03, 1, 1, 1) * grain
    x = 255 * tf.clip_by_value(x, 0, 1)
    return x, maps[..., 0] / zoom, known, crop(hints, size // 16)
