"""A throw-away account that sees a deployment as an app does, from outside."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.domain.passwords import Password
from infra.deployment import Deployment

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Probe:
    """An account that lasts as long as its `with` block."""

    api_url: str
    email: str
    password: Password

    def sign_in(self) -> dict[str, Any]:
        """Return the answer of the token endpoint. Raises requests' errors, also for a refusal."""
        form = {"grant_type": "password", "username": self.email, "password": self.password.reveal()}
        answer = requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())

    def refresh(self, refresh_token: str) -> requests.Response:
        """Present a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)

    def get(self, path: str, access_token: str) -> requests.Response:
        """Call a protected route."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(f"{self.api_url}{path}", headers=headers, timeout=TIMEOUT_SECONDS)


@contextmanager
def probe(deployment: Deployment) -> Iterator[Probe]:
    """Create the account, and remove it again whatever happens."""
    house = deployment.house
    password = Password(secrets.token_urlsafe(24))
    email = f"probe-{secrets.token_hex(8)}@gatehouse.invalid"
    account = house.create_account(email=email, password=password)
    try:
        yield Probe(deployment.api_url, email, password)
    finally:
        house.administration.delete(account.user_id)
