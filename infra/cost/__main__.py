"""`python -m infra.cost`."""

from __future__ import annotations

from infra.cost.cli import cost

cost(prog_name="python -m infra.cost")
