"""Which passwords may be set (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 6.2).

No composition rules and no expiry: a new password is long enough, is not a common one, does not consist of
the person's own names, and optionally is not in a collection of breached ones. A password that is presented
at sign-in is never judged by these rules.
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
"""Characters that must remain of a password once every name is taken out of it."""
SHORTEST_NAME = 4
"""Characters of a name that is taken out; a shorter one is part of too many words."""


class CommonPasswords(Protocol):
    """A list of passwords that are used by many, compared whole."""

    def contains(self, comparable: str) -> bool:
        """Return whether the list has a password, given in the form of `comparable_form`."""


class BreachedPasswords(Protocol):
    """A collection of passwords that were found in breaches."""

    def contains(self, password: Password) -> bool:
        """Return whether the collection has a password; False where it cannot be asked."""


class NoBreachedPasswords:
    """Stands for a collection where none is set."""

    def contains(self, password: Password) -> bool:  # noqa: ARG002 - the port's signature
        """Return False."""
        return False


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for a new password. `minimum_length` is in code points of the NFC-normalised password."""

    minimum_length: int
    common: CommonPasswords
    breached: BreachedPasswords

    def accept(self, text: str, names: Iterable[str] = ()) -> Password:
        """Return `text` as a password that may be set for somebody with these `names`.

        `names` are the address, the user name and whatever else the password must not consist of. Raises
        InvalidRequest for text that has no UTF-8 form, and PasswordTooLong, PasswordTooShort,
        PasswordTooCommon, PasswordContainsName or PasswordBreached, in this order. The collection of breached
        passwords is asked last, since that is a network call.
        """
        # Size before normalisation, whose cost grows with the input.
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

    @staticmethod
    def refuse_names(password: Password, names: Iterable[str]) -> None:
        """Raise PasswordContainsName where a password consists of these names or the service's."""
        if consists_of_names(comparable_form(password.reveal()), names):
            raise PasswordContainsName


def comparable_form(text: str) -> str:
    """Return the form in which passwords and names are compared by the rules: NFKC, case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def consists_of_names(comparable: str, names: Iterable[str]) -> bool:
    """Return whether too little of a password is left once its owner's names are taken out.

    `comparable` is the password in `comparable_form`. The name of the service, the address, its part before
    the @ and the user name count. A password equal to a name is refused however short the name is.
    """
    own = {comparable_form(name) for name in names} | {SERVICE_NAME}
    own |= {name.partition("@")[0] for name in own}
    if comparable in own:
        return True
    rest = comparable
    for name in sorted((one for one in own if len(one) >= SHORTEST_NAME), key=len, reverse=True):
        rest = rest.replace(name, "")
    return rest != comparable and len(rest) < MINIMUM_REST
