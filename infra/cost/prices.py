"""The price lists, as they lie in `prices/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Self

from infra.cost.tiers import Tiers
from infra.cost.usage import Meter

_FOLDER = Path(__file__).parent / "prices"
_NO_REGION = {"free_allowances", "other_vendors"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number was read and when; `confirmed` is explained in the price lists."""

    title: str
    url: str
    read: date
    confirmed: bool
    note: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read the source of a row."""
        return cls(row["source"], row["url"], row["read"], row["confirmed"], row.get("note", ""))


@dataclass(frozen=True, slots=True)
class Price:
    """What AWS asks for one thing that it meters."""

    meter: Meter
    title: str
    unit: str
    per: float
    tiers: Tiers
    source: Source


@dataclass(frozen=True, slots=True)
class Allowance:
    """What AWS gives away each month; `always` says that it does not end with an account's first year."""

    meters: frozenset[Meter]
    title: str
    amount: float
    unit: str
    always: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What another vendor asks by monthly active user."""

    title: str
    base_usd: float
    tiers: Tiers
    listed_up_to: float
    source: Source

    def cost(self, users: int) -> float | None:
        """Return the dollars of a month, or None where the price is by quote."""
        return self.base_usd + self.tiers.cost(users) if users <= self.listed_up_to else None


def regions() -> tuple[str, ...]:
    """Return the regions that have a price list."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if path.stem not in _NO_REGION))


@cache
def prices(region: str) -> Mapping[Meter, Price]:
    """Return the price of everything that is metered."""
    found = [
        Price(
            Meter(row["meter"]), row["title"], row["unit"], row.get("per", 1), Tiers.read(row), Source.of(row)
        )
        for row in _rows(region, "price")
    ]
    return {price.meter: price for price in found}


@cache
def allowances() -> tuple[Allowance, ...]:
    """Return AWS's free allowances."""
    return tuple(
        Allowance(
            frozenset(map(Meter, row["meters"])),
            row["title"],
            row["amount"],
            row["unit"],
            row["always"],
            Source.of(row),
        )
        for row in _rows("free_allowances", "free")
    )


@cache
def plans() -> tuple[Plan, ...]:
    """Return other vendors' plans."""
    return tuple(
        Plan(
            row["title"],
            row["base_usd"],
            Tiers.read(row),
            row.get("listed_up_to", float("inf")),
            Source.of(row),
        )
        for row in _rows("other_vendors", "plan")
    )


def _rows(name: str, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))[kind]
    return rows
