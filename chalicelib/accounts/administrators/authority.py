"""The current authority of a caller, read for each request."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.api_keys.owner import ApiKeyOwners
from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.administration.authority import Authority
from chalicelib.domain.tokens.claims import Credential, VerifiedClaims
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class LiveAuthority:
    """Reads the current permissions of a caller; those that API Gateway has cached may be outdated."""

    own_account: OwnAccount
    api_key_owners: ApiKeyOwners

    def __call__(self, claims: VerifiedClaims) -> Authority:
        """Return the permissions that the credential carries and its account holds now, by one read.

        A withdrawn permission is missing at once. A granted one takes effect with the next token, and a token
        of limited scope stays limited (RFC 6749 §3.3). Raises InvalidToken if the session or the API key has
        ended or the account is disabled, and Unavailable.
        """
        if claims.credential is Credential.API_KEY:
            owner, _, scope = self.api_key_owners.load(claims)
            return Authority(owner.user_id, scope)
        account, _ = self.own_account.load(claims)
        held = claims.scope.permissions & account.permissions.permissions
        return Authority(account.user_id, Scope(held))
