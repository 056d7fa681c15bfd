"""A bill for a terminal, and as JSON."""

from __future__ import annotations

import json

from infra.cost.bill import Bill, Line
from infra.cost.model import IDENTITY, Part
from infra.cost.text import columns, count, usd


def table(bill: Bill) -> str:
    """Return the bill row by row, its total, and beside it what is not Gatehouse's."""
    rows = [_row(line) for line in bill.lines if line.part is not Part.OWN]
    rows.append(["total", "", "", "", usd(bill.usd())])
    rows.append(["  of it identity", "", "", "", usd(bill.usd(IDENTITY))])
    rows += [_row(line) for line in bill.lines if line.part is Part.OWN]
    text = columns(["for", "what", "quantity", "unit", "USD a month"], rows, numbers_from=2)
    unconfirmed = sorted({line.price.title for line in bill.lines if not line.price.source.confirmed})
    if unconfirmed:
        text += f"\n\nPrices that no vendor's page confirmed: {'; '.join(unconfirmed)}."
    return text


def as_json(bill: Bill) -> str:
    """Return the same for a program."""
    content = {
        "currency": "USD",
        "total": bill.usd(),
        "identity": bill.usd(IDENTITY),
        "own_functions": bill.usd([Part.OWN]),
        "lines": [
            {
                "part": line.part.value,
                "meter": line.price.meter.value,
                "quantity": line.quantity,
                "usd": line.usd,
                "price_read": line.price.source.read.isoformat(),
                "price_confirmed": line.price.source.confirmed,
            }
            for line in bill.lines
        ],
    }
    return json.dumps(content, indent=2)


def _row(line: Line) -> list[str]:
    quantity = count(line.quantity / line.price.per)
    return [line.part.value, line.price.title, quantity, line.price.unit, usd(line.usd)]
