"""One line that says how far a picture is and what it is working on."""

import time
from collections.abc import Sequence

import tqdm

from fast_depth_style.optimization.objective import Judgement
from fast_depth_style.optimization.terms import Terms

_FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class Progress:
    """Iterations done, ETA, and each term with its share of the loss.

    An iteration costs about as much as the picture has pixels, so the time
    left is told from the pixels done: that of the coarse scales alone would
    promise far too much.
    """

    def __init__(
        self,
        terms: Terms,
        ends: Sequence[int],
        sizes: Sequence[tuple[int, int]],
        start: int,
    ):
        """Creates the line.

        Args:
            terms: Gives the shares.
            ends: The iteration at which each scale ends.
            sizes: Height and width of each scale.
            start: Iterations done so far.
        """
        self._terms = terms
        self._ends = ends
        self._pixels = [height * width for height, width in sizes]
        self._first = self._last = start
        self._began = time.monotonic()
        self._bar = tqdm.tqdm(
            total=ends[-1],
            initial=start,
            bar_format=_FORMAT,
            dynamic_ncols=True,
        )

    def seconds_left(self, done: int) -> float:
        """Time that is left after `done` iterations, at the speed so far."""
        elapsed = time.monotonic() - self._began
        work = self._work(self._first, done)
        return elapsed * self._work(done, self._ends[-1]) / max(work, 1)

    def update(self, done: int, judgement: Judgement) -> None:
        """Shows an iteration, the `done`th."""
        left = tqdm.tqdm.format_interval(self.seconds_left(done))
        shares = self._terms.shares(judgement.terms)
        parts = [f"{left} left, loss {judgement.loss:.4g}"]
        parts += [
            f"{name} {judgement.terms[name]:.3g} ({share:.0%})"
            for name, share in shares.items()
        ]
        self._bar.set_postfix_str(
            ", ".join(parts), refresh=self._last == self._first
        )
        self._bar.update(done - self._last)
        self._last = done

    def close(self) -> None:
        """Ends the line; whatever ended the work."""
        self._bar.close()

    def _work(self, first, last):
        """Pixels that the iterations from `first` to `last` judge."""
        total, begin = 0, 0
        for end, pixels in zip(self._ends, self._pixels, strict=True):
            overlap = min(end, last) - max(begin, first)
            total += pixels * max(0, overlap)
            begin = end
        return total
