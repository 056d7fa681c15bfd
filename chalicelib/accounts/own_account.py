"""What a signed-in person sees and does: the account, the sessions, signing out."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts import Account
from chalicelib.domain.claims import VerifiedClaims
from chalicelib.domain.errors import InvalidToken, NotFound
from chalicelib.domain.ports import Audit, Clock, Sessions
from chalicelib.domain.sessions import EndReason, Session, least_recently_used


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Operations on the account that an access token speaks for."""

    sessions: Sessions
    audit: Audit
    clock: Clock

    def load(self, claims: VerifiedClaims) -> tuple[Account, Session]:
        """Return account and session, in one read.

        Raises InvalidToken where the session has ended or the account is disabled, so that neither outlives
        its end here, whatever API Gateway has cached.
        """
        view = self.sessions.session_and_account(claims.subject, claims.session_id)
        if view.session is None or not view.session.stands(self.clock(), view.epoch):
            raise InvalidToken("session ended", user_id=claims.subject)
        if view.account is None or view.account.disabled:
            raise InvalidToken("disabled user", user_id=claims.subject)
        return view.account, view.session

    def standing_sessions(self, claims: VerifiedClaims) -> list[Session]:
        """Return the sessions that can still be used, the most recently used first. Raises InvalidToken."""
        self.load(claims)
        now, epoch = self.clock(), self.sessions.epoch()
        standing = [one for one in self.sessions.active(claims.subject) if one.stands(now, epoch)]
        return least_recently_used(standing)[::-1]

    def sign_out(self, claims: VerifiedClaims, session_id: str) -> None:
        """End one session of one's own. Raises NotFound for one that is not, or no longer, one's own."""
        self.load(claims)
        mine = [one for one in self.sessions.active(claims.subject) if one.session_id == session_id]
        own = session_id == claims.session_id
        if not self._end(mine, EndReason.SIGNED_OUT if own else EndReason.SIGNED_OUT_ELSEWHERE):
            raise NotFound("no such session")

    def sign_out_everywhere(self, claims: VerifiedClaims) -> int:
        """End every session, this one included. Return how many there were."""
        self.load(claims)
        return self._end(self.sessions.active(claims.subject), EndReason.SIGNED_OUT_EVERYWHERE)

    def _end(self, sessions: list[Session], reason: EndReason) -> int:
        ended = self.sessions.end(sessions, reason, self.clock())
        for one in ended:
            self.audit.session_ended(one)
        return len(ended)
