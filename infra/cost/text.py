"""Numbers and tables as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MANY = 100


def usd(amount: float) -> str:
    """Return dollars: whole ones from a hundred, cents from one, four decimals below."""
    if amount >= _MANY:
        return f"{amount:,.0f}"
    return f"{amount:.2f}" if amount >= 1 or amount == 0 else f"{amount:.4f}"


def count(quantity: float) -> str:
    """Return a quantity: whole from a hundred, three digits below."""
    return f"{quantity:,.0f}" if quantity >= _MANY or quantity == int(quantity) else f"{quantity:.3g}"


def rate(amount: float) -> str:
    """Return a price of one unit, with all its digits and no exponent."""
    return f"{amount:.10f}".rstrip("0").rstrip(".") if amount < 0.01 else f"{amount:g}"  # noqa: PLR2004 - a cent


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 1) -> str:
    """Return a table; the columns from `numbers_from` on are set to the right."""
    rule = ["---" if column < numbers_from else "---:" for column in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows]) + "\n"


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers_from: int = 1) -> str:
    """Return the same for a terminal."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if column < numbers_from else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, [head, ["-" * width for width in widths], *rows]))
