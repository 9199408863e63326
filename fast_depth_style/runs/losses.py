"""losses.csv and losses.png of a run."""

import csv
import io
import math
import pathlib
import time
from collections.abc import Mapping, Sequence

from fast_depth_style import files

_POINTS = 100
_SECONDS_APART = 10
"""Drawing takes half a second, in which a GPU does a hundred steps."""


class LossLog:
    """Appends every step's loss, terms and weighted shares to a CSV file.

    Every so many steps, but not within ten seconds, and at the end the file is
    drawn to a PNG file beside it.
    """

    def __init__(
        self, path: pathlib.Path, start: int, every: int, terms: Sequence[str]
    ):
        """Drops rows after step `start`, which a killed run may have left."""
        self._path = path
        self._every = every
        self._step = start
        self._drawn = -1
        self._drawn_at = -math.inf
        fields = ["step", "loss", *terms, *(f"{t}_share" for t in terms)]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fields, "", extrasaction="ignore")
        writer.writeheader()
        for row in read_losses(path):
            if row["step"] <= start:
                writer.writerow({**row, "step": int(row["step"])})
        files.write_text(path, text.getvalue())
        self._file = path.open("a", newline="")
        self._writer = csv.DictWriter(self._file, fields)

    def add(
        self,
        step: int,
        loss: float,
        terms: Mapping[str, float],
        shares: Mapping[str, float],
    ) -> None:
        """Appends a row, and draws where that is due."""
        row = {name: float(terms[name]) for name in shares}
        row |= {f"{name}_share": share for name, share in shares.items()}
        self._writer.writerow({"step": step, "loss": float(loss), **row})
        # At once: a checkpoint of this step must not outlive its row.
        self._file.flush()
        self._step = step
        if (
            step % self._every == 0
            and time.monotonic() - self._drawn_at >= _SECONDS_APART
        ):
            self._draw()

    def close(self) -> None:
        """Closes the file and draws it, if the last step was not drawn."""
        self._file.close()
        if self._drawn != self._step:
            self._draw()

    def _draw(self) -> None:
        draw_losses(self._path, self._path.with_suffix(".png"))
        self._drawn = self._step
        self._drawn_at = time.monotonic()


def read_losses(path: pathlib.Path) -> list[dict[str, float]]:
    """The rows of a losses.csv, if there is one; one cut short is left out."""
    if not path.exists():
        return []
    found = []
    with path.open(newline="", errors="replace") as file:
        for row in csv.DictReader(file):
            try:
                values = {name: float(value) for name, value in row.items()}
            except (TypeError, ValueError):
                continue
            if "step" in values and math.isfinite(values["step"]):
                found.append(values)
    return found


def draw_losses(path: pathlib.Path, picture: pathlib.Path) -> None:
    """Draws every term of a losses.csv against the step, to a PNG file.

    The line is the mean over a hundredth of the run, the band around it goes
    from the least to the most.
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
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        values = np.array([row[name] for row in rows]).reshape(-1, window)
        least, most = values.min(axis=1), values.max(axis=1)
        axes.fill_between(steps, least, most, color="0.8", linewidth=0)
        axes.plot(steps, values.mean(axis=1), color="tab:blue")
        if least.min() > 0:
            axes.set_yscale("log")
        axes.set_title(name)
        axes.set_xlabel("step")
    with files.replacing(picture) as aside:
        figure.savefig(aside, dpi=100)
