"""The current authority of a caller, read for each request."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.administration.authority import Authority
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class LiveAuthority:
    """Reads the current permissions of a caller; those that API Gateway has cached may be outdated."""

    own_account: OwnAccount

    def __call__(self, claims: VerifiedClaims) -> Authority:
        """Return the permissions that the token carries and its account holds now, by one consistent read.

        A withdrawn permission is missing at once. A granted one takes effect with the next token, and a token
        of limited scope stays limited (RFC 6749 §3.3). Raises InvalidToken if the session has
        ended or the account is disabled, and Unavailable.
        """
        account, _ = self.own_account.load(claims)
        held = claims.scope.permissions & account.permissions.permissions
        return Authority(account.user_id, Scope(held))
