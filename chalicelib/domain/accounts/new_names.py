"""Validation of the e-mail address and the user name of a new account."""

from __future__ import annotations

import re
import unicodedata

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.accounts.mail_domains import to_a_labels, visible_labels
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.scripts import is_plain

MAX_EMAIL_LENGTH = 254
"""Characters of an e-mail address (RFC 5321 §4.5.3.1, as corrected by erratum 1690)."""
MAX_LOCAL_PART_LENGTH = 64
"""Characters before the `@` (RFC 5321 §4.5.3.1.1)."""
MAX_USERNAME_LENGTH = 64
"""Characters of a user name."""

# RFC 5321 §4.1.2, Dot-string.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def email_address(presented: str) -> str:
    """Return a valid address: the part before the `@` unchanged, the domain as A-labels.

    Raises InvalidAccount if it is not of the form local@domain, if the local part is not ASCII (mail services
    accept no other), or if the domain is invalid by UTS 46 or contains look-alike characters.
    """
    local, at, domain = presented.rpartition("@")
    if not local.isascii():
        raise InvalidAccount(description="The part of the e-mail address before the @ must be ASCII.")
    mapped = to_a_labels(domain)
    if mapped is None or not at or not _is_deliverable(local, mapped):
        raise InvalidAccount(description="The e-mail address is not of the form name@example.com.")
    if not all(map(is_plain, visible_labels(mapped))):
        raise InvalidAccount(description="The e-mail address mixes scripts or has invisible characters.")
    return f"{local}@{mapped}"


def username(presented: str) -> str:
    """Return a valid user name, NFC-normalised.

    Raises InvalidAccount unless it consists of letters and digits of one script and of `. _ -`. An `@` is
    rejected so that nobody can take another person's address as a user name; the form of an id, so that an id
    never matches the name of another account.
    """
    name = unicodedata.normalize("NFC", presented)
    folded = SignInName.of(name).canonical
    if not 1 <= len(folded) <= MAX_USERNAME_LENGTH or len(name) > MAX_USERNAME_LENGTH:
        raise InvalidAccount(description=f"The user name must have 1 to {MAX_USERNAME_LENGTH} characters.")
    if not all(char in "._-" or unicodedata.category(char)[0] in "LNM" for char in folded):
        raise InvalidAccount(description="The user name may have letters, digits, dots, dashes, underscores.")
    if is_id(folded):
        raise InvalidAccount(description="The user name must not have the form of an id.")
    if not is_plain(folded):
        raise InvalidAccount(description="The user name mixes scripts or has invisible characters.")
    return name


def _is_deliverable(local: str, domain: str) -> bool:
    # A trailing dot is valid in DNS, but not in an address (RFC 5321 §4.1.2).
    is_domain = "." in domain and not domain.endswith(".")
    is_short = len(local) <= MAX_LOCAL_PART_LENGTH and len(local) + 1 + len(domain) <= MAX_EMAIL_LENGTH
    return is_domain and is_short and _LOCAL_PART.fullmatch(local) is not None
