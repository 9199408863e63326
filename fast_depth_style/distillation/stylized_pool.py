"""A pool of pictures that are being stylized while the student learns."""

import numpy as np

from fast_depth_style.distillation.varied_pictures import VariedPictures


class StylizedPool:
    """Pictures that are stylized, step by step, against the student."""

    def __init__(self, pictures: VariedPictures, size: int, rng):
        """Starts `size` stylizations, each at a random point of its life."""
        self._pictures = pictures
        shape = (size, pictures.size, pictures.size, 3)
        self.arrays = {
            "stylized": np.zeros(shape, np.float32),
            "momentum": np.zeros(shape, np.float32),
            "photo": np.zeros(shape, np.float32),
            "painting": np.zeros(shape, np.float32),
            "content_weight": np.zeros(size, np.float32),
            "left": np.zeros(size, np.int64),
        }
        for i in range(size):
            self._restart(i, rng)
            self.arrays["left"][i] = 1 + i * 60 // size

    def _restart(self, i, rng):
        photo = self._pictures.photo(rng)
        painting = self._pictures.painting(rng)
        start = [photo, self._pictures.varied(rng), painting[::-1]]
        self.arrays["stylized"][i] = start[rng.choice(3, p=[0.5, 0.4, 0.1])]
        self.arrays["momentum"][i] = 0
        self.arrays["photo"][i] = photo
        self.arrays["painting"][i] = painting
        self.arrays["content_weight"][i] = 10 ** rng.uniform(-1.5, 0.5)
        self.arrays["left"][i] = rng.integers(15, 80)

    def move(self, indices, gradients, rate: float, rng) -> None:
        """Descends on the pictures at `indices`; restarts the finished."""
        for i, gradient in zip(indices, gradients, strict=True):
            momentum = self.arrays["momentum"][i]
            momentum *= 0.8
            momentum += gradient / (gradient.std() + 1e-12)
            step = rate * momentum / (momentum.std() + 1e-12)
            # Within what a network puts out, as its range penalty wants.
            self.arrays["stylized"][i] = np.clip(
                self.arrays["stylized"][i] - step, -40, 295
            )
            self.arrays["left"][i] -= 1
            if self.arrays["left"][i] == 0:
                self._restart(i, rng)
