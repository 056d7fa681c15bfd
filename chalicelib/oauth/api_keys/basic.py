"""HTTP Basic with an API key on protected routes (RFC 7617): from the header to verified claims."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from chalicelib.domain.api_keys.api_key import ApiKeySecret, owner_of_key
from chalicelib.domain.api_keys.ports import ApiKeyReader, ApiKeyView
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.ports import Clock, Keys
from chalicelib.domain.tokens.claims import VerifiedClaims

NEVER = 253_402_300_799
"""`exp` of a key that does not expire: the last second of the year 9999."""
_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc] +(?P<credentials>[A-Za-z0-9+/]+={0,2}) *")


def basic_credentials(authorization: str) -> tuple[str, str]:
    """Return the unverified id and secret of a Basic header (RFC 7617 §2).

    Raises InvalidToken unless it is base64 of `id:secret` in UTF-8, with both parts non-empty. A repeated
    header, whose values a server joins by a comma, is invalid.
    """
    match = _BASIC.fullmatch(authorization)
    try:
        decoded = base64.b64decode(match["credentials"], validate=True).decode("utf-8") if match else ""
    except (binascii.Error, ValueError):
        decoded = ""
    key_id, _, secret = decoded.partition(":")
    if not key_id or not secret:
        raise InvalidToken("malformed id and secret of an api key")
    return key_id, secret


@dataclass(frozen=True, slots=True)
class ApiKeyVerifier:
    """Verifies API keys against the table, in one read.

    `issuer`, `audience` and `asked` are those of `bearer.AccessTokenVerifier`.
    """

    api_keys: ApiKeyReader
    keys: Keys
    clock: Clock
    issuer: str
    audience: str
    asked: str

    def verify_basic(self, authorization: str) -> VerifiedClaims:
        """Return the claims of a valid API key in a Basic header.

        Raises InvalidToken for an invalid key, and Unavailable during an outage.
        """
        key_id, secret = basic_credentials(authorization)
        view = self.verify(key_id, secret)
        return self._claims(view)

    def verify(self, unverified_id: str, unverified_secret: str) -> ApiKeyView:
        """Return a valid key with its owner.

        Raises InvalidToken for a malformed id or secret, before the table is read, and for a key that is
        unknown, wrong, expired or ended. Raises Unavailable during an outage.
        """
        secret = ApiKeySecret.parse(unverified_secret)
        owner = owner_of_key(unverified_id)
        if owner is None or secret is None:
            raise InvalidToken("malformed api key")
        view = self.api_keys.api_key(unverified_id)
        if view.key is not None and not view.key.opens_with(secret):
            raise InvalidToken("wrong api key", user_id=owner)
        self.require_usable(view, owner)
        return view

    def require_usable(self, view: ApiKeyView, user_id: str) -> None:
        """Raise InvalidToken for a key that has ended, and Unavailable if the signing key cannot be read.

        The later epoch of table and signing key counts: a restored table may be older than the last breach.
        """
        of_keys = self.keys.current(epoch=view.system.epoch).current.api_keys_epoch
        refusal = view.refusal(self.clock(), of_keys)
        if refusal is not None:
            raise InvalidToken(refusal, user_id=user_id)

    def look_up(self, token: VerifiedClaims) -> ApiKeyView:
        """Return the key from which a token came. Raises InvalidToken if the claims contradict each other."""
        key_id = token.session_id
        if owner_of_key(key_id) != token.subject or token.client_id != key_id:
            raise InvalidToken("no token of an api key", user_id=token.subject)
        return self.api_keys.api_key(key_id)

    def narrowed(self, token: VerifiedClaims, view: ApiKeyView) -> VerifiedClaims:
        """Return the claims of a token that came from a key, without permissions that the key has lost.

        Raises InvalidToken if the key has ended, and Unavailable during an outage.
        """
        self.require_usable(view, token.subject)
        permissions = token.scope.permissions & view.scope.permissions
        return replace(token, scope=replace(token.scope, permissions=permissions))

    def _claims(self, view: ApiKeyView) -> VerifiedClaims:
        assert view.key is not None  # noqa: S101 - `verify` has returned it
        key, issuer = view.key, self.issuer or view.system.issuer or self.asked
        return VerifiedClaims(
            subject=key.user_id,
            session_id=key.key_id,
            client_id=key.key_id,
            scope=view.scope,
            issuer=issuer,
            audience=self.audience or issuer,
            token_id=key.key_id,
            issued_at=key.created_at,
            expires_at=NEVER if key.expires_at is None else key.expires_at,
        )
