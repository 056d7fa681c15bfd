"""What a million authorised calls cost, by the memory of the authorizer."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass

from infra.cost import PRICES
from tests.bench.bench import AUTHORIZER, Bench, bearer_event
from tests.bench.measure import Measured, Row
from tests.bench.processes import Timing
from tests.bench.quota import PERIOD_MICROSECONDS, share_of
from tests.bench.rows.cold import cold

MEMORIES = (128, 256, 512, 768, 1024, 1769)
COLD_SHARE = 0.01
"""Invocations that start an environment, as `infra/cost.py` assumes."""
_CALLS = 10**6
_COLD_ROUNDS = 3
# A quota is per period: a call that follows another at once would use up what is left of its period.
_PAUSE_SECONDS = 2 * PERIOD_MICROSECONDS / 1e6


@dataclass(frozen=True)
class Bill:
    """Milliseconds of a warm and a cold invocation, INIT included, and what a million calls come to."""

    memory_mb: int
    warm_ms: float
    cold_ms: float

    @property
    def billed_ms(self) -> float:
        """Billed milliseconds for a million calls. Lambda rounds each invocation up."""
        one = math.ceil(self.warm_ms) * (1 - COLD_SHARE) + math.ceil(self.cold_ms) * COLD_SHARE
        return one * _CALLS

    @property
    def usd(self) -> float:
        """US dollars for a million calls, requests included."""
        duration = PRICES["Lambda duration"].cost(self.billed_ms / 1e3 * self.memory_mb / 1024)
        return duration + PRICES["Lambda requests"].cost(_CALLS)


def bills(bench: Bench) -> list[Bill]:
    """Measure each memory."""
    return [Bill(memory, 1e3 * _warm(bench, memory), 1e3 * _cold(bench, memory)) for memory in MEMORIES]


def _warm(bench: Bench, memory: int) -> float:
    _, who = bench.signed_in
    event = bearer_event(who.access_token)
    with bench.tree.worker(AUTHORIZER) as worker:
        worker.run("load", handler=AUTHORIZER)
        worker.run("invoke", handler=AUTHORIZER, event=event, times=3)
        if bench.quota:
            bench.quota.set_share(share_of(memory))
            bench.quota.add(worker.pid)
        found = []
        for _ in range(bench.rounds):
            time.sleep(_PAUSE_SECONDS)
            found.append(_seconds(bench, memory, worker.run("invoke", handler=AUTHORIZER, event=event)))
        return statistics.median(found)


def _cold(bench: Bench, memory: int) -> float:
    _, who = bench.signed_in
    event = dict(bearer_event(who.access_token))
    starts = [cold(bench, bench.tree, AUTHORIZER, memory, event) for _ in range(_COLD_ROUNDS)]
    return statistics.median(init.wall + _seconds(bench, memory, first) for init, first in starts)


def _seconds(bench: Bench, memory: int, timing: Timing) -> float:
    """Return the wall time under the quota; without one, the time that the CPU time would take."""
    if bench.quota:
        return timing.wall
    return max(0, timing.wall - timing.cpu) + timing.cpu / share_of(memory)


def table(found: list[Bill]) -> list[str]:
    """Return the lines of the table, with the cheapest and the fastest marked."""
    cheapest, fastest = min(found, key=lambda one: one.usd), min(found, key=lambda one: one.warm_ms)
    lines = ["", "Authorizer, a million calls:", "memory  warm ms  cold ms    billed ms     USD"]
    for one in found:
        notes = [word for word, best in (("cheapest", cheapest), ("fastest", fastest)) if one is best]
        line = f"{one.memory_mb:>6}  {one.warm_ms:>7.1f}  {one.cold_ms:>7.0f}  {one.billed_ms:>11,.0f}"
        lines.append(f"{line}  {one.usd:>6.3f}  {', '.join(notes)}".rstrip())
    return lines


def billing(bench: Bench) -> Measured:
    """Measure the cheapest million of calls."""
    found = bills(bench)
    rows = [vars(one) | {"billed_ms": one.billed_ms, "usd": one.usd} for one in found]
    return Measured(min(one.usd for one in found), details={"bills": rows, "lines": table(found)})


ROWS = [Row("billing", "a million authorised calls, cheapest memory", "", None, "USD", billing)]
