"""A distillation from folders of pictures to a shipped, measured file."""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from fast_depth_style.distillation.perceptual import (
    PerceptualDistillation,
    distill_perceptual,
)
from fast_depth_style.distillation.perceptual_ranking import (
    Agreement,
    compare,
)
from fast_depth_style.distillation.principal_components import LAYERS
from fast_depth_style.distillation.varied_pictures import (
    VariedPictures,
    shrink,
)
from fast_depth_style.images.files import list_pictures, read_rgb
from fast_depth_style.images.size import center_crop, fit_short_side
from fast_depth_style.perception import shipped_weights
from fast_depth_style.perception.compact_perceptual import (
    WEIGHTS,
    CompactPerceptual,
)
from fast_depth_style.perception.vgg19 import VGG19
from fast_depth_style.requests import RequestError

_STORED_SIDE = 256
_PHOTOS_PER_PAINTING = 2


@dataclasses.dataclass(frozen=True)
class Sources:
    """Picture files, and which of them training never sees.

    Attributes:
        photos: To train on.
        paintings: To train on.
        held_out_photos: Every 25th photo.
        held_out_paintings: Every third painting, counted from the third.
    """

    photos: list[pathlib.Path]
    paintings: list[pathlib.Path]
    held_out_photos: list[pathlib.Path]
    held_out_paintings: list[pathlib.Path]


def find_sources(photo_folders: Sequence[str], painting_folder: str) -> Sources:
    """Lists the pictures of some folders and holds some out.

    Args:
        photo_folders: Folders of photos, searched in depth.
        painting_folder: Folder of paintings.

    Returns:
        The files, in an order that only their names decide.

    Raises:
        RequestError: A folder is missing or there are too few pictures.
    """
    for folder in (*photo_folders, painting_folder):
        if not pathlib.Path(folder).is_dir():
            raise RequestError(f"no folder {folder}")
    photos = [p for f in photo_folders for p in list_pictures(f)]
    paintings = list(list_pictures(painting_folder))
    if len(photos) < 50 or len(paintings) < 3:
        raise RequestError(
            f"{len(photos)} photos and {len(paintings)} paintings are too few:"
            " give folders with at least 50 and 3"
        )
    return Sources(
        [p for i, p in enumerate(photos) if i % 25],
        [p for i, p in enumerate(paintings) if i % 3 != 2],
        photos[::25],
        paintings[2::3],
    )


def run_perceptual(
    config: PerceptualDistillation,
    vgg19: str,
    photo_folders: Sequence[str],
    painting_folder: str,
    workdir: pathlib.Path,
    weights_folder: pathlib.Path = shipped_weights.FOLDER,
    say: Callable[[str], None] = print,
) -> list[Agreement]:
    """Distils, writes the weights, and measures what was written.

    Args:
        config: Numbers of the run.
        vgg19: VGG19 weight file, or "imagenet".
        photo_folders: Photos to learn from.
        painting_folder: Paintings to learn from.
        workdir: State of the run; the same call continues it. At the end
            `agreement.json` lies there.
        weights_folder: Where the weights and their digest go.
        say: Takes the lines of progress.

    Returns:
        How the network compares with VGG19, for every painting.

    Raises:
        RequestError: Folders or VGG19's weights are missing.
    """
    sources = find_sources(photo_folders, painting_folder)
    teacher = VGG19(LAYERS, vgg19)
    say(
        f"{len(sources.photos)} photos, {len(sources.paintings)} paintings;"
        f" held out: {len(sources.held_out_photos)} photos and"
        f" {', '.join(p.stem for p in sources.held_out_paintings)}"
    )
    photos = [shrink(read_rgb(p), _STORED_SIDE) for p in sources.photos]
    pictures = VariedPictures(
        [p for p in photos if min(p.shape[:2]) >= config.picture_size],
        [read_rgb(p) for p in sources.paintings],
        config.picture_size,
    )
    weights = distill_perceptual(config, vgg19, pictures, workdir, say)
    path = shipped_weights.write_shipped_weights(
        WEIGHTS, weights, weights_folder
    )
    say(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB)")
    network = CompactPerceptual(
        weights=shipped_weights.read_shipped_weights(WEIGHTS, weights_folder)
    )
    agreements = measure(
        network, teacher, sources, config.judged_size, config.judged_steps, say
    )
    (workdir / "agreement.json").write_text(
        json.dumps([vars(a) for a in agreements], indent=2) + "\n"
    )
    return agreements


def measure(
    network: CompactPerceptual,
    teacher: VGG19,
    sources: Sources,
    size: int,
    steps: int,
    say: Callable[[str], None] = print,
) -> list[Agreement]:
    """Compares with VGG19 on every painting and two held-out photos each.

    Args:
        network: The student.
        teacher: VGG19.
        sources: Pictures; paintings that were trained on count, too, and are
            named apart from those that were not.
        size: Side of the pictures.
        steps: Of painting by gradient descent.
        say: Takes a line per painting and the means.

    Returns:
        One agreement per painting.
    """
    agreements = []
    paintings = sorted(sources.paintings + sources.held_out_paintings)
    for i, path in enumerate(paintings):
        start = i * _PHOTOS_PER_PAINTING
        photos = [
            center_crop(fit_short_side(read_rgb(p), size), size)
            for p in np.take(
                sources.held_out_photos,
                range(start, start + _PHOTOS_PER_PAINTING),
                mode="wrap",
            )
        ]
        photos = np.stack(photos).astype(np.float32)
        held_out = path in sources.held_out_paintings
        name = path.stem + (" (held out)" if held_out else "")
        one = compare(network, teacher, photos, read_rgb(path), name, steps, i)
        agreements.append(one)
        say(_line(name, [one]))
    say(_line("mean", agreements))
    return agreements


def _line(name, agreements):
    rank, style, content = np.mean(
        [(a.spearman, a.style_ratio, a.content_ratio) for a in agreements], 0
    )
    return (
        f"{name}: Spearman {rank:.3f}; painted with it instead of VGG19:"
        f" VGG19's style loss x {style:.2f}, content loss x {content:.2f}"
    )
