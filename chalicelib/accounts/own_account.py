"""The user's own account: its data, its sessions, signing out."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.errors import InsufficientScope, InvalidToken, NotFound
from chalicelib.domain.ports import Clock, Keys, Sessions
from chalicelib.domain.sessions.session import EndReason, Session, active, least_recently_used
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.tokens.claims import Credential, VerifiedClaims


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Operations on the account of an access token's subject.

    Every method raises InvalidToken if the token's session has ended or its account is disabled,
    InsufficientScope for an API key, and Unavailable if the table or the key cannot be read.
    """

    sessions: Sessions
    terminate: SessionTerminator
    keys: Keys
    clock: Clock

    def load(self, claims: VerifiedClaims) -> tuple[Account, Session]:
        """Return account and session in one read, which detects an ended session despite a cached Allow."""
        account, session, _ = self._load(claims)
        return account, session

    def active_sessions(self, claims: VerifiedClaims) -> list[Session]:
        """Return the active sessions, the most recently used first."""
        _, _, epoch = self._load(claims)
        return least_recently_used(self._active(claims, epoch))[::-1]

    def sign_out(self, claims: VerifiedClaims, session_id: str) -> None:
        """End one session of the user. Raises NotFound if it has ended or belongs to another user."""
        _, _, epoch = self._load(claims)
        found = self.sessions.session(claims.subject, session_id).session if is_id(session_id) else None
        mine = active([found] if found else [], self.clock(), epoch)
        own = session_id == claims.session_id
        if not self.terminate(mine, EndReason.SIGNED_OUT if own else EndReason.SIGNED_OUT_ELSEWHERE):
            raise NotFound("no such session")

    def sign_out_everywhere(self, claims: VerifiedClaims) -> int:
        """End every session of the user. Return how many this call ended.

        The session of this request ends last, so that the user can repeat the request after an outage.
        """
        _, own, epoch = self._load(claims)
        others = [one for one in self._active(claims, epoch) if one.session_id != own.session_id]
        return len(self.terminate([*others, own], EndReason.SIGNED_OUT_EVERYWHERE))

    def _load(self, claims: VerifiedClaims) -> tuple[Account, Session, int]:
        if claims.credential is not Credential.SESSION:
            raise InsufficientScope
        view = self.sessions.session_and_account(claims.subject, claims.session_id)
        if view.session is None or not view.session.is_active(self.clock(), view.epoch):
            raise InvalidToken("session ended", user_id=claims.subject)
        # The later epoch of table and key counts: a restored table may be older than the last breach.
        epoch = self.keys.current(epoch=view.epoch).current.epoch
        if view.session.epoch < epoch:
            raise InvalidToken("session ended", user_id=claims.subject)
        if view.account is None or view.account.disabled:
            raise InvalidToken("disabled user", user_id=claims.subject)
        return view.account, view.session, epoch

    def _active(self, claims: VerifiedClaims, epoch: int) -> list[Session]:
        return active(self.sessions.stored(claims.subject), self.clock(), epoch)
