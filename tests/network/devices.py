"""Devices that run the reference client, and an attacker who copies their storage."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import urlencode

from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from examples.mobile_client import (
    MobileClient,
    NetworkError,
    Request,
    Response,
    SignedOut,
    TryLater,
)
from tests.network.ledger import Cause, Ledger
from tests.network.network import Network
from tests.network.servers import PASSWORD, Server

KILLED_IN_A_THOUSAND = 15


class Killed(BaseException):
    """The app's process was killed, without cleanup."""


@dataclass
class KillableStorage:
    """Storage around whose writes the app is sometimes killed, before or after."""

    chance: Random
    state: dict[str, Any] = field(default_factory=dict)

    def load(self) -> dict[str, Any]:
        """Return the state."""
        return dict(self.state)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        may_kill(self.chance)
        self.state = dict(state)
        may_kill(self.chance)


def may_kill(chance: Random) -> None:
    """Kill the app at random."""
    if chance.randrange(1000) < KILLED_IN_A_THOUSAND:
        raise Killed


class Device:
    """A device of one user. Without `sends_key` it sends no Idempotency-Key."""

    def __init__(
        self, email: str, server: Server, network: Network, ledger: Ledger, chance: Random, *, sends_key: bool
    ) -> None:
        self.storage = KillableStorage(chance)
        self.losses: Counter[Cause] = Counter()
        self._email, self._sends_key = email, sends_key
        self._server, self._network, self._ledger, self._chance = server, network, ledger, chance
        self._skew = chance.randint(-600, 600)
        self._client = self._start()

    def use(self) -> None:
        """Call the API, or sign in if necessary."""
        self._act(lambda: self._client.request("GET", "/me"))
        self._check()

    def sign_out(self) -> None:
        """Sign out on this device."""
        self._act(self._client.sign_out)

    def sign_out_elsewhere(self, other: Device) -> None:
        """End another device's session, or all sessions of the user if `other` is this device."""
        token = other.storage.state.get("refresh_token")
        session = "" if other is self or token is None else f"/{RefreshToken.parse(token).session_id}"
        self._act(lambda: self._client.request("DELETE", f"/me/sessions{session}"))

    def _start(self) -> MobileClient:
        return MobileClient(self._send, self.storage, lambda: self._server.clock.now + self._skew)

    def _send(self, request: Request) -> Response:
        if not self._sends_key:
            headers = {name: text for name, text in request.headers.items() if name != "Idempotency-Key"}
            request = replace(request, headers=headers)
        may_kill(self._chance)
        answer = self._network.send(request)
        may_kill(self._chance)
        return answer

    def _act(self, action: Any) -> None:
        before = self.storage.state.get("refresh_token")
        try:
            action()
        except SignedOut:
            self._signed_out(before)
        except (NetworkError, TryLater) as event:
            self._ledger.counts[f"app got {type(event).__name__}"] += 1
        except Killed:
            self._ledger.counts["app killed"] += 1
            self._client = self._start()

    def _signed_out(self, refresh_token: str | None) -> None:
        """Check that the session ended for a valid reason, and sign in again."""
        if refresh_token is not None:
            line = self._ledger.line(refresh_token)
            assert line.is_over(self._server.clock()), "the client discarded an active session"
            assert line.ended is not None
            self.losses[line.ended] += 1
            assert not (self._sends_key and line.ended is Cause.NETWORK), "the network ended a session"
        self._act(lambda: self._client.sign_in(self._email, PASSWORD))

    def _check(self) -> None:
        """Check that the stored token can refresh the session, unless that has ended or was stolen."""
        token, key = (self.storage.state.get(name) for name in ("refresh_token", "refresh_key"))
        if token is None or not self._sends_key:
            return
        line, generation = self._ledger.line(token), RefreshToken.parse(token).generation
        if line.is_over(self._server.clock()) or line.was_stolen or generation == line.generation:
            return
        assert generation == line.generation - 1, "the stored token is two generations old"
        assert key == line.key, "the device stored another key than it sent"


class Thief:
    """Copies devices' storage, keeps the copies, and uses them later."""

    def __init__(self, network: Network, chance: Random) -> None:
        self._network, self._chance = network, chance
        self._loot: list[dict[str, Any]] = []

    def copy(self, device: Device) -> None:
        """Copy a device's storage."""
        if "refresh_token" in device.storage.state:
            self._loot.append(device.storage.load())
            del self._loot[:-20]

    def use(self) -> None:
        """Use a copy: with the device's Idempotency-Key, with another, or without."""
        if not self._loot:
            return
        copy = self._chance.choice([self._loot[-1], self._chance.choice(self._loot)])
        key = self._chance.choice([copy.get("refresh_key"), uuid.uuid4().hex, None])
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        form = {"grant_type": "refresh_token", "refresh_token": copy["refresh_token"]}
        request = Request("POST", "/oauth/token", headers, urlencode(form).encode())
        answer = self._network.deliver(request, by_thief=True)
        if answer.status == 200:
            self._loot.append({"refresh_token": json.loads(answer.body)["refresh_token"]})
