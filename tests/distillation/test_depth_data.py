import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_depth_style.distillation import depth_data
from fast_depth_style.distillation.depth_data import (
    HINTS,
    STORED,
    STORED_MAP,
    augment,
    read_rooms,
    split_rooms,
    study,
)
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.requests import RequestError


def _rooms(folder, numbers):
    (folder / "rgb").mkdir()
    (folder / "depth").mkdir()
    for number in numbers:
        (folder / "rgb" / f"{number:04}.jpg").touch()
    return folder


def test_held_out_rooms_are_far_from_the_others(tmp_path):
    training, held_out = split_rooms(_rooms(tmp_path, range(0, 800, 3)))
    trained = np.array([int(path.stem) for path in training])
    kept = np.array([int(path.stem) for path in held_out])
    assert len(kept) > 0.1 * len(trained)
    assert np.abs(trained[:, None] - kept).min() > 5
    # Whole blocks, not single rooms.
    assert np.sum(np.diff(kept) > 3) == len(kept) // 10 - 1


def test_too_few_rooms_say_what_is_needed(tmp_path):
    with pytest.raises(RequestError, match="too few rooms"):
        split_rooms(_rooms(tmp_path, range(20)))
    with pytest.raises(RequestError, match="too few rooms"):
        split_rooms(tmp_path / "nothing")


def test_rooms_are_read_in_inverse_metres(tmp_path):
    _rooms(tmp_path, [])
    grey = np.full((30, 40), 51, np.uint8)
    grey[:, 20:] = 0
    Image.fromarray(grey).save(tmp_path / "depth" / "0007.png")
    path = tmp_path / "rgb" / "0007.jpg"
    Image.new("RGB", (40, 30), (200, 10, 10)).save(path)
    rooms = read_rooms([path])
    assert rooms.rgb.shape == (1, STORED, STORED, 3)
    assert np.abs(rooms.rgb[0] - np.array([200.0, 10, 10])).max() < 8
    half = STORED_MAP // 2
    np.testing.assert_array_equal(rooms.inverse_depth[0, :, :half], 0.5)
    np.testing.assert_array_equal(rooms.inverse_depth[0, :, half:], 0)
    assert rooms.measured.all()


class _Brightness(DepthEstimator):
    """Sees the bright as near; shows two features of the right size."""

    is_metric = True

    def outputs(self, pictures):
        depth = 3 - tf.reduce_mean(pictures, axis=-1) / 128
        grey = tf.nn.avg_pool2d(pictures, 16, 16, "SAME")
        return depth, [pictures, grey, tf.tile(grey, (1, 1, 1, 40)) ** 2]


def test_study_asks_the_teacher():
    draw = np.random.default_rng(0)
    small = draw.integers(0, 256, (11, 8, 8, 3), np.uint8)
    rgb = small.repeat(STORED // 8, 1).repeat(STORED // 8, 2)
    inverse_depth, hints = study(rgb, _Brightness())
    expected = 1 / (3 - rgb[:, ::28, ::28].mean(-1) / 128)
    step = STORED_MAP // 8
    seen = inverse_depth[:, step // 2 :: step, step // 2 :: step]
    np.testing.assert_allclose(seen, expected, rtol=2e-3)
    assert hints.shape == (11, STORED // 16, STORED // 16, HINTS)
    variance = hints.astype(np.float64).var(axis=(0, 1, 2)).sum()
    assert variance == pytest.approx(1, abs=0.05)


def test_study_wants_features():
    class Mute(_Brightness):
        def outputs(self, pictures):
            return super().outputs(pictures)[0], []

    with pytest.raises(RequestError, match="no features at 1/16"):
        study(np.zeros((1, STORED, STORED, 3), np.uint8), Mute())


@pytest.fixture(scope="module")
def augmented():
    """A ramp to the right in picture, depth and hints, 32 times."""
    ramp = np.linspace(0.2, 1, STORED, dtype=np.float32)
    square = np.broadcast_to(ramp, (32, STORED, STORED))
    rgb = (square[..., None] * (250, 120, 60)).astype(np.uint8)
    arrays = rgb, square[:, ::2, ::2], square[:, 8::16, 8::16, None]
    seed = tf.constant([3, 4])
    return [x.numpy() for x in augment(*map(tf.constant, arrays), seed, 96)]


def test_crops_and_mirrors_everything_alike(augmented):
    pictures, target, known, hints = augmented
    assert pictures.shape == (32, 96, 96, 3)
    assert target.shape == known.shape == (32, 48, 48)
    assert hints.shape == (32, 6, 6, 1)
    assert known.min() == 1
    signs = set()
    for _, depth, hint in zip(pictures, target, hints, strict=True):
        coarse = depth.reshape(6, 8, 6, 8).mean(axis=(1, 3))
        zoom = np.median(hint[..., 0] / coarse)
        assert 0.48 <= zoom <= 1.04
        np.testing.assert_allclose(hint[..., 0], coarse * zoom, atol=0.06)
        slope = np.sign(depth[0, -1] - depth[0, 0])
        signs.add(slope)
    assert signs == {-1, 1}


def test_the_picture_turns_with_its_depth(augmented):
    pictures, target, *_ = augmented
    small = pictures.reshape(32, 48, 2, 48, 2, 3).mean(axis=(2, 4, 5))
    correlation = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1]
        for a, b in zip(small, target, strict=True)
    ]
    # Brightness grows with nearness, but where colours are inverted.
    assert np.median(correlation) > 0.9
    assert min(correlation) < 0.9


def test_pictures_stay_in_range_and_differ(augmented):
    pictures = augmented[0]
    assert 0 <= pictures.min() and pictures.max() <= 255
    assert pictures.mean(axis=(1, 2)).std(axis=0).min() > 10


def test_the_seed_decides(augmented):
    ramp = np.linspace(0.2, 1, STORED, dtype=np.float32)
    square = np.broadcast_to(ramp, (2, STORED, STORED))
    rgb = tf.constant((square[..., None] * (250, 120, 60)).astype(np.uint8))
    rest = tf.constant(square[:, ::2, ::2]), tf.constant(square[..., None])
    first, again, other = [
        augment(rgb, *rest, tf.constant(seed), 64)[0].numpy()
        for seed in ([0, 1], [0, 1], [0, 2])
    ]
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 1


def test_the_unknown_stays_unknown():
    rgb = tf.zeros((4, STORED, STORED, 3), tf.uint8)
    depth = np.ones((4, STORED_MAP, STORED_MAP), np.float32)
    depth[:, :, ::2] = 0
    hints = tf.zeros((4, 14, 14, 1))
    known = augment(rgb, tf.constant(depth), hints, tf.constant([0, 0]), 64)[2]
    assert known.numpy().mean() < 0.1


def test_squares_of_every_kind_of_file(tmp_path):
    Image.new("L", (30, 90), 77).save(tmp_path / "a.png")
    square = depth_data.read_squares([tmp_path / "a.png"])
    np.testing.assert_array_equal(square, 77)
