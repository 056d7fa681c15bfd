"""Rules for new passwords (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 6.2).

A new password must be long enough, not be a common one, not consist of the user's own names, and optionally
not be in a collection of breached ones. There are no composition rules and no expiry. The rules do not apply
at sign-in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.accounts.password_errors import (
    PasswordBreached,
    PasswordContainsName,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
)
from chalicelib.domain.accounts.passwords import MAX_PASSWORD_BYTES, Password

SERVICE_NAME = "gatehouse"
MINIMUM_REST = 8
"""Minimum length of a password after every name is removed from it."""
SHORTEST_NAME = 4
"""Minimum length of a name that is removed; shorter ones are part of too many words."""


class CommonPasswords(Protocol):
    """A list of common passwords. Only whole passwords are compared."""

    def contains(self, comparable: str) -> bool:
        """Return whether the list contains a password, given in `comparable_form`."""


class BreachedPasswords(Protocol):
    """A collection of passwords that were found in breaches."""

    def contains(self, password: Password) -> bool:
        """Return whether the collection contains a password; False if it cannot be reached."""


class NoBreachedPasswords:
    """An empty collection, for deployments without one."""

    def contains(self, password: Password) -> bool:  # noqa: ARG002 - the port's signature
        """Return False."""
        return False


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for a new password. `minimum_length` is in code points of the NFC-normalised password."""

    minimum_length: int
    common: CommonPasswords
    breached: BreachedPasswords
    service_name: str = SERVICE_NAME

    def accept(self, text: str, names: Iterable[str] = ()) -> Password:
        """Return `text` as a password that a user with these `names` may set.

        `names` are the address, the user name and anything else that the password must not consist of. Raises
        InvalidRequest for text that cannot be encoded in UTF-8, and PasswordTooLong, PasswordTooShort,
        PasswordTooCommon, PasswordContainsName or PasswordBreached, checked in this order: the collection of
        breached passwords last, since that is a network call.
        """
        # The size is checked before normalisation, whose cost grows with the input.
        if len(text) > MAX_PASSWORD_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
            raise PasswordTooLong
        password = Password.presented(text)
        if len(password.reveal()) < self.minimum_length:
            raise PasswordTooShort(
                description=f"The password must have at least {self.minimum_length} characters."
            )
        comparable = comparable_form(password.reveal())
        if self.common.contains(comparable):
            raise PasswordTooCommon
        self.refuse_names(password, names)
        if self.breached.contains(password):
            raise PasswordBreached
        return password

    def refuse_names(self, password: Password, names: Iterable[str]) -> None:
        """Raise PasswordContainsName if a password consists of these names or the service's."""
        if consists_of_names(comparable_form(password.reveal()), (*names, self.service_name)):
            raise PasswordContainsName


def comparable_form(text: str) -> str:
    """Return the form in which the rules compare passwords and names: NFKC, case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def consists_of_names(comparable: str, names: Iterable[str]) -> bool:
    """Return whether fewer than MINIMUM_REST characters are left after the names are removed.

    `comparable` is the password in `comparable_form`. Removed are `names`, the parts of addresses before the
    @, and the name of the service. A password that equals a name consists of it, however short the name is.
    """
    own = {comparable_form(name) for name in names} | {SERVICE_NAME}
    own |= {name.partition("@")[0] for name in own}
    if comparable in own:
        return True
    rest = comparable
    for name in sorted((one for one in own if len(one) >= SHORTEST_NAME), key=len, reverse=True):
        rest = rest.replace(name, "")
    return rest != comparable and len(rest) < MINIMUM_REST
