"""Interleaved medians, and what a row of the benchmark is."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.bench import Bench

MIN_ROUNDS = 15
"""Samples of each side, unless a run is a short one."""


class NotMeasuredError(Exception):
    """A row that this machine, or this tree, cannot measure. The message says why."""


@dataclass(frozen=True)
class Measured:
    """Medians of one row. Without a floor `ratio` is None, and the mark applies to the value itself."""

    value: float
    floor: float | None = None
    samples: tuple[list[float], list[float]] = ([], [])
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the floor."""
        return None if self.floor is None else self.value / self.floor


@dataclass(frozen=True)
class Row:
    """One line of the benchmark's table.

    `mark` is the largest ratio that is good, or value in `unit` where there is no floor; None for a line that
    is only printed. `scale` turns what was measured into `unit`. CI tests the exact rows, whose numbers do
    not depend on the machine.
    """

    name: str
    title: str
    floor: str
    mark: float | None
    unit: str
    measure: Callable[[Bench], Measured]
    scale: float = 1
    is_exact: bool = False

    def compared(self, measured: Measured) -> float:
        """Return what the mark limits."""
        return measured.value * self.scale if measured.ratio is None else measured.ratio


def interleaved(
    subject: Callable[[], float], floor: Callable[[], float], rounds: int, *, less: float = 0
) -> Measured:
    """Measure one and the other in turn, so that a slow minute of the machine slows both.

    `less` is subtracted from each sample of both sides.
    """
    samples = [(subject() - less, floor() - less) for _ in range(rounds)]
    ours, theirs = [one for one, _ in samples], [one for _, one in samples]
    return Measured(statistics.median(ours), statistics.median(theirs), (ours, theirs))
