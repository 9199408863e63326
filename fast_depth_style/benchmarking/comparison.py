"""What was measured, as ratios."""

import dataclasses
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one contestant took.

    Attributes:
        name: Of the contestant.
        seconds: Of each round; round i of all contestants ran side by side.
        peak_bytes: Largest memory that its process held.
    """

    name: str
    seconds: Sequence[float]
    peak_bytes: int


@dataclasses.dataclass(frozen=True)
class Ratio:
    """One contestant against another; below 1 is faster, or smaller.

    Attributes:
        median: Median over the rounds of the ratio within a round: what the
            machine did meanwhile falls on both.
        fastest: Ratio of the fastest rounds: what each can do undisturbed.
        memory: Ratio of the peaks of memory.
    """

    median: float
    fastest: float
    memory: float


def ratio(ours: Measurement, reference: Measurement) -> Ratio:
    """Compares two measurements of one run.

    Raises:
        ValueError: They are not of the same rounds.
    """
    pairs = zip(ours.seconds, reference.seconds, strict=True)
    return Ratio(
        statistics.median(a / b for a, b in pairs),
        min(ours.seconds) / min(reference.seconds),
        ours.peak_bytes / reference.peak_bytes,
    )


def table(
    measurements: Sequence[Measurement], references: Sequence[str]
) -> str:
    """A Markdown table of measurements and their ratios to some of them.

    Args:
        measurements: One row each.
        references: Names of those to which the others are compared.
    """
    by_name = {each.name: each for each in measurements}
    head = ["", "median s", "fastest s", "peak MiB"]
    for name in references:
        head += [f"/ {name}, median", "fastest", "memory"]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for each in measurements:
        row = [
            each.name,
            f"{statistics.median(each.seconds):.3f}",
            f"{min(each.seconds):.3f}",
            f"{each.peak_bytes / 2**20:.0f}",
        ]
        for name in references:
            row += [
                f"{value:.2f}"
                for value in dataclasses.astuple(ratio(each, by_name[name]))
            ]
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        )
        + " |"
        for row in rows
    )
