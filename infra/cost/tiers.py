"""Prices that fall, step by step, with the quantity of the month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Tiers:
    """Steps of (upper end in units, dollars a unit). Only what lies within a step has its price."""

    steps: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read the `tiers` of a row of a price list, or its one `usd`; both are for `per` units."""
        per = row.get("per", 1)
        given = row.get("tiers") or [{"usd": row["usd"]}]
        return cls(tuple((float(step.get("up_to", math.inf)), step["usd"] / per) for step in given))

    def cost(self, quantity: float) -> float:
        """Return the dollars for a quantity."""
        total, start = 0.0, 0.0
        for end, usd in self.steps:
            if quantity <= start:
                break
            total += (min(quantity, end) - start) * usd
            start = end
        return total
