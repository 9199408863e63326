import numpy as np
import pytest

from fast_depth_style.distillation import perceptual_ranking
from fast_depth_style.perception.compact_perceptual import (
    compact_perceptual_body,
)


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(0)
    return compact_perceptual_body()


@pytest.fixture(scope="module")
def photos():
    draw = np.random.default_rng(0)
    coarse = draw.uniform(20, 235, (2, 4, 4, 3))
    return coarse.repeat(8, 1).repeat(8, 2).astype(np.float32)


def test_spearman_of_a_hand_worked_case():
    # Ranks 0 1 2 3 against 1 0 2 3: 1 - 6 * 2 / (4 * 15) = 0.8.
    ranks = perceptual_ranking.spearman([1, 2, 3, 4], [20, 10, 30, 900])
    assert ranks == pytest.approx(0.8)
    assert perceptual_ranking.spearman([1, 2, 3], [3, 2, 1]) == -1


def test_painting_comes_nearer_to_the_style(network, photos):
    style = np.random.default_rng(1).uniform(0, 255, (32, 32, 3))
    kept = perceptual_ranking.paint(network, photos, style, (1, 12))
    losses = [
        perceptual_ranking.style_loss_of(network, made, style)
        for made in (photos, *kept)
    ]
    assert losses[0] > losses[1] > losses[2]
    assert kept[-1].min() >= 0 and kept[-1].max() <= 255


@pytest.mark.slow
def test_a_network_agrees_with_itself(network, photos):
    painting = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    agreement = perceptual_ranking.compare(
        network, network, photos, painting, "noise", steps=12
    )
    assert agreement.painting == "noise"
    assert agreement.spearman == pytest.approx(1.0)
    assert agreement.style_ratio == pytest.approx(1.0, rel=1e-2)
    assert agreement.content_ratio == pytest.approx(1.0, rel=1e-2)
