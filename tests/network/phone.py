"""The reference client with a scripted server, for tests of the client's rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from examples.mobile_client import MobileClient, Request, Response
from tests.fakes import FakeClock

Answer = Response | Exception
HOUR = 3600


def tokens(generation: int, expires_in: Any = HOUR, **more: str) -> Response:
    body = {
        "access_token": f"access-{generation}",
        "refresh_token": f"refresh-{generation}",
        "expires_in": expires_in,
        **more,
    }
    return Response(200, {}, json.dumps(body).encode())


def error(status: int, code: str, **headers: str) -> Response:
    return Response(status, headers, json.dumps({"error": code}).encode())


OK = Response(200, {}, b"{}")
UNAUTHORIZED = error(401, "invalid_token")


@dataclass
class Phone:
    """A client with its storage, its clock and a scripted server."""

    answers: list[Answer] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    saved: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    clock: FakeClock = field(default_factory=FakeClock)
    on_send: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.client = MobileClient(self._send, self, self.clock)

    def load(self) -> dict[str, Any]:
        return dict(self.saved[-1])

    def save(self, state: dict[str, Any]) -> None:
        self.saved.append(dict(state))

    def get(self, *answers: Answer) -> Response:
        """Call the API while the server sends these responses. All must be used."""
        self.answers = list(answers)
        answer = self.client.request("GET", "/me")
        assert not self.answers
        return answer

    def _send(self, request: Request) -> Response:
        self.sent.append(request)
        self.on_send()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def signed_in() -> Phone:
    """Return a signed-in phone whose access token has just expired."""
    phone = Phone([tokens(0)])
    phone.client.sign_in("someone@example.com", "open the gate, please")
    phone.clock.advance(HOUR)
    return phone
