import numpy as np
import pytest

from fast_depth_style.evaluation.content_metrics import ContentMetrics
from fast_depth_style.evaluation.evaluator import Sample


def _gaussian_window():
    distance = np.arange(11) - 5
    window = np.exp(-(distance**2) / (2 * 1.5**2))
    window = np.outer(window, window)
    return window / window.sum()


def _ssim(a, b):
    """Wang et al. 2004, eq. 13, one window and one channel at a time."""
    a, b = a.astype(float), b.astype(float)
    window, values = _gaussian_window(), []
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    for channel in range(3):
        for i in range(a.shape[0] - 10):
            for j in range(a.shape[1] - 10):
                x = a[i : i + 11, j : j + 11, channel]
                y = b[i : i + 11, j : j + 11, channel]
                mx, my = np.sum(window * x), np.sum(window * y)
                vx = np.sum(window * (x - mx) ** 2)
                vy = np.sum(window * (y - my) ** 2)
                cov = np.sum(window * (x - mx) * (y - my))
                values.append(
                    (2 * mx * my + low)
                    * (2 * cov + high)
                    / ((mx**2 + my**2 + low) * (vx + vy + high))
                )
    return np.mean(values)


def test_against_numpy(make_context, photo):
    context = make_context()
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    noisy = np.clip(photo + noise, 0, 255).astype("uint8")
    pictures = np.stack([photo, noisy])
    same, other = ContentMetrics(context).measure(Sample(photo, pictures))
    assert same == {
        "content.balanced": 0,
        "content.raw": 0,
        "content.ssim": pytest.approx(1),
    }
    target, found = (
        np.asarray(context.perceptual(x[None].astype("float32"))["relu2_1"])
        for x in (photo, noisy)
    )
    assert other["content.raw"] == pytest.approx(
        np.mean((found - target) ** 2), rel=1e-4
    )
    assert other["content.balanced"] == pytest.approx(
        np.sum((found - target) ** 2) / np.sum(target**2), rel=1e-3
    )
    assert other["content.ssim"] == pytest.approx(_ssim(photo, noisy), abs=1e-3)
