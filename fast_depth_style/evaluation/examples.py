"""Photos worth looking at: where a model keeps depth best, typically, worst."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fast_depth_style.evaluation import depth_comparison
from fast_depth_style.evaluation.evaluator import Sample
from fast_depth_style.evaluation.photo_sets import PhotoSet, read_photo
from fast_depth_style.evaluation.stylizers import Stylizer
from fast_depth_style.evaluation.table import Table
from fast_depth_style.perception.depth_estimator import DepthEstimator

PER_KIND = 2


@dataclasses.dataclass(frozen=True)
class DepthMaps:
    """What one judge sees in one photo and its stylizations.

    Attributes:
        judge: Its name.
        unit: Of the maps, for the colour bar.
        maps: (1 + models, height, width), the photo first.
        differences: (1 + models, height, width), absolute, to the photo's
            map; after scale and shift where the judge has no metres.
    """

    judge: str
    unit: str
    maps: np.ndarray
    differences: np.ndarray


@dataclasses.dataclass(frozen=True)
class Example:
    """One photo, its stylizations and their depth.

    Attributes:
        set_name: The set that the photo is from.
        kind: "best", "typical" or "worst".
        photo: The photo's name.
        labels: Of the models.
        pictures: (1 + models, height, width, 3) uint8, the photo first.
        depth: Of each judge.
    """

    set_name: str
    kind: str
    photo: str
    labels: list[str]
    pictures: np.ndarray
    depth: list[DepthMaps]


def choose(values: np.ndarray) -> list[tuple[str, int]]:
    """Picks photos by their error.

    Args:
        values: (photos,), NaN where it has no meaning.

    Returns:
        (kind, index): `PER_KIND` with the least error, as many around the
        median, as many with the most; each photo once.
    """
    order = [int(i) for i in np.argsort(values) if np.isfinite(values[i])]
    middle = (len(order) - PER_KIND) // 2
    picked = {}
    for kind, indices in (
        ("typical", order[max(middle, 0) : max(middle, 0) + PER_KIND]),
        ("best", order[:PER_KIND]),
        ("worst", order[-PER_KIND:]),
    ):
        for index in indices:
            picked.setdefault(index, kind)
    return [(kind, index) for index, kind in picked.items()]


def find_examples(
    table: Table,
    photos: PhotoSet,
    stylizers: Sequence[Stylizer],
    judges: Mapping[str, DepthEstimator],
    side: int,
) -> list[Example]:
    """Computes anew what is shown of a few photos.

    They are chosen by the aligned depth error, as the first judge sees it, of
    the last model that is no control: usually the one that was made to keep
    depth.

    Args:
        table: What was measured.
        photos: The set that it was measured on.
        stylizers: The models.
        judges: Depth networks by name.
        side: Pixels of the squares.
    """
    models = [i for i, s in enumerate(stylizers) if not s.is_control]
    row = models[-1] if models else 0
    errors = table.values[f"depth.{next(iter(judges))}.aligned"][row]
    by_name = {photo.name: photo for photo in photos.photos}
    found = []
    for kind, index in choose(errors):
        name = table.photos[index]
        rgb, _ = read_photo(by_name[name], side)
        pictures = np.stack([s.stylize(rgb, name) for s in stylizers])
        sample = Sample(rgb, pictures)
        found.append(
            Example(
                set_name=table.name,
                kind=kind,
                photo=name,
                labels=table.models,
                pictures=np.concatenate([rgb[None], pictures]),
                depth=[
                    _depth_maps(judge_name, judge, sample)
                    for judge_name, judge in judges.items()
                ],
            )
        )
    return found


def _depth_maps(name, judge, sample):
    maps = sample.outputs(judge)["depth"]
    compared = maps
    if not judge.is_metric:
        compared = np.stack(
            [depth_comparison.align(one, maps[0]) for one in maps]
        )
    unit = {
        ("depth", True): "m",
        ("inverse_depth", True): "1/m",
        ("depth", False): "relative depth",
        ("inverse_depth", False): "relative inverse depth",
    }[judge.quantity, judge.is_metric]
    return DepthMaps(name, unit, maps, np.abs(compared - maps[0]))
