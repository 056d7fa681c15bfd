"""A network that loses, delays, duplicates, reorders and corrupts messages."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from examples.mobile_client import NetworkError, Request, Response
from tests.network.ledger import Ledger
from tests.network.servers import Server

LATEST_SECONDS = 90
"""Longest delay of a request that its sender has given up. Less than the client's SETTLE_SECONDS."""
_CAPTIVE_PORTAL = Response(200, {}, b"<html>Welcome to our network</html>")
_PROXY_WANTS_A_LOGIN = Response(401, {}, b"<html>Sign in to our network</html>")
_BAD_GATEWAY = Response(502, {}, b'{"message": "Internal server error"}')


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Probability of each fault, in percent of messages."""

    lost_request: int = 6
    late_request: int = 6
    lost_answer: int = 10
    garbled_answer: int = 8
    copies: int = 10
    rivals: int = 2


class Network:
    """Carries requests to the server in any order, and passes each response to the ledger."""

    def __init__(self, server: Server, ledger: Ledger, chance: Random, rates: FaultRates) -> None:
        self._server, self._ledger, self._chance, self._rates = server, ledger, chance, rates
        self._under_way: list[tuple[int, int, Request]] = []
        self._order = itertools.count()
        self.rival: Callable[[], object] | None = None
        """Called between the server's read and its write."""

    def send(self, request: Request) -> Response:
        """Carry a request with faults. Raises NetworkError."""
        rates, counts = self._rates, self._ledger.counts
        self.pass_time(self._chance.randrange(2))
        if self._happens(rates.lost_request):
            counts["lost requests"] += 1
            self.pass_time(self._chance.randint(5, 30))
            raise NetworkError
        if self._happens(rates.late_request):
            counts["late requests"] += 1
            self._copy_later(request)
            self.pass_time(self._chance.randint(5, 30))
            raise NetworkError
        answer = self._deliver_with_copies(request)
        if self._happens(rates.lost_answer):
            counts["lost answers"] += 1
            self.pass_time(self._chance.randint(1, 30))
            raise NetworkError
        if self._happens(rates.garbled_answer):
            counts["garbled answers"] += 1
            half = replace(answer, body=answer.body[: len(answer.body) // 2])
            return self._chance.choice([_CAPTIVE_PORTAL, _PROXY_WANTS_A_LOGIN, _BAD_GATEWAY, half])
        return answer

    def deliver(self, request: Request, *, by_thief: bool = False) -> Response:
        """Carry a request immediately and without faults."""
        answer = self._server.send(request)
        self._ledger.record(request, answer, by_thief=by_thief)
        return answer

    def pass_time(self, seconds: int) -> None:
        """Advance the clock, and deliver what arrives until then."""
        until = self._server.clock.now + seconds
        while self._under_way and self._under_way[0][0] <= until:
            due, _, request = heapq.heappop(self._under_way)
            self._server.clock.now = max(due, self._server.clock.now)
            self.deliver(request)
        self._server.clock.now = until

    def _deliver_with_copies(self, request: Request) -> Response:
        if self._happens(self._rates.copies):
            self._ledger.counts["copies in parallel"] += 1
            self._server.faults.interlude = partial(self.deliver, request)
        elif self._happens(self._rates.rivals):
            self._server.faults.interlude = self.rival
        answer = self.deliver(request)
        self._server.faults.interlude = None
        if self._happens(self._rates.copies):
            self._ledger.counts["copies later"] += 1
            self._copy_later(request)
        return answer

    def _copy_later(self, request: Request) -> None:
        due = self._server.clock.now + self._chance.randint(1, LATEST_SECONDS)
        heapq.heappush(self._under_way, (due, next(self._order), request))

    def _happens(self, in_a_hundred: int) -> bool:
        return self._chance.randrange(100) < in_a_hundred
