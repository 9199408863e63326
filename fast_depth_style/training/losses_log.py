"""losses.csv and losses.png of a run."""

import csv
import math
import os
import pathlib
import time

import keras

_POINTS = 100
_SECONDS_APART = 10
"""Drawing takes half a second, in which a GPU does a hundred steps."""


class LossesLog(keras.callbacks.Callback):
    """Appends every step's loss, terms and weighted shares to a CSV file.

    Every so many steps, but not within ten seconds, and at the end they are
    drawn, to a PNG file beside it.
    """

    def __init__(self, path: pathlib.Path, start: int, every: int, objective):
        """Creates the log.

        Args:
            path: The CSV file; rows after step `start`, which a killed run
                may have left, are dropped.
            start: Steps done so far.
            every: Steps between drawings.
            objective: Gives the terms and their shares.
        """
        super().__init__()
        self._path = path
        self._start = self._step = start
        self._every = every
        self._objective = objective
        self._drawn = None
        self._drawn_at = -math.inf
        terms = [*objective.terms]
        self._fields = ["step", "loss", *terms, *(f"{t}_share" for t in terms)]
        rows = [r for r in read_losses(path) if r["step"] <= start]
        aside = path.with_name(f".{path.name}.tmp")
        with aside.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._fields)
            writer.writeheader()
            writer.writerows({**row, "step": int(row["step"])} for row in rows)
        os.replace(aside, path)
        self._file = path.open("a", newline="")
        self._writer = csv.DictWriter(self._file, self._fields)

    def on_train_batch_end(self, batch, logs=None):
        """Appends the step; draws where it is due."""
        step = self._start + batch
        shares = self._objective.shares(logs, step)
        row = {name: float(logs[name]) for name in ("loss", *shares)}
        row |= {f"{name}_share": share for name, share in shares.items()}
        self._writer.writerow({"step": step + 1, **row})
        # At once: a checkpoint of this step must not outlive its row.
        self._file.flush()
        self._step = step + 1
        if (
            self._step % self._every == 0
            and time.monotonic() - self._drawn_at >= _SECONDS_APART
        ):
            self._draw()

    def on_train_end(self, logs=None):
        """Closes the file and draws it, if the last step did not."""
        self._file.close()
        if self._drawn != self._step:
            self._draw()

    def _draw(self):
        draw_losses(self._path, self._path.with_suffix(".png"))
        self._drawn = self._step
        self._drawn_at = time.monotonic()


def read_losses(path: pathlib.Path) -> list[dict[str, float]]:
    """Reads the rows of a losses.csv; a row cut short is left out.

    Args:
        path: The file; no file gives no rows.

    Returns:
        One dict a step: step, loss, the unweighted terms and their shares.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            {name: float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
            if None not in row.values() and "" not in row.values()
        ]


def draw_losses(path: pathlib.Path, picture: pathlib.Path) -> None:
    """Draws every term of a losses.csv against the step.

    The line is the mean over a hundredth of the run, the band around it goes
    from the least to the most.

    Args:
        path: The CSV file.
        picture: The PNG file to write.
    """
    import matplotlib.figure
    import numpy as np

    rows = read_losses(path)
    if not rows:
        return
    names = [n for n in rows[0] if n != "step" and not n.endswith("_share")]
    # As much to draw, and as quickly drawn, however long the run is.
    window = max(1, len(rows) // _POINTS)
    rows = rows[len(rows) % window :]
    steps = np.array([row["step"] for row in rows[window - 1 :: window]])
    figure = matplotlib.figure.Figure(
        figsize=(4 * len(names), 3.2), layout="constrained"
    )
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        values = np.array([row[name] for row in rows]).reshape(-1, window)
        least, most = values.min(axis=1), values.max(axis=1)
        axes.fill_between(steps, least, most, color="0.8", linewidth=0)
        axes.plot(steps, values.mean(axis=1), color="tab:blue")
        if least.min() > 0:
            axes.set_yscale("log")
        axes.set_title(name)
        axes.set_xlabel("step")
    aside = picture.with_name(f".{picture.name}")
    figure.savefig(aside, dpi=100)
    aside.replace(picture)
