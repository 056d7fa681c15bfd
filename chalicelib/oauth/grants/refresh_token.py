"""The refresh token grant (RFC 6749 §6), with rotation (RFC 9700 §4.14.2).

The rules are in `domain.sessions.refresh_tokens`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.errors import InvalidGrant, InvalidRequest, Unavailable
from chalicelib.domain.ports import Audit, Clock, Entropy, Keys, Sessions
from chalicelib.domain.sessions.refresh_tokens import (
    SECRET_BYTES,
    Decision,
    Exchange,
    RefreshSecret,
    RefreshToken,
    Replay,
    Reuse,
    decide,
)
from chalicelib.domain.sessions.session import EndReason, Session
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.tokens.scopes import Scope, resolve_scope
from chalicelib.oauth.access_tokens import AccessTokenIssuer, TokenResponse
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ATTEMPTS = 3
"""Attempts to write an exchange. Two are enough unless many requests send one token at once."""


@dataclass(frozen=True, slots=True)
class RefreshTokenGrant:
    """RFC 6749 §6: a refresh token for its successor and a new access token."""

    sessions: Sessions
    terminate: SessionTerminator
    keys: Keys
    tokens: AccessTokenIssuer
    audit: Audit
    clock: Clock
    entropy: Entropy
    idle_seconds: int
    retry_window: int

    def __call__(self, request: TokenRequest, client_id: str) -> TokenResponse:
        """Exchange a refresh token. Raises InvalidRequest, InvalidScope, InvalidGrant, Unavailable.

        Everything that can be refused is refused before the one write, so a malformed request spends nothing.
        """
        presented = required(request.parameters, "refresh_token")
        requested = Scope.parse(request.parameters["scope"]) if "scope" in request.parameters else None
        key = _checked_key(request.idempotency_key)
        token = RefreshToken.parse(presented)
        view = self.sessions.session_and_account(token.user_id, token.session_id)
        now = self.clock()
        session, account = self._active(view.session, view.account, view.epoch, now)
        signing_key = self.keys.current(epoch=view.epoch).current
        if session.epoch < signing_key.epoch:
            # The later epoch of table and key counts: a restored table may be older than the last breach.
            raise InvalidGrant("session_expired", user_id=session.user_id)
        decision = self._decide(session, token, now, key)
        if session.client_id != client_id:
            # Bound to its client (RFC 6749 §10.4). A current token from another client is refused and not
            # spent; reuse has ended the session above, whichever client sent it.
            raise InvalidGrant("other_client", user_id=session.user_id)
        scope = resolve_scope(requested, _allowed(session, account))
        session, secret = self._write(session, decision, token, key)
        access_token, expires_in = self.tokens.issue(
            session, scope, signing_key, issuer=request.issuer, audience=request.audience, now=now
        )
        successor = session.family.token(session.user_id, session.session_id, secret)
        return TokenResponse(access_token, expires_in, successor.serialize(), scope)

    def _active(
        self, session: Session | None, account: Account | None, epoch: int, now: int
    ) -> tuple[Session, Account]:
        if session is None or account is None:
            raise InvalidGrant("session_ended")
        if not session.is_active(now, epoch):
            raise InvalidGrant("session_expired", user_id=session.user_id)
        if account.disabled:
            raise InvalidGrant("disabled_user", user_id=session.user_id)
        return session, account

    def _decide(self, session: Session, token: RefreshToken, now: int, key: str | None) -> Exchange | Replay:
        decision = decide(
            session.family,
            token,
            now=now,
            retry_window=self.retry_window,
            idempotency_key=key,
            nonce=self.entropy(SECRET_BYTES),
        )
        return self._refuse_reuse(session, decision)

    def _refuse_reuse(self, session: Session, decision: Decision) -> Exchange | Replay:
        if isinstance(decision, Exchange | Replay):
            return decision
        if isinstance(decision, Reuse):
            # Audited first: if the response to the write is lost, a retry finds no session to audit.
            self.audit.refresh_token_reuse(session)
            self.terminate([session], EndReason.REUSE)
            raise InvalidGrant("refresh_token_reuse", user_id=session.user_id)
        raise InvalidGrant("unknown_refresh_token", user_id=session.user_id)

    def _write(
        self,
        session: Session,
        decision: Exchange | Replay,
        token: RefreshToken,
        key: str | None,
    ) -> tuple[Session, RefreshSecret]:
        """Write the exchange. A request that loses a race decides again, based on what the winner wrote."""
        for _ in range(_ATTEMPTS):
            # The retry window begins with the write: the calls before it may have taken seconds.
            now = self.clock()
            if isinstance(decision, Replay):
                self.audit.refresh_repeated(session)
                return session, decision.secret
            after = replace(
                session,
                family=replace(decision.family, rotated_at=now),
                last_used_at=now,
                idle_expires_at=min(now + self.idle_seconds, session.expires_at),
            )
            written = self.sessions.rotate(session, after)
            if written is None:
                raise InvalidGrant("session_ended", user_id=session.user_id)
            if written.family.current == after.family.current:
                self.audit.session_refreshed(written)
                return written, decision.secret
            session, decision = written, self._decide(written, token, now, key)
        raise Unavailable("lost every race for a refresh token")


def _allowed(session: Session, account: Account) -> Scope:
    """Return the session's granted scope without permissions that the user no longer holds."""
    if session.granted is None:
        return account.permissions
    return Scope(session.granted.permissions & account.permissions.permissions)


def _checked_key(key: str | None) -> str | None:
    if key is None or key == "":
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequest(
            "bad idempotency key",
            description="The Idempotency-Key header must be 1 to 255 visible ASCII characters.",
        )
    return key
