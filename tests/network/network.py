"""The network between the devices and the server: it loses, delays, doubles, reorders and garbles."""

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
"""How late a request can still arrive that its sender has given up; below the client's SETTLE_SECONDS."""
_CAPTIVE_PORTAL = Response(200, {}, b"<html>Welcome to our network</html>")
_PROXY_WANTS_A_LOGIN = Response(401, {}, b"<html>Sign in to our network</html>")
_BAD_GATEWAY = Response(502, {}, b'{"message": "Internal server error"}')


@dataclass(frozen=True, slots=True)
class Weather:
    """How often, in a hundred, a message meets with what."""

    lost_request: int = 6
    late_request: int = 6
    lost_answer: int = 10
    garbled_answer: int = 8
    copies: int = 10
    rivals: int = 2


class Network:
    """Carries requests to the server, in whatever order it likes, and has the ledger judge each answer."""

    def __init__(self, server: Server, ledger: Ledger, chance: Random, weather: Weather) -> None:
        self._server, self._ledger, self._chance, self._weather = server, ledger, chance, weather
        self._under_way: list[tuple[int, int, Request]] = []
        self._order = itertools.count()
        self.rival: Callable[[], object] | None = None
        """Who may come between the server's read and its write."""

    def send(self, request: Request) -> Response:
        """Carry one request as a flaky network does. Raises NetworkError."""
        weather, counts = self._weather, self._ledger.counts
        self.pass_time(self._chance.randrange(2))
        if self._happens(weather.lost_request):
            counts["lost requests"] += 1
            self.pass_time(self._chance.randint(5, 30))
            raise NetworkError
        if self._happens(weather.late_request):
            counts["late requests"] += 1
            self._copy_later(request)
            self.pass_time(self._chance.randint(5, 30))
            raise NetworkError
        answer = self._deliver_with_copies(request)
        if self._happens(weather.lost_answer):
            counts["lost answers"] += 1
            self.pass_time(self._chance.randint(1, 30))
            raise NetworkError
        if self._happens(weather.garbled_answer):
            counts["garbled answers"] += 1
            half = replace(answer, body=answer.body[: len(answer.body) // 2])
            return self._chance.choice([_CAPTIVE_PORTAL, _PROXY_WANTS_A_LOGIN, _BAD_GATEWAY, half])
        return answer

    def deliver(self, request: Request, *, by_thief: bool = False) -> Response:
        """Carry one request at once and faithfully."""
        answer = self._server.send(request)
        self._ledger.record(request, answer, by_thief=by_thief)
        return answer

    def pass_time(self, seconds: int) -> None:
        """Move the clock; what is under way arrives at its own time."""
        until = self._server.clock.now + seconds
        while self._under_way and self._under_way[0][0] <= until:
            due, _, request = heapq.heappop(self._under_way)
            self._server.clock.now = max(due, self._server.clock.now)
            self.deliver(request)
        self._server.clock.now = until

    def _deliver_with_copies(self, request: Request) -> Response:
        if self._happens(self._weather.copies):
            self._ledger.counts["copies in parallel"] += 1
            self._server.sabotage.interlude = partial(self.deliver, request)
        elif self._happens(self._weather.rivals):
            self._server.sabotage.interlude = self.rival
        answer = self.deliver(request)
        self._server.sabotage.interlude = None
        if self._happens(self._weather.copies):
            self._ledger.counts["copies later"] += 1
            self._copy_later(request)
        return answer

    def _copy_later(self, request: Request) -> None:
        due = self._server.clock.now + self._chance.randint(1, LATEST_SECONDS)
        heapq.heappush(self._under_way, (due, next(self._order), request))

    def _happens(self, in_a_hundred: int) -> bool:
        return self._chance.randrange(100) < in_a_hundred
