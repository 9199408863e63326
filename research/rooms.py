r"""Measures in rooms of measured depth what the depth dial keeps.

    python research/rooms.py --material=FOLDER --output=runs/rooms

FOLDER is as style_material.py says, and has weights/squeezenet.h5 and rooms
with measured depth in rgbd/nyu_v2. Each style of the network paints 100 rooms
at depth dial 0 and 1. Depth is measured by a network that knows measured depth
alone: no network that taught a style had a part in it. It is trained first, on
other rooms, in ten minutes on two idle CPU cores; the same command continues
it. rooms.csv has dial 1 over dial 0 with 95 % intervals and, of rank
correlation with measured depth, the share that comes back of what painting at
dial 0 loses; all_rooms.csv every figure.

Expected: the judge's rank correlation with measured depth is 0.83 (median of
205 rooms).
"""

import csv
import dataclasses
import io
import os
import pathlib
import shutil
from typing import Any

import style_material
from absl import flags
from distillation_settings import DepthDistillation
from style_material import STYLES

from fast_depth_style import files
from fast_depth_style.tools import program

_MATERIAL = flags.DEFINE_string(
    "material", None, "Folder of paintings, photos and weights.", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "A folder.", required=True)
_MODEL = flags.DEFINE_string("model", "shipped", "Network that is measured.")
_COUNT = flags.DEFINE_integer("count", 100, "Rooms.", 2)

_DIALS = (0, 1)
TRAINING = DepthDistillation(epochs=15, rooms_per_step=12)
_RATIOS = (
    "depth.hub.raw",
    "depth.hub.aligned",
    "depth.hub.aligned_blurred",
)
_RECOVERED = "measured.hub.spearman"


def main() -> None:
    """Trains the judge, measures every style, then writes the table."""
    # Here, since they import TensorFlow.
    import depth_data

    from fast_depth_style.evaluation import depth_metrics, photo_sets
    from fast_depth_style.evaluation import table as tables
    from fast_depth_style.evaluation.evaluate import measure
    from fast_depth_style.evaluation.evaluator import Context
    from fast_depth_style.evaluation.judges import load_judges
    from fast_depth_style.evaluation.stylizers import load_stylizers

    material = style_material.find(_MATERIAL.value)
    output = files.resolve(_OUTPUT.value, "output")
    training, held_out = depth_data.split_rooms(material / "rgbd/nyu_v2")
    judge = output / "judge"
    if not (judge / "module").exists():
        train_judge(
            TRAINING, material / "weights/squeezenet.h5", training, judge
        )
        print(score(judge / "module", held_out), flush=True)
    photos = photo_sets.rgbd_photos(
        _link(held_out, output / "rooms"), _COUNT.value
    )
    models = [
        f"{style} {dial}={_MODEL.value}?style={style}&depth={dial}"
        for style in STYLES
        for dial in _DIALS
    ]
    judges = load_judges([f"hub:{judge / 'module'}"], ["fast_depth"])
    nothing: Any = None
    context = Context(nothing, nothing, nothing, judges, measured=True)
    measured = measure(
        photos, load_stylizers(models), depth_metrics.evaluators(context), 224
    )
    tables.write_csv(output / "all_rooms.csv", measured)
    rows = [row for style in STYLES for row in _compare(style, measured)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.write_text(output / "rooms.csv", text.getvalue())


def train_judge(
    settings: DepthDistillation,
    weights: pathlib.Path,
    rooms: list[pathlib.Path],
    folder: pathlib.Path,
) -> None:
    """Trains a depth network on rooms, or goes on; writes it to FOLDER/module.

    It is a decoder on SqueezeNet's features, which stay: a SavedModel from
    (batch, 224, 224, 3) RGB in 0..1 to inverse depth, as `HubDepth` reads it.
    """
    import depth_data
    import keras
    import resumable_fit
    import tensorflow as tf
    from depth_distillation import depth_loss
    from random_pictures import Draw

    from fast_depth_style.perception.imagenet import SqueezeNet

    keras.utils.set_random_seed(settings.seed)
    size = depth_data.STORED
    encoder = SqueezeNet(_LAYERS, weights)
    model = _judge(encoder, size)
    pictures = depth_data.read_rooms(rooms)

    def batch(step: Any) -> Any:
        step = tf.cast(step, tf.int32)
        seeds = tf.unstack(tf.random.split([settings.seed, step], 2))
        chosen = Draw(seeds[0], settings.rooms_per_step).rows(len(rooms))
        rgb, maps = (
            tf.gather(each, chosen)
            for each in (pictures.rgb, pictures.inverse_depth)
        )
        # It has no hints.
        views, targets = depth_data.random_view(
            rgb, maps, maps[..., None], seeds[1], size
        )
        return views, targets["inverse_depth"]

    def batches(start: int) -> tf.data.Dataset:
        return tf.data.Dataset.range(start, 2**40).map(batch).prefetch(4)

    model.compile(
        resumable_fit.make_optimizer(settings),
        lambda target, found: depth_loss(
            found[..., 0], target[..., 0], target[..., 1]
        ),
    )
    resumable_fit.fit(model, model.variables, batches, settings, folder)
    module = tf.Module()
    module.kept = [variable.value for variable in model.variables]
    module.estimate = tf.function(
        lambda images: {"inverse_depth": model(255.0 * images)[..., 0]},
        input_signature=[
            tf.TensorSpec((None, size, size, 3), tf.float32, "images")
        ],
    )
    aside = folder / "unfinished"
    signatures = {"serving_default": module.estimate}
    tf.saved_model.save(module, str(aside), signatures=signatures)
    os.replace(aside, folder / "module")


_LAYERS = ("fire3", "fire5", "fire9")


def _judge(encoder: Any, size: int) -> Any:
    import keras
    from keras import layers

    from fast_depth_style.perception.frozen_network import resize_bilinear

    def resized(x: Any, shape: tuple[int, int]) -> Any:
        return layers.Lambda(lambda x: resize_bilinear(x, shape))(x)

    def convolved(x: Any, channels: int, dilation: int = 1) -> Any:
        x = layers.Conv2D(
            channels, 3, padding="same", use_bias=False, dilation_rate=dilation
        )(x)
        return layers.ReLU()(layers.GroupNormalization(8)(x))

    pictures = keras.Input((size, size, 3))
    features = encoder(pictures)
    x = resized(features["fire9"], (size // 16, size // 16))
    x = convolved(x, 128)
    for dilation in (2, 4):
        x = x + convolved(x, 128, dilation)
    for name, part in (("fire5", 8), ("fire3", 4)):
        shape = size // part, size // part
        skipped = convolved(resized(features[name], shape), 32)
        x = layers.Concatenate()([resized(x, shape), skipped])
        x = convolved(x, 64)
    x = layers.Conv2D(1, 3, padding="same", activation="softplus")(x)
    return keras.Model(pictures, resized(x, (size // 2, size // 2)))


def score(module: pathlib.Path, rooms: list[pathlib.Path]) -> dict[str, float]:
    """Scores the judge in rooms; see `depth_distillation.score`."""
    import depth_data
    import depth_distillation

    from fast_depth_style.perception.hub_depth import HubDepth

    measured = depth_data.read_rooms(rooms)
    return depth_distillation.score(HubDepth(str(module)), measured)


def _link(rooms: list[pathlib.Path], folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    for part, suffix in (("rgb", "jpg"), ("depth", "png")):
        (folder / part).mkdir(parents=True)
        for room in rooms:
            name = f"{room.stem}.{suffix}"
            source = (room.parents[1] / part / name).resolve()
            os.symlink(source, folder / part / name)
    return folder


def _compare(style: str, table: Any) -> list[dict]:
    from fast_depth_style.evaluation import statistics

    without, with_depth, photo = (
        table.models.index(label)
        for label in (*(f"{style} {dial}" for dial in _DIALS), "identity")
    )
    found = {
        metric: statistics.ratio(values[with_depth], values[without])
        for metric, values in table.values.items()
        if metric in _RATIOS
    }
    ranks = table.values[_RECOVERED]
    found[_RECOVERED] = statistics.recovered(
        ranks[with_depth], ranks[without], ranks[photo]
    )
    return [
        {"style": style, "metric": metric, **dataclasses.asdict(each)}
        for metric, each in found.items()
    ]


if __name__ == "__main__":
    program.run(main)
