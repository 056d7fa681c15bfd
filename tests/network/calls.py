"""Requests without the reference client, for tests that are not about it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from examples.mobile_client import Request, Response
from tests.network.servers import PASSWORD, Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sign_in(server: Server, email: str) -> str:
    """Open a session and return its first refresh token."""
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    return successor(server.send(Request("POST", "/oauth/token", FORM, urlencode(form).encode())))


def refresh(server: Server, refresh_token: str, key: str | None = None) -> Response:
    """Present a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    headers = FORM | ({} if key is None else {"Idempotency-Key": key})
    return server.send(Request("POST", "/oauth/token", headers, urlencode(form).encode()))


def successor(answer: Response) -> str:
    """Return the refresh token of a successful response."""
    assert answer.status == 200, answer.body
    return str(json.loads(answer.body)["refresh_token"])


def me(server: Server, access_token: str) -> int:
    """Request the account, and return the status."""
    return server.send(Request("GET", "/me", {"Authorization": f"Bearer {access_token}"}, b"")).status
