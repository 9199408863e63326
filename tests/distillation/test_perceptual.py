import os
import re
import subprocess
import sys

import numpy as np
import pytest

from fast_depth_style.distillation import perceptual
from fast_depth_style.distillation.varied_pictures import VariedPictures
from fast_depth_style.perception.compact_perceptual import (
    COMPONENTS,
    CompactPerceptual,
)

_SETTINGS = dict(
    picture_size=32, fresh=2, pooled=2, pool_size=3, pool_from=0, warm_up=1
)


def _pictures():
    draw = np.random.default_rng(0)
    photos = [draw.integers(0, 256, (48, 40, 3), np.uint8) for _ in range(4)]
    return VariedPictures(photos[:3], photos[3:], 32)


def _require_the_same(weights, others, tolerance):
    for key, array in weights.items():
        error = np.linalg.norm(array - others[key])
        assert error <= tolerance * np.linalg.norm(others[key]), key


@pytest.mark.slow
def test_a_stopped_distillation_continues_where_it_was(
    vgg19_file, tmp_path, monkeypatch
):
    config = perceptual.PerceptualDistillation(
        steps=5, checkpoint_every=3, **_SETTINGS
    )
    said = []

    def distil(folder):
        return perceptual.distill_perceptual(
            config, vgg19_file, _pictures(), tmp_path / folder, said.append
        )

    straight = distil("straight")
    save = perceptual._Trainer.save

    def save_and_stop(trainer, path):
        save(trainer, path)
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        stopping.setattr(perceptual._Trainer, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            distil("stopped")
    weights = distil("stopped")
    assert "continuing at step 3" in said
    # A step moves a kernel by about 2 %; sums in another order by far less.
    _require_the_same(weights, straight, 3e-3)
    # The weights are those of the network that ships.
    features = CompactPerceptual(weights=weights)(np.zeros((1, 32, 32, 3)))
    assert set(features) == set(COMPONENTS)


_PROGRAM = """
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import test_perceptual

if __name__ == "__main__":
    config = test_perceptual.perceptual.PerceptualDistillation(
        steps=int(sys.argv[4]), **test_perceptual._SETTINGS
    )
    test_perceptual.perceptual.distill_perceptual(
        config,
        sys.argv[2],
        test_perceptual._pictures(),
        pathlib.Path(sys.argv[3]),
    )
"""


@pytest.mark.slow
def test_jax_learns_the_same(vgg19_file, tmp_path):
    program = tmp_path / "distil.py"
    program.write_text(_PROGRAM)

    def errors(backend, steps):
        """Means over the steps: in all, and of every layer."""
        done = subprocess.run(
            [sys.executable, program, os.path.dirname(__file__), vgg19_file]
            + [tmp_path / f"{backend}{steps}", str(steps)],
            env=os.environ | {"KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        line = done.stdout.splitlines()[-1].split(" s/step")[0]
        return np.array(re.findall(r"\d+\.\d+", line)[:-1], float)

    by_tensorflow, by_jax = errors("tensorflow", 40), errors("jax", 40)
    assert len(by_jax) == 13
    np.testing.assert_allclose(by_jax, by_tensorflow, rtol=0.02)
    assert errors("jax", 1)[0] > 1.1 * by_jax[0]
