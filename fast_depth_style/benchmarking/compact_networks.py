"""What the compact networks save, against those that they stand in for."""

import dataclasses
from collections.abc import Callable

from fast_depth_style.benchmarking.comparison import Measurement
from fast_depth_style.benchmarking.contestant import race, started
from fast_depth_style.benchmarking.inputs import trainer_and_photos
from fast_depth_style.training.settings import Settings, preset

REFERENCES = ("perception", "training step")


def compare_compact(
    settings: Settings,
    rounds: int,
    threads: int,
    warm_up: int = 2,
    track: Callable = iter,
) -> list[Measurement]:
    """Times perception alone and whole training steps.

    Perception is content, style and depth of a batch, forward and backward, as
    in training. It is timed with the networks of `settings` and with the
    compact ones; the step of `settings` against that of the preset `quick`
    with crops and batches of the same size and the same precision, whose own
    network is smaller, too.

    Args:
        settings: Of a run with the networks to compare with.
        rounds: Rounds that count, of each.
        threads: Threads of each.
        warm_up: Rounds before them.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        The measurements, those of `REFERENCES` among them.

    Raises:
        ContestantFailed: A network cannot be had.
    """
    compact = dataclasses.replace(
        settings,
        perceptual_network="compact",
        style_layers=None,
        content_layer=None,
        depth_network="compact",
    )
    quick = preset(
        "quick",
        image_size=settings.image_size,
        batch_size=settings.batch_size,
        mixed_precision=settings.mixed_precision,
    )
    calls = {
        name: (factory, {"settings": made_of.to_json(), "threads": threads})
        for name, factory, made_of in (
            (REFERENCES[0], perception, settings),
            ("perception, compact", perception, compact),
            (REFERENCES[1], step, settings),
            ("training step, quick", step, quick),
        )
    }
    with started(calls) as contestants:
        return race(contestants, rounds, warm_up, track)


def perception(settings: dict, threads: int):
    """The contestant that only looks at pictures; see `Contestant`."""
    import tensorflow as tf

    trainer, photos = _start(settings, threads)
    objective = trainer.objective

    @tf.function
    def gradient(pictures):
        # At the end of a run, when every term counts.
        step = tf.constant(objective.settings.steps)
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            loss = objective.total(objective(photos, pictures, step), step)
        return tape.gradient(loss, pictures)

    # Soft pictures, but others than the photos.
    pictures = tf.constant(255.0 - photos)

    def turn():
        return gradient(pictures).numpy()

    return {"gradient": turn()}, turn


def step(settings: dict, threads: int):
    """The contestant that trains; see `Contestant`."""
    import tensorflow as tf

    trainer, photos = _start(settings, threads)
    photos = iter(tf.data.Dataset.from_tensors(photos).repeat())
    trainer.make_train_function()

    def turn():
        return float(trainer.train_function(photos)["loss"])

    return {"loss": turn()}, turn


def _start(settings, threads):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return trainer_and_photos(Settings.from_json(settings))
