"""The sum: usage by price, line by line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from infra.cost.assumptions import Assumptions
from infra.cost.model import GATEHOUSE, Part, Workload, month, usage_of
from infra.cost.prices import Allowance, Price, allowances, prices
from infra.cost.usage import Meter, Usage


@dataclass(frozen=True, slots=True)
class Line:
    """So much of one thing for one part, and its dollars."""

    part: Part
    price: Price
    quantity: float
    usd: float


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of a month."""

    lines: tuple[Line, ...]

    def usd(self, parts: Collection[Part] = GATEHOUSE, meters: Collection[Meter] = tuple(Meter)) -> float:
        """Return the dollars of these parts and meters."""
        return sum(line.usd for line in self.lines if line.part in parts and line.price.meter in meters)


def bill(load: Workload, assumed: Assumptions, *, region: str = "us-east-1", free_tier: bool = False) -> Bill:
    """Return the bill of a month."""
    given = [allowance for allowance in allowances() if allowance.always] if free_tier else []
    return charge(month(load, assumed), prices(region), given)


def charge(
    parts: Mapping[Part, Usage], price_list: Mapping[Meter, Price], given: Collection[Allowance]
) -> Bill:
    """Charge the sum of all parts, since steps and allowances are the account's, and share it by quantity."""
    total = usage_of(parts)
    rates = {
        meter: price_list[meter].tiers.cost(max(0.0, quantity - _free(meter, given))) / quantity
        for meter, quantity in total.items()
        if quantity
    }
    return Bill(
        tuple(
            Line(part, price_list[meter], parts[part][meter], parts[part][meter] * rates[meter])
            for part in Part
            for meter in Meter
            if parts.get(part, {}).get(meter)
        )
    )


def _free(meter: Meter, given: Collection[Allowance]) -> float:
    return sum(allowance.amount for allowance in given if meter in allowance.meters)
