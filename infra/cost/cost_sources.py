"""The tables of docs/cost.md that say where its numbers come from."""

from __future__ import annotations

import math

from infra.cost.assumptions import Assumptions
from infra.cost.prices import Allowance, Source, allowances, plans, prices, regions
from infra.cost.text import count, markdown, rate
from infra.cost.tiers import Tiers

_CONFIRMED = """
*Confirmed* means that the number was read in an archived copy of the vendor's own page, in a transcription
that quotes that page, or in an extract of the vendor's price list. Anything else: look before relying on it.
"""


def assumption_rows(assumed: Assumptions) -> str:
    """Return every assumption with its unit and reason."""
    rows = [[f"`{name}`", f"{value:g}", unit, why] for name, value, unit, why in assumed.rows()]
    table = markdown(["name", "value", "unit", "why"], rows, numbers_from=4)
    return f"{table}\nThey lie in `infra/cost/assumptions.py`.\n"


def price_rows() -> str:
    """Return every price of every region."""
    rows = [
        [f"{price.title} ({region})", _steps(price.tiers, price.per), price.unit, *_source(price.source)]
        for region in regions()
        for price in prices(region).values()
    ]
    return markdown(["what", "USD", "per", *_SOURCE_HEAD], rows, numbers_from=6) + _CONFIRMED


def free_rows() -> str:
    """Return AWS's allowances."""
    rows = [
        [one.title, count(one.amount), one.unit, _lasts(one), *_source(one.source)] for one in allowances()
    ]
    table = markdown(["what", "amount", "unit", "lasts", *_SOURCE_HEAD], rows, numbers_from=7)
    return table + "\n`--free-tier` takes off those that last always.\n"


def plan_rows() -> str:
    """Return what others ask."""
    rows = [
        [one.title, f"{one.base_usd:g}", _steps(one.tiers, 1), _users(one.listed_up_to), *_source(one.source)]
        for one in plans()
    ]
    return markdown(["plan", "USD a month", "USD a user", "listed for", *_SOURCE_HEAD], rows, numbers_from=7)


_SOURCE_HEAD = ("source", "read", "confirmed")


def _source(source: Source) -> list[str]:
    confirmed = "yes" if source.confirmed else "**no**"
    note = f". {source.note}" if source.note else ""
    return [f"[{source.title}]({source.url}){note}", source.read.isoformat(), confirmed]


def _lasts(allowance: Allowance) -> str:
    return "always" if allowance.always else "first year"


def _steps(tiers: Tiers, per: float) -> str:
    if len(tiers.steps) == 1:
        return rate(tiers.steps[0][1] * per)
    return "; ".join(f"{_end(end)}: {rate(usd * per)}" for end, usd in tiers.steps)


def _end(end: float) -> str:
    return "beyond" if math.isinf(end) else f"to {count(end)}"


def _users(most: float) -> str:
    return "any number" if math.isinf(most) else f"up to {count(most)} users"
