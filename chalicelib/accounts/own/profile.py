"""The user's profile: a JSON object of the app."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.accounts.errors import PreconditionFailed
from chalicelib.domain.accounts.own.profiles import Profile, Profiles
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.ports import Clock
from chalicelib.domain.preconditions import Precondition
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.tokens.claims import VerifiedClaims


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """Reads and replaces the profile of an access token's subject.

    Both methods raise InvalidToken if the token's session has ended or its account is disabled,
    PreconditionFailed if the profile is not the expected one, and Unavailable.
    """

    own_account: OwnAccount
    profiles: Profiles
    clock: Clock

    def read(self, claims: VerifiedClaims, expected: Precondition) -> Profile:
        """Return the profile."""
        account, _ = self.own_account.load(claims)
        profile = self.profiles.profile(account.user_id)
        _require(expected, profile)
        return profile

    def replace(self, claims: VerifiedClaims, profile: Profile, expected: Precondition) -> None:
        """Replace the profile. Of two requests that expect the same version, the later one is refused."""
        account, _ = self.own_account.load(claims)
        before = None
        if expected.tags is not None:
            before = self.profiles.profile(account.user_id)
            _require(expected, before)
        try:
            is_written = self.profiles.put_profile(account.user_id, profile, self.clock(), before=before)
        except AccountChanged as error:
            raise InvalidToken("account has changed", user_id=account.user_id) from error
        if not is_written:
            raise PreconditionFailed("profile has changed", user_id=account.user_id)


def _require(expected: Precondition, current: Profile) -> None:
    if not expected.admits(current.tag):
        raise PreconditionFailed("profile has changed")
