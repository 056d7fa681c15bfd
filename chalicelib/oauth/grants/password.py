"""The resource owner password credentials grant (RFC 6749 §4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.errors import InvalidGrant, InvalidScope, Unavailable
from chalicelib.domain.ports import (
    Audit,
    Clock,
    Entropy,
    Keys,
    PasswordCheck,
    PasswordHasher,
    Verdict,
)
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import ID_BYTES, SECRET_BYTES, RefreshSecret, start
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.sign_in.attempts import Charge, SignInAttempt, SignInCandidate
from chalicelib.domain.sign_in.device_keys import DEVICE_SECRET_BYTES, DeviceKey
from chalicelib.domain.sign_in.limits import SignInLimits
from chalicelib.domain.sign_in.ports import AccountChanged, SignIns
from chalicelib.domain.tokens.scopes import Scope, resolve_scope
from chalicelib.oauth.access_tokens import AccessTokenIssuer, TokenResponse
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """Lifetimes of sessions in seconds, and the maximum number of sessions of a user."""

    idle_seconds: int
    absolute_seconds: int
    limit: int


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """RFC 6749 §4.3: a user name and a password for an access token and a refresh token."""

    sign_ins: SignIns
    keys: Keys
    hasher: PasswordHasher
    tokens: AccessTokenIssuer
    audit: Audit
    clock: Clock
    entropy: Entropy
    limits: SignInLimits
    policy: SessionPolicy

    def __call__(self, request: TokenRequest, client_id: str) -> TokenResponse:
        """Sign in (RFC 6749 §4.3.2).

        Raises InvalidRequest, InvalidScope, InvalidGrant, TooManyAttempts and Unavailable.
        """
        name = SignInName.of(required(request.parameters, "username"))
        password = Password.presented(required(request.parameters, "password"))
        requested = Scope.parse(request.parameters["scope"]) if "scope" in request.parameters else None
        attempt = self._attempt(request, name)
        begun = self.sign_ins.begin(attempt, self.limits)
        candidate, check = self._check_password(begun.candidate, password)
        with self._withdraw_on_failure(begun.charge, candidate.account):
            signing_key = self.keys.current(epoch=begun.epoch).current
            scope = resolve_scope(requested, candidate.account.permissions)
            session, secret = self._new_session(
                request, client_id, candidate.account, requested, signing_key.epoch, attempt.at
            )
            # Issued before the session is opened: a failure must leave no session behind.
            access_token, expires_in = self.tokens.issue(
                session,
                scope,
                signing_key,
                issuer=request.issuer,
                audience=request.audience,
                now=attempt.at,
            )
            rehash = self.hasher.hash(password) if check.is_outdated else None
        device_key = self._open(session, candidate, begun.charge, attempt.device_key, rehash)
        refresh_token = session.family.token(session.user_id, session.session_id, secret)
        return TokenResponse(access_token, expires_in, refresh_token.serialize(), scope, device_key)

    def _attempt(self, request: TokenRequest, name: SignInName) -> SignInAttempt:
        # Read before the attempt is charged: an outage must not use up a user's attempts.
        keys = self.keys.current()
        return SignInAttempt.of(
            name,
            keys.name_key,
            address=request.device.address,
            device_key=DeviceKey.parse(request.parameters.get("device_key", "")),
            epoch=keys.current.epoch,
            at=self.clock(),
        )

    def _check_password(
        self, candidate: SignInCandidate | None, password: Password
    ) -> tuple[SignInCandidate, PasswordCheck]:
        # Exactly one hash is computed in every case; otherwise response times would reveal which names exist.
        stored = candidate.password_hash if candidate else None
        is_disabled = candidate is not None and candidate.account.disabled
        check = self.hasher.check(password, stored, fails_anyway=is_disabled)
        if candidate is None:
            raise InvalidGrant("unknown_user")
        user_id = candidate.account.user_id
        if check.verdict is Verdict.CORRUPT:
            self.audit.corrupt_hash(user_id)
            raise InvalidGrant("corrupt_hash", user_id=user_id)
        if check.verdict is not Verdict.MATCH:
            raise InvalidGrant("wrong_password", user_id=user_id)
        if is_disabled:
            raise InvalidGrant("disabled_user", user_id=user_id)
        return candidate, check

    @contextmanager
    def _withdraw_on_failure(self, charge: Charge, account: Account) -> Iterator[None]:
        """Withdraw the charge if a correct password leads to no session: that is no failed sign-in.

        The log names the account, since the caller knows its password.
        """
        try:
            yield
        except InvalidScope as error:
            self.sign_ins.withdraw(charge)
            error.reason, error.user_id = "right_password_scope_refused", account.user_id
            raise
        except Unavailable:
            with suppress(Unavailable):
                self.sign_ins.withdraw(charge)
            raise

    def _new_session(
        self,
        request: TokenRequest,
        client_id: str,
        account: Account,
        granted: Scope | None,
        epoch: int,
        now: int,
    ) -> tuple[Session, RefreshSecret]:
        secret = RefreshSecret(self.entropy(SECRET_BYTES))
        expires_at = now + self.policy.absolute_seconds
        session = Session(
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
        return session, secret

    def _open(
        self,
        session: Session,
        candidate: SignInCandidate,
        charge: Charge,
        presented: DeviceKey | None,
        rehash: PasswordHash | None,
    ) -> DeviceKey:
        """Open the session. Return the presented device key if its device is known, else a new one."""
        new_key = DeviceKey(session.user_id, Secret(self.entropy(DEVICE_SECRET_BYTES)))
        try:
            opened = self.sign_ins.open(
                session, candidate, charge, device_key=new_key, rehash=rehash, limit=self.policy.limit
            )
        except AccountChanged as error:
            raise InvalidGrant("account_changed", user_id=session.user_id) from error
        self.audit.session_started(session)
        for ended in opened.evicted:
            self.audit.session_ended(ended)
        return presented if presented is not None and opened.device_is_known else new_key
