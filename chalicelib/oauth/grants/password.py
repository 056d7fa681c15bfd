"""The resource owner password credentials grant (RFC 6749 §4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.errors import InvalidGrant, InvalidScope
from chalicelib.domain.ports import (
    AccountChanged,
    Accounts,
    Audit,
    Clock,
    Entropy,
    Keys,
    PasswordCheck,
    PasswordHasher,
    Sessions,
    Verdict,
)
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.attempts import AttemptPolicy
from chalicelib.domain.sessions.refresh_tokens import ID_BYTES, SECRET_BYTES, RefreshSecret, start
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.tokens.scopes import Scope, resolve_scope
from chalicelib.oauth.access_tokens import AccessTokenIssuer, TokenResponse
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long sessions live, in seconds, and how many of them a user may have."""

    idle_seconds: int
    absolute_seconds: int
    limit: int


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """RFC 6749 §4.3: a user name and a password for an access token and a refresh token."""

    accounts: Accounts
    sessions: Sessions
    keys: Keys
    hasher: PasswordHasher
    tokens: AccessTokenIssuer
    audit: Audit
    clock: Clock
    entropy: Entropy
    attempts: AttemptPolicy
    policy: SessionPolicy

    def __call__(self, request: TokenRequest, client_id: str) -> TokenResponse:
        """Sign in (RFC 6749 §4.3.2). Raises InvalidRequest, InvalidScope, InvalidGrant, TooManyAttempts."""
        name = SignInName.of(required(request.parameters, "username"))
        password = Password.presented(required(request.parameters, "password"))
        requested = Scope.parse(request.parameters["scope"]) if "scope" in request.parameters else None
        now = self.clock()
        # Before the attempt is charged: keys that cannot be had must not use up anybody's guesses.
        self.keys.current()
        candidate = self.accounts.begin_sign_in(name, now, self.attempts)
        account, check = self._check_password(candidate.account, password)
        scope = self._granted(requested, account, now)
        signing_key = self.keys.current(epoch=candidate.epoch).current
        secret = RefreshSecret(self.entropy(SECRET_BYTES))
        session = self._new_session(request, client_id, account, requested, secret, signing_key.epoch, now)
        rehash = self.hasher.hash(password) if check.is_outdated else None
        self._open(session, account, rehash)
        access_token, expires_in = self.tokens.issue(
            session, scope, signing_key, issuer=request.issuer, audience=request.audience, now=now
        )
        refresh_token = session.family.token(account.user_id, session.session_id, secret)
        return TokenResponse(access_token, expires_in, refresh_token.serialize(), scope)

    def _check_password(self, account: Account | None, password: Password) -> tuple[Account, PasswordCheck]:
        # The hash is computed before anything is known to be wrong, and once whatever is: otherwise the
        # time of an answer tells which names exist.
        check = self.hasher.check(password, account.password_hash if account else None)
        if account is None:
            raise InvalidGrant("unknown_user")
        if check.verdict is Verdict.CORRUPT:
            self.audit.corrupt_hash(account.user_id)
            raise InvalidGrant("corrupt_hash", user_id=account.user_id)
        if check.verdict is not Verdict.MATCH:
            raise InvalidGrant("wrong_password", user_id=account.user_id)
        if account.disabled:
            raise InvalidGrant("disabled_user", user_id=account.user_id)
        return account, check

    def _granted(self, requested: Scope | None, account: Account, now: int) -> Scope:
        try:
            return resolve_scope(requested, account.permissions)
        except InvalidScope:
            # The password was right, so this was no guess.
            self.accounts.reset_failures(account.user_id, now)
            raise

    def _new_session(
        self,
        request: TokenRequest,
        client_id: str,
        account: Account,
        granted: Scope | None,
        secret: RefreshSecret,
        epoch: int,
        now: int,
    ) -> Session:
        expires_at = now + self.policy.absolute_seconds
        return Session(
            session_id=self.entropy(ID_BYTES).hex(),
            user_id=account.user_id,
            client_id=client_id,
            granted=granted,
            epoch=epoch,
            created_at=now,
            last_used_at=now,
            idle_expires_at=min(now + self.policy.idle_seconds, expires_at),
            expires_at=expires_at,
            family=start(secret, Secret(self.entropy(SECRET_BYTES))),
            device=request.device,
        )

    def _open(self, session: Session, account: Account, rehash: PasswordHash | None) -> None:
        try:
            evicted = self.sessions.open(session, account, rehash, self.policy.limit)
        except AccountChanged as error:
            raise InvalidGrant("account_changed", user_id=account.user_id) from error
        self.audit.session_started(session)
        for ended in evicted:
            self.audit.session_ended(ended)
