"""A model of every session, which checks each response against the contract."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from examples.mobile_client import Request, Response
from tests.network.servers import Server, error_of

DAY = 86_400
IDLE, ABSOLUTE, WINDOW = 30 * DAY, 90 * DAY, 10
SUCCESS = frozenset({200, 204})


class Cause(StrEnum):
    """Why a session ended. All but NETWORK are correct."""

    EXPIRY = "expiry"
    ORDER = "order"
    THEFT = "theft"
    NETWORK = "network"


@dataclass
class Line:
    """A session according to the contract. `current` is None if the newest token was never received."""

    user_id: str
    idle_end: int
    end: int
    current: str | None
    generation: int = 0
    rotated_at: int = 0
    key: str | None = None
    ended: Cause | None = None
    was_stolen: bool = False

    def is_over(self, now: int) -> bool:
        """Return whether the session has ended. It ends at the second of its expiry."""
        if self.ended is None and now >= min(self.idle_end, self.end):
            self.ended = Cause.EXPIRY
        return self.ended is not None

    def is_retry(self, generation: int, key: str | None, now: int) -> bool:
        """Return whether the predecessor may be presented again (rule 2 of the contract)."""
        in_time = key is not None or now - self.rotated_at <= WINDOW
        return generation == self.generation - 1 and key == self.key and in_time


class Ledger:
    """Checks each response. Raises AssertionError for the first that violates the contract."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._crashes = 0
        self._audited: Counter[str] = Counter()
        self._open: list[Line] = []
        self.lines: dict[str, Line] = {}
        self.counts: Counter[str] = Counter()

    def line(self, refresh_token: str) -> Line:
        """Return the session of a refresh token."""
        return self.lines[RefreshToken.parse(refresh_token).session_id]

    def record(self, request: Request, answer: Response, *, by_thief: bool = False) -> None:
        """Check a response, and update the model."""
        self.counts["requests"] += 1
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if request.path == "/oauth/revoke":
            assert answer.status == 200, answer.status
            self._end_by_order(self.line(form["token"]))
        elif request.path != "/oauth/token":
            self._access(request, answer)
        elif form["grant_type"] == "password":
            assert answer.status == 200, answer.body
            self._opened(json.loads(answer.body)["refresh_token"])
        else:
            line = self.line(form["refresh_token"])
            line.was_stolen |= by_thief
            key = request.headers.get("Idempotency-Key")
            self._refresh(line, form["refresh_token"], key, answer, by_thief=by_thief)
        self._audited.update(self._server.audit.names)
        self._server.audit.events.clear()
        repeated = self.counts["refresh repeated"] + self.counts["theft repeated"]
        assert self._audited["refresh_token_reuse"] == self.counts["reuse"], (
            "reuse is audited once, each time"
        )
        assert self._audited["refresh_repeated"] == repeated, "a retry is audited once, each time"

    def breach(self) -> None:
        """End every session, after a breach was declared."""
        for line in self._active():
            line.ended = Cause.ORDER

    def _opened(self, refresh_token: str) -> None:
        token, now = RefreshToken.parse(refresh_token), self._server.clock()
        assert token.session_id not in self.lines
        line = Line(token.user_id, now + IDLE, now + ABSOLUTE, refresh_token)
        self.lines[token.session_id] = line
        self._open.append(line)
        self.counts["sign-ins"] += 1

    def _refresh(
        self, line: Line, presented: str, key: str | None, answer: Response, *, by_thief: bool
    ) -> None:
        now, generation = self._server.clock(), RefreshToken.parse(presented).generation
        who = "theft" if by_thief else "refresh"
        self.counts["thefts tried"] += by_thief
        if line.is_over(now):
            self.counts[f"{who} refused"] += 1
            _assert_refused(answer)
        elif generation == line.generation:
            self.counts[f"{who} exchanged"] += 1
            assert line.current in {presented, None}
            self._exchanged(line, key, answer)
        elif line.is_retry(generation, key, now):
            self.counts[f"{who} repeated"] += 1
            assert answer.status == 200, f"a retry got {answer.status} {answer.body!r}"
            successor = json.loads(answer.body)["refresh_token"]
            assert line.current in {successor, None}, "a retry got another successor"
            line.current = successor
        else:
            line.ended = Cause.THEFT if line.was_stolen else Cause.NETWORK
            self.counts["reuse"] += 1
            self.counts[f"{who} caught" if by_thief else f"reuse seen, {line.ended}"] += 1
            _assert_refused(answer)

    def _exchanged(self, line: Line, key: str | None, answer: Response) -> None:
        now = self._server.clock()
        line.generation, line.rotated_at, line.key = line.generation + 1, now, key
        line.idle_end = min(now + IDLE, line.end)
        if answer.status == 500 and self._server.faults.crashes > self._crashes:
            self._crashes += 1
            self.counts["crashes"] += 1
            line.current = None
            return
        assert answer.status == 200, f"the current token got {answer.status} {answer.body!r}"
        line.current = str(json.loads(answer.body)["refresh_token"])
        assert RefreshToken.parse(line.current).generation == line.generation

    def _access(self, request: Request, answer: Response) -> None:
        claims = _claims(request)
        line, now = self.lines[claims["sid"]], self._server.clock()
        if answer.status in SUCCESS:
            assert not line.is_over(now), f"an ended session ({line.ended}) was accepted by {request.path}"
        elif answer.status == 401:
            excused = line.is_over(now) or claims["exp"] <= now or not self._server.carries_keys
            assert excused, "a valid access token was refused"
        else:
            assert answer.status == 404, answer.status
        if request.method == "DELETE" and answer.status in SUCCESS:
            self._signed_out(line, request.path)

    def _signed_out(self, line: Line, path: str) -> None:
        session_id = path.removeprefix("/me/sessions").removeprefix("/")
        gone = [self.lines[session_id]] if session_id else self._active()
        for one in gone:
            if one.user_id == line.user_id:
                self._end_by_order(one)

    def _active(self) -> list[Line]:
        now = self._server.clock()
        self._open = [line for line in self._open if not line.is_over(now)]
        return self._open

    def _end_by_order(self, line: Line) -> None:
        if not line.is_over(self._server.clock()):
            line.ended = Cause.ORDER


def _assert_refused(answer: Response) -> None:
    assert answer.status == 400, f"a spent token got {answer.status}"
    assert error_of(answer) == "invalid_grant"


def _claims(request: Request) -> dict[str, Any]:
    payload = request.headers["Authorization"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
