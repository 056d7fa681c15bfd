"""The account of an API key, for `GET /me` with a key."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.api_keys.api_key import ApiKey, owner_of_key
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.ports import Clock, Keys
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.domain.tokens.scopes import Scope


@dataclass(frozen=True, slots=True)
class ApiKeyOwners:
    """Loads accounts by the API key of the request."""

    api_keys: ApiKeys
    keys: Keys
    clock: Clock

    def load(self, claims: VerifiedClaims) -> tuple[Account, ApiKey, Scope]:
        """Return account, key and the current permissions of the credential, in one read.

        The read detects an ended key despite a cached Allow. Raises InvalidToken if the key has ended or its
        owner is disabled or deleted, and Unavailable.
        """
        user_id = claims.subject
        if owner_of_key(claims.session_id) != user_id:
            raise InvalidToken("no api key", user_id=user_id)
        view = self.api_keys.api_key_and_account(claims.session_id)
        of_keys = self.keys.current(epoch=view.system.epoch).current.api_keys_epoch
        refusal = view.refusal(self.clock(), of_keys)
        if refusal is not None or view.key is None or view.account is None:
            raise InvalidToken(refusal or "unknown api key", user_id=user_id)
        return view.account, view.key, Scope(claims.scope.permissions & view.scope.permissions)
