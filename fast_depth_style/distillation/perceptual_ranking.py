"""Does the compact perceptual network judge as VGG19 does?

Two questions. Does its style loss put stylizations in the order that VGG19's
does? And does a picture that is painted by following its gradient satisfy
VGG19 as much as one that is painted by following VGG19's own?
"""

import dataclasses

import keras
import numpy as np
from keras import ops

from fast_depth_style.distillation.gradients import (
    compiled,
    value_and_gradient,
)
from fast_depth_style.distillation.varied_pictures import VariedPictures
from fast_depth_style.losses.content import relative_content_loss
from fast_depth_style.losses.style import gram_matrix, relative_style_loss

# What training asks for by default.
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu3_4")
CONTENT_LAYER = "relu3_1"
_STYLE_WEIGHT = 3.0


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How a network compares with VGG19 on one painting.

    Attributes:
        painting: Name of the painting.
        spearman: Rank correlation of the two style losses.
        style_ratio: VGG19's style loss after painting with the network over
            the same after painting with VGG19.
        content_ratio: The same of VGG19's content loss.
    """

    painting: str
    spearman: float
    style_ratio: float
    content_ratio: float


def compare(
    network: keras.Model,
    vgg19: keras.Model,
    photos: np.ndarray,
    painting: np.ndarray,
    name: str = "",
    steps: int = 60,
    seed: int = 0,
) -> Agreement:
    """Compares `network` with VGG19 on one painting.

    The stylizations that are ranked: the photos, blurred, noisy, recoloured
    and with the painting's detail; blends; other crops of the painting; and
    what gradient descent on the pixels makes of the photos after 3 steps, a
    sixth, a half and all of `steps`, once by VGG19's and once by the network's
    loss.

    Args:
        network: The student; answers with the style and the content layers.
        vgg19: The teacher; the same.
        photos: (n, size, size, 3) float32 RGB in 0..255.
        painting: (height, width, 3) uint8 RGB; its middle is the style.
        name: For the result.
        steps: Of painting.
        seed: Of the random stylizations.

    Returns:
        The agreement.
    """
    size = photos.shape[1]
    rng = np.random.default_rng(seed)
    style = _middle(painting, size)
    sources = VariedPictures(
        [photo.astype(np.uint8) for photo in photos], [painting], size
    )
    ranked = [sources.painting(rng) for _ in range(4)]
    for photo in photos:
        ranked.append(photo)
        ranked += [share * style + (1 - share) * photo for share in (0.3, 0.6)]
        ranked += [sources.disturbed(photo, rng) for _ in range(8)]
    keep = (3, steps // 6, steps // 2, steps)
    by_vgg19 = paint(vgg19, photos, style, keep)
    by_network = paint(network, photos, style, keep)
    ranked = np.concatenate([ranked, *by_vgg19, *by_network])
    losses = [
        [style_loss_of(judge, one[None], style) for one in ranked]
        for judge in (network, vgg19)
    ]
    last = [(by_network[-1], photos), (by_vgg19[-1], photos)]
    style_losses = [style_loss_of(vgg19, made, style) for made, _ in last]
    content_losses = [_content_loss_of(vgg19, *pair) for pair in last]
    return Agreement(
        name,
        spearman(*losses),
        style_losses[0] / style_losses[1],
        content_losses[0] / content_losses[1],
    )


def spearman(first, second) -> float:
    """Spearman's rank correlation of two sequences without ties."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(ranks)[0, 1])


def style_loss_of(
    network: keras.Model, pictures: np.ndarray, style: np.ndarray
) -> float:
    """Relative style loss, mean over `pictures` (n, h, w, 3)."""
    return float(
        relative_style_loss(
            _grams(network(ops.cast(pictures, "float32"))),
            _grams(network(ops.cast(style[None], "float32"))),
        )
    )


def paint(
    network: keras.Model,
    photos: np.ndarray,
    style: np.ndarray,
    keep: tuple[int, ...],
    rate: float = 5.0,
) -> list[np.ndarray]:
    """Descends on the pixels of `photos` (Gatys et al. 2015).

    Args:
        network: Whose content plus 3 times style loss is descended on.
        photos: (n, size, size, 3) float32 RGB in 0..255, where it starts.
        style: (size, size, 3).
        keep: Steps after which the pictures are kept, rising.
        rate: Adam's learning rate in grey levels.

    Returns:
        For each of `keep` the (n, size, size, 3) pictures.
    """
    photos = ops.cast(photos, "float32")
    wanted_style = _grams(network(ops.cast(style[None], "float32")))
    wanted_content = network(photos)[CONTENT_LAYER]

    def loss(pictures):
        features = network(pictures)
        # Adam does not mind the mean over the batch.
        return _STYLE_WEIGHT * relative_style_loss(
            _grams(features), wanted_style
        ) + relative_content_loss(features[CONTENT_LAYER], wanted_content)

    gradient = compiled(value_and_gradient(loss))
    pictures = keras.Variable(photos)
    adam = keras.optimizers.Adam(rate)
    kept = []
    for step in range(1, keep[-1] + 1):
        adam.apply([gradient(pictures.value)[1]], [pictures])
        pictures.assign(ops.clip(pictures.value, 0.0, 255.0))
        if step in keep:
            kept.append(ops.convert_to_numpy(pictures))
    return kept


def _grams(features):
    return {name: gram_matrix(features[name]) for name in STYLE_LAYERS}


def _content_loss_of(network, pictures, photos):
    return float(
        relative_content_loss(
            network(ops.cast(pictures, "float32"))[CONTENT_LAYER],
            network(ops.cast(photos, "float32"))[CONTENT_LAYER],
        )
    )


def _middle(picture, size):
    """The middle square of a painting, scaled to `size`."""
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    resized = ops.image.resize(
        square.astype("float32"), (size, size), antialias=True
    )
    return ops.convert_to_numpy(resized)
