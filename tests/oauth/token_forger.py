"""Access tokens that differ from a good one in one thing."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.claims import VerifiedClaims
from tests.fakes import FakeServices
from tests.oauth import forge
from tests.oauth.actors import ISSUER, account, sign_in

GONE = object()
"""A member that is left out."""
NUMBERS = ["exp", "iat"]
TEXTS = ["iss", "sub", "aud", "jti", "client_id", "scope", "sid"]


class TokenForger:
    """A good token's parts and key, to write tokens that differ in one thing."""

    def __init__(self, services: FakeServices) -> None:
        account(services)
        self.services = services
        self.good = sign_in(services).access_token
        self.header, self.payload = forge.parts(self.good)
        self.key = services.adapters.keys.current().current.material.reveal()

    def token(self, key: bytes | None = None, digest: str = "sha256", **changes: Any) -> str:
        header = _changed(self.header, changes.get("header", {}))
        payload = _changed(self.payload, changes.get("payload", {}))
        return forge.token(header, payload, key or self.key, digest)

    def verify(self, token: str) -> VerifiedClaims:
        return self.services.verifier(ISSUER).verify(token)


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not GONE}


def refused(forger: TokenForger, token: str) -> None:
    with pytest.raises(InvalidToken):
        forger.verify(token)
