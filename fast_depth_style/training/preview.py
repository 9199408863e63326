"""The pictures that one watches a style learn by."""

import io
import pathlib

import keras
import numpy as np
from keras import ops
from PIL import Image

_GAP = 4


class Preview(keras.callbacks.Callback):
    """Writes a strip every so many steps: photos above, stylized below."""

    def __init__(self, folder: pathlib.Path, start: int, every: int, photos):
        """Creates the callback.

        Args:
            folder: Receives step_NNNNNNN.png, and latest.png.
            start: Steps done so far.
            every: Steps between strips; the first and last step get one too.
            photos: (n, height, width, 3) uint8, the same all along.
        """
        super().__init__()
        self._folder = folder
        self._start = self._step = start
        self._every = every
        self._photos = photos
        self._written = None
        folder.mkdir(parents=True, exist_ok=True)

    def needs_trainer(self, batch) -> bool:
        """Whether a strip is due after this step."""
        step = self._start + batch + 1
        return step == 1 or step % self._every == 0

    def on_train_batch_end(self, batch, logs=None):
        """Writes a strip where one is due."""
        self._step = self._start + batch + 1
        if self.needs_trainer(batch):
            self._write()

    def on_train_end(self, logs=None):
        """Writes the last strip."""
        if self._written != self._step:
            self._write()

    def _write(self):
        pictures = ops.convert_to_numpy(
            self.model.network(ops.convert_to_tensor(self._photos, "float32"))
        )
        pictures = np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
        strip = io.BytesIO()
        sheet = contact_sheet([self._photos, pictures])
        Image.fromarray(sheet).save(strip, "png")
        for name in (f"step_{self._step:07d}.png", "latest.png"):
            aside = self._folder / f".{name}"
            aside.write_bytes(strip.getvalue())
            aside.replace(self._folder / name)
        self._written = self._step


def contact_sheet(rows) -> np.ndarray:
    """Lays pictures out in rows with a thin white gap.

    Args:
        rows: Lists of (height, width, 3) uint8 pictures, all of one size.

    Returns:
        (height, width, 3) uint8.
    """
    pad = [(0, _GAP), (0, _GAP), (0, 0)]
    return np.concatenate(
        [
            np.concatenate(
                [np.pad(p, pad, constant_values=255) for p in row], axis=1
            )
            for row in rows
        ]
    )[:-_GAP, :-_GAP]
