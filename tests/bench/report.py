"""The benchmark's table and its JSON."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.measure import Measured, Row

_VERDICTS = {True: "ok", False: "MISSED", None: ""}


@dataclass(frozen=True)
class Outcome:
    """A row with what it measured, or the reason why it could not be measured."""

    row: Row
    measured: Measured | None
    reason: str = ""

    @property
    def is_good(self) -> bool | None:
        """Whether the mark is reached; None without mark or measurement."""
        if self.measured is None or self.row.mark is None:
            return None
        return self.row.compared(self.measured) <= self.row.mark

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it; numbers are in the row's unit."""
        row, measured = self.row, self.measured
        found: dict[str, Any] = {
            "name": row.name,
            "title": row.title,
            "floor_is": row.floor,
            "unit": row.unit,
            "mark": row.mark,
            "is_good": self.is_good,
        }
        if measured is None:
            return {**found, "not_measured": self.reason}
        scaled = [[round(one * row.scale, 4) for one in side] for side in measured.samples]
        return {
            **found,
            "value": measured.value * row.scale,
            "floor": None if measured.floor is None else measured.floor * row.scale,
            "ratio": measured.ratio,
            "samples": scaled[0],
            "floor_samples": scaled[1],
            "details": measured.details,
        }


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes as text, one a line, with what they say beyond their numbers below."""
    cells = [("row", "measured", "floor", "ratio", "mark", ""), *map(_cells, outcomes)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _cells(outcome: Outcome) -> tuple[str, str, str, str, str, str]:
    row, measured = outcome.row, outcome.measured
    mark = "" if row.mark is None else f"{row.mark:g}"
    if measured is None:
        return row.title, "", "", "", mark, f"not measured: {outcome.reason}"
    floor = "" if measured.floor is None else _number(measured.floor * row.scale, row.unit)
    ratio = "" if measured.ratio is None else f"{measured.ratio:.2f}"
    value = _number(measured.value * row.scale, row.unit)
    return row.title, value, floor, ratio, mark, _VERDICTS[outcome.is_good]


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 1 else 3
    return f"{value:,.{digits}f} {unit}"


def write_json(path: Path, outcomes: Iterable[Outcome], run: dict[str, Any]) -> None:
    """Write the outcomes with what describes the run."""
    machine = f"{platform.system()} {platform.machine()}, {platform.python_implementation()}"
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    document = {"at": at, "machine": machine, **run, "rows": [one.as_dict() for one in outcomes]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
