"""A reference client: an app that keeps its session on an unreliable network and phone.

It stores one dictionary, which it replaces in one step::

    {}                                                                    signed out
    {access_token, expires_at, received_at, refresh_token, refresh_key}   signed in
    {revoking}                                                            sign-out not yet sent to the server

Each of them also contains `device_key`, which outlives the session and is sent with the next sign-in.
`refresh_key` is the Idempotency-Key of this refresh token: chosen when the token arrives, stored with it, and
sent by every process and in every run of the app that spends the token. Until a response arrives, the client
sends the same token with the same key and gets the same response; with another key the session ends.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlencode

SETTLE_SECONDS = 120
"""A new refresh token is not spent for this long. A request that timed out may still reach the server. If it
arrived after its token's successor had been spent, it would look like theft."""
DEFAULT_WAIT_SECONDS = 30  # after a 429 or 503 that does not say how long
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ASK_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """An HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request], Response]


class NetworkError(Exception):
    """No usable response. The server may have processed the request. Nothing is lost; call again."""


class TryLater(Exception):
    """Wait `seconds`, as the server or SETTLE_SECONDS requires, then call again. Nothing is lost."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


class Refused(Exception):
    """The server refused the request (RFC 6749 §5.2). The session is not affected."""

    def __init__(self, code: str) -> None:
        self.code = code


class SignedOut(Exception):
    """There is no session, or it has ended: ask for the password."""


class Storage(Protocol):
    """Keychain or Keystore: survives the app and stays on the device."""

    def load(self) -> dict[str, Any]:
        """Return what was last saved, or an empty dictionary."""

    def save(self, state: dict[str, Any]) -> None:
        """Replace everything in one step. Return only when it would survive a crash."""


class MobileClient:
    """One session on one device. Thread-safe; create one per app, not one per screen.

    `send` raises NetworkError for every request without a response, including time-outs. `clock` returns
    seconds. A wrong clock costs requests, but never the session. `lock` is held while storage is read and
    written, never during a request; processes that share a storage must share a lock.
    """

    def __init__(
        self,
        send: Transport,
        storage: Storage,
        clock: Callable[[], int],
        client_id: str = "mobile-app",
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._send, self._storage, self._clock, self._client_id = send, storage, clock, client_id
        self._asked_to_wait = (0, 0)
        self._storing = lock or Lock()
        self._in_flight: Future[str] | None = None
        self._sign_outs = 0  # a request that began before the last one stores nothing

    def sign_in(self, username: str, password: str) -> None:
        """Open a session. Raises Refused("invalid_grant") for a wrong password."""
        self.sign_out()
        began = self._sign_outs
        form = {"grant_type": "password", "username": username, "password": password}
        self._keep(self._post("/oauth/token", form | _device(self._storage.load())), began, instead_of=None)

    def request(self, method: str, path: str, body: bytes = b"") -> Response:
        """Call the API. After a 401, refresh once and repeat the request once; return the second response."""
        with self._storing:
            began, stored = self._sign_outs, self._storage.load()
        token = stored.get("access_token")
        if token is None or self._clock() >= stored["expires_at"]:
            token = self._refreshed(token, began)
        answer = self._call(method, path, {"Authorization": f"Bearer {token}"}, body)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            token = self._refreshed(token, began)
            answer = self._call(method, path, {"Authorization": f"Bearer {token}"}, body)
        return answer

    def sign_out(self) -> None:
        """Forget the session at once, even during another request, then end it on the server.

        Raises NetworkError or TryLater if the server may not have ended it: then call it again.
        """
        with self._storing:
            self._sign_outs += 1
            self._in_flight = None
            stored = self._storage.load()
            token = stored.get("revoking") or stored.get("refresh_token")
            if token is None:
                return
            self._storage.save({"revoking": token} | _device(stored))
        self._revoke(token)
        with self._storing:
            if (stored := self._storage.load()).get("revoking") == token:
                self._storage.save(_device(stored))

    def _refreshed(self, instead_of: str | None, began: int) -> str:
        """Return an access token newer than `instead_of`. One caller requests it; the others wait."""
        with self._storing:
            stored = self._storage.load()
            if self._sign_outs != began or "refresh_token" not in stored:
                raise SignedOut
            if stored["access_token"] != instead_of:
                return str(stored["access_token"])
            of_another = self._in_flight
            if of_another is None:
                half_a_life = (stored["expires_at"] - stored["received_at"]) // 2
                self._wait_out(stored["received_at"], min(SETTLE_SECONDS, half_a_life))
                mine = self._in_flight = Future()
        if of_another is not None:
            return of_another.result()
        try:
            token = self._spend(stored["refresh_token"], stored["refresh_key"], began)
        except BaseException as error:
            with self._storing:
                if self._in_flight is mine:
                    self._in_flight = None
            mine.set_exception(error)
            raise
        mine.set_result(token)
        return token

    def _spend(self, refresh_token: str, key: str, began: int) -> str:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            return self._keep(self._post("/oauth/token", form, key), began, refresh_token)
        except Refused as refused:
            if refused.code != "invalid_grant":
                raise
            with self._storing:
                stored = self._storage.load()
                if self._sign_outs == began and stored.get("refresh_token") == refresh_token:
                    self._storage.save(_device(stored))
            raise SignedOut from refused

    def _keep(self, answer: dict[str, Any], began: int, instead_of: str | None) -> str:
        """Replace the spent token with those of a response, and a new key, before one of them is used."""
        match answer:
            case {"access_token": str(token), "refresh_token": str(successor), "expires_in": int(life)}:
                times = {"received_at": self._clock(), "expires_at": self._clock() + life}
            case _:
                raise NetworkError("a response without tokens")
        with self._storing:
            stored = self._storage.load() if self._sign_outs == began else {}
            if self._sign_outs == began and instead_of in {None, stored.get("refresh_token")}:
                new = {"access_token": token, "refresh_token": successor, "refresh_key": uuid.uuid4().hex}
                self._storage.save(stored := new | times | (_device(answer) or _device(stored)))
            if stored.get("refresh_token") == successor:
                # Also if another process has stored it already, with the key that it chose.
                self._in_flight = None
                return str(stored["access_token"])
            if "refresh_token" in stored:
                raise NetworkError("another process has replaced the tokens")
        # Signed out meanwhile: revoke the new tokens instead of storing them.
        with suppress(NetworkError, TryLater):
            self._revoke(successor)
        raise SignedOut

    def _revoke(self, token: str) -> None:
        with suppress(Refused):
            self._post("/oauth/revoke", {"token": token})

    def _wait_out(self, since: int, seconds: int) -> None:
        # The absolute value: a clock that is set back far must not lock the user out.
        passed = abs(self._clock() - since)
        if passed < seconds:
            raise TryLater(seconds - passed)

    def _post(self, path: str, form: Mapping[str, str], key: str | None = None) -> dict[str, Any]:
        headers = _FORM | ({"Idempotency-Key": key} if key else {})
        body = urlencode({**form, "client_id": self._client_id}).encode()
        answer = self._call("POST", path, headers, body)
        fields = None
        with suppress(ValueError):
            fields = json.loads(answer.body)
        match answer.status, fields:
            case HTTPStatus.OK, dict():
                return fields
            case HTTPStatus.BAD_REQUEST, {"error": str(code)}:
                raise Refused(code)
        # For example a captive portal's page, a proxy's 502, or half a response.
        raise NetworkError(f"an unusable response: {answer.status}")

    def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        self._wait_out(*self._asked_to_wait)
        answer = self._send(Request(method, path, headers, body))
        if answer.status in _ASK_LATER:
            asked = answer.headers.get("retry-after", "")
            seconds = int(asked) if asked.isascii() and asked.isdigit() else DEFAULT_WAIT_SECONDS
            self._asked_to_wait = (self._clock(), seconds)
            raise TryLater(seconds)
        return answer


def _device(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key for name, key in members.items() if name == "device_key"}
