"""Every row of the benchmark, in the order of the table."""

from __future__ import annotations

from tests.bench.measure import Row
from tests.bench.rows import billing, cold, growth, rates, size, trips, warm

ROWS: list[Row] = [*cold.ROWS, *warm.ROWS, *trips.ROWS, *size.ROWS, *growth.ROWS, *billing.ROWS, *rates.ROWS]
