"""Makes one picture; beside wave.png everything about it lies in wave.run.

    settings.json       what the picture is; another one is refused
    state.npz           the picture so far
    losses.csv, .png    every iteration's loss, terms and shares
    strip.png, steps/   the picture at chosen iterations

The same command continues, with the optimizer's memory afresh.
"""

import os
import pathlib

import keras
import numpy as np

from fast_depth_style.images.colors import match_colors
from fast_depth_style.images.files import (
    Picture,
    UnreadablePicture,
    check_suffix,
    read_picture,
    read_rgb,
    write_picture,
)
from fast_depth_style.images.size import fit_area, fit_long_side, resize
from fast_depth_style.optimization import masks
from fast_depth_style.optimization.progress import Progress
from fast_depth_style.optimization.settings import (
    INITS,
    LEAST_SIDE,
    OptimizationSettings,
)
from fast_depth_style.optimization.state import (
    State,
    read_state,
    require_same_picture,
    require_writable,
    state_folder,
    write_state,
)
from fast_depth_style.optimization.strip import Strip
from fast_depth_style.optimization.terms import Terms
from fast_depth_style.perception import registry
from fast_depth_style.requests import RequestError
from fast_depth_style.training.workdir import write_settings

_LEAST_COARSE_SIDE = 48
_SAVE_EVERY = 20


def optimize(
    settings: OptimizationSettings,
    output: str | os.PathLike,
    perceptual: keras.Model | None = None,
) -> pathlib.Path:
    """Makes a picture, or continues to.

    Ctrl-C ends the work after the current iteration, with everything written.

    Args:
        settings: What the picture is.
        output: The picture's file; its folder exists.
        perceptual: The settings' perceptual network where it is at hand, with
            their layers and perhaps more; None makes it.

    Returns:
        The folder beside it, with the strip and the losses.

    Raises:
        RequestError: Something asked for cannot be had; found before the work
            starts, nothing has been written.
        NotFiniteError: The loss is not finite; the last picture stays.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    output = pathlib.Path(output)
    check_suffix(output)
    require_writable(output)
    folder = state_folder(output)
    require_same_picture(folder, settings)
    state = read_state(folder)
    work = Work(settings, perceptual)
    if state is None:
        state = State(0, 0, work.first_picture())
    # Its targets may be refused too, so it comes before the first file.
    objective = work.objective(state.scale)
    write_settings(folder, settings.to_json())
    _run(work, state, objective, output, folder)
    return folder


class Work:
    """Everything a picture is made of, read and checked.

    Attributes:
        settings: What the picture is.
        photo: (height, width, 3) uint8, at the picture's size.
        icc_profile: The photo's, or None.
        paintings: (h, w, 3) uint8 each, as they were read, recoloured where
            `settings.keep_colors`.
        sizes: Height and width of each scale, coarse to fine.
    """

    def __init__(
        self,
        settings: OptimizationSettings,
        perceptual: keras.Model | None = None,
    ):
        """Reads pictures, masks and networks.

        Args:
            settings: What the picture is.
            perceptual: As for `optimize`.

        Raises:
            RequestError: One of them cannot be had.
        """
        if keras.backend.backend() != "tensorflow":
            raise RequestError(
                "optimizing a picture needs KERAS_BACKEND=tensorflow: set it"
            )
        self.settings = settings
        photo = _read(settings.content, "content")
        self.icc_profile = read_picture(settings.content).icc_profile
        self.photo = fit_long_side(photo, settings.size)
        least = LEAST_SIDE << settings.style_scales - 1
        if min(self.photo.shape[:2]) < least:
            height, width = self.photo.shape[:2]
            raise RequestError(
                f"--content={settings.content} is {width}x{height} pixels at"
                f" --size={settings.size}: its short side must have at least"
                f" {least} with --style_scales={settings.style_scales}"
            )
        files = [file for file, _ in settings.paintings()]
        self.paintings = [_read(file, "style") for file in files]
        if settings.keep_colors:
            self.paintings = [
                match_colors(each, self.photo) for each in self.paintings
            ]
        self._content_masks = masks.share_pixels(
            masks.read_masks(
                settings.content_masks,
                [self.photo for _ in settings.content_masks],
                "content_masks",
            )
        )
        self._style_masks = masks.read_masks(
            settings.style_masks,
            self.paintings if settings.style_masks else [],
            "style_masks",
        )
        self.sizes = _scale_sizes(
            self.photo.shape[:2],
            settings.scales,
            max(least, _LEAST_COARSE_SIDE),
        )
        for scale in range(len(self.sizes)):
            for file, painting in zip(
                files, self._scaled_paintings(scale), strict=True
            ):
                if min(painting.shape[:2]) < least:
                    raise RequestError(
                        f"--style={file} is too narrow: scaled to the picture,"
                        f" its short side has less than the {least} pixels of"
                        f" --style_scales={settings.style_scales}; cut a part"
                        " out of it"
                    )
        self._init = None
        if settings.init not in INITS:
            self._init = _read(settings.init, "init")
        self._perceptual = perceptual or registry.perceptual_network(
            settings.perceptual_network,
            {*settings.layers, settings.content_layer},
            pooling=settings.pooling,
        )
        self._estimator = None
        if "depth" in settings.term_weights():
            self._estimator = registry.depth_network(settings.depth_network)

    def first_picture(self) -> np.ndarray:
        """What the pixels start as, (height, width, 3), at the first scale."""
        size = self.sizes[0]
        if self.settings.init == "noise":
            random = np.random.default_rng(self.settings.seed)
            return random.uniform(0, 255, (*size, 3)).astype(np.float32)
        start = self.photo if self._init is None else self._init
        return resize(start, size).astype(np.float32)

    def objective(self, scale: int):
        """The `PictureObjective` of a scale."""
        # It imports TensorFlow, which wrong requests need not wait for.
        from fast_depth_style.optimization.objective import PictureObjective

        size = self.sizes[scale]
        paintings = self._scaled_paintings(scale)
        return PictureObjective(
            self.settings,
            self._perceptual,
            self._estimator,
            resize(self.photo, size),
            paintings,
            [resize(mask, size) for mask in self._content_masks],
            [
                resize(mask, painting.shape[:2])
                for mask, painting in zip(
                    self._style_masks, paintings, strict=False
                )
            ],
        )

    def _scaled_paintings(self, scale):
        height, width = self.sizes[scale]
        area = height * width * self.settings.style_scale**2
        return [fit_area(painting, area) for painting in self.paintings]


def _run(work, state, objective, output, folder):
    from fast_depth_style.training.callbacks import StopWhenInterrupted
    from fast_depth_style.training.losses_log import LossesLog

    settings, sizes = work.settings, work.sizes
    terms = Terms(settings.term_weights())
    ends = [
        settings.iterations * (index + 1) // len(sizes)
        for index in range(len(sizes))
    ]
    stop = StopWhenInterrupted()
    # A drawing takes as long as many iterations of a small picture.
    drawn_every = max(50, settings.iterations // 20)
    log = LossesLog(folder / "losses.csv", state.done, drawn_every, terms)
    progress = Progress(terms, ends, sizes, state.done)
    strip = Strip(folder, work.photo)
    start = state.done

    def save(current):
        write_state(folder, current)
        rgb = _to_rgb(current.picture)
        rgb = resize(rgb, work.photo.shape[:2])
        write_picture(output, Picture(rgb, None, work.icc_profile))

    def judge(picture):
        judgement = objective(picture)
        _require_finite(judgement, state)
        return judgement

    def report(picture, judgement):
        nonlocal state
        state = State(state.done + 1, state.scale, picture)
        log.on_train_batch_end(
            state.done - 1 - start,
            {"loss": judgement.loss, **judgement.terms},
        )
        progress.update(state.done, judgement)
        if state.done in settings.strip_at:
            strip.add(state.done, _to_rgb(picture))
        if state.done % _SAVE_EVERY == 0:
            save(state)
        return not stop.interrupted

    try:
        with stop:
            for scale in range(state.scale, len(sizes)):
                if state.done >= ends[scale]:
                    continue
                picture = state.picture
                if picture.shape[:2] != sizes[scale]:
                    picture = resize(_to_rgb(picture), sizes[scale])
                    objective = work.objective(scale)
                state = State(state.done, scale, picture.astype(np.float32))
                _minimize(
                    settings,
                    judge,
                    state.picture,
                    ends[scale] - state.done,
                    report,
                )
                if stop.interrupted:
                    break
                # No step makes it better: this scale is done.
                state = State(ends[scale], scale, state.picture)
            if state.done >= settings.iterations:
                strip.add(settings.iterations, _to_rgb(state.picture))
    finally:
        progress.close()
        log.on_train_end()
        save(state)
    if stop.interrupted and state.done < settings.iterations:
        print(
            f"Stopped after iteration {state.done} of {settings.iterations}:"
            f" the picture so far is in {output}; the same command continues."
        )
        raise KeyboardInterrupt


def _minimize(settings, objective, picture, iterations, report):
    from fast_depth_style.optimization import minimizers

    if settings.optimizer == "adam":
        minimizers.minimize_adam(
            objective, picture, iterations, report, settings.learning_rate
        )
    else:
        minimizers.minimize_lbfgs(objective, picture, iterations, report)


def _require_finite(judgement, state):
    if np.isfinite(judgement.loss + judgement.gradient.sum()):
        return
    from fast_depth_style.training.checkpoint import NotFiniteError

    bad = [n for n, v in judgement.terms.items() if not np.isfinite(v)]
    raise NotFiniteError(
        f"the loss is not finite after iteration {state.done}"
        f" ({', '.join(bad) or 'its gradient'}): give a smaller"
        " --learning_rate or weight"
    )


def _scale_sizes(size, scales, least):
    """Sizes from coarse to fine, each twice the one before."""
    sizes = [tuple(size)]
    while len(sizes) < scales and min(sizes[0]) >= 2 * least:
        sizes.insert(0, tuple((side + 1) // 2 for side in sizes[0]))
    return sizes


def _read(file, flag):
    try:
        return read_rgb(file)
    except UnreadablePicture as error:
        raise RequestError(f"{error}: give a picture as --{flag}") from error


def _to_rgb(picture):
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
