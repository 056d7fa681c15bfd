"""Mail: the messages that the API queues, and the ports to queue and send them.

The API only says what has happened. Whether a mail is due, to whom and with which text is decided where mail
is sent (`chalicelib.accounts.mailing`), so a request costs the same whoever an address belongs to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from chalicelib.domain.secret import Secret

CODE_SECONDS = 600
"""Lifetime of a mailed code in seconds. A code that is older is not mailed."""
FALLBACK_LANGUAGE = "en"
"""Language of a mail where none of the requested ones is offered."""
MAX_REQUESTED_LANGUAGES = 5
"""Languages of an `Accept-Language` header that are looked at."""

_LANGUAGE_RANGE = re.compile(r"\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


class MailKind(StrEnum):
    """What has happened. `user_id` or `address` of the request says to whom."""

    SIGN_UP = "sign_up"
    """Code to `address`. If the address has an account: its owner is told instead, without a code."""
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    """Code to the stored address of the account that `address` finds, if there is one and it is enabled."""
    EMAIL_CHANGE = "email_change"
    """Code to the new `address`. If the address has an account: its owner is told instead, without a code."""
    EMAIL_CHANGE_NOTICE = "email_change_notice"
    """Notice to the present address: a change of address was asked for and is not confirmed yet."""
    EMAIL_CHANGED = "email_changed"
    """Notice to the former address, which is `address`."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail
    USERNAME_CHANGED = "username_changed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    ACCOUNT_DELETED = "account_deleted"
    """Notice to `address`: the account is gone by the time the mail is sent."""
    INVITED = "invited"
    """An administrator created the account: how to set a password. No code."""
    RESET_REQUESTED = "password_reset_requested"
    """An administrator asks the user to set a new password: how to do so. No code."""

    @property
    def has_code(self) -> bool:
        """Return whether a request of this kind carries a code."""
        return self in {MailKind.SIGN_UP, MailKind.PASSWORD_RESET, MailKind.EMAIL_CHANGE}


@dataclass(frozen=True, slots=True)
class MailRequest:
    """One message of the queue. Neither `repr` nor `str` shows the code.

    A kind with a code names an `address`. A notice names a `user_id`, whose stored address is mailed, or an
    `address`, which then is mailed whatever is stored.
    """

    message_id: str
    """32 random hexadecimal digits: the key under which the mail is marked as sent."""
    kind: MailKind
    address: str
    """Address as `email_address` returns it; empty where `user_id` says whom."""
    user_id: str
    """Account that a notice is about. A password reset with a `user_id` is mailed to that account only."""
    code: Secret[str] | None
    """8 digits; None for notices."""
    language: str
    """Languages that the request asked for, as `requested_languages` returns them."""
    verification_id: str
    """SHA-256 of the verification token in hexadecimal digits; empty for notices."""
    created_at: int
    """Unix time in seconds at which the code was made."""


class MailQueue(Protocol):
    """The queue between the API and the mail function."""

    def enqueue(self, request: MailRequest) -> None:
        """Add a message. Raises Unavailable."""


def requested_languages(accept_language: str) -> str:
    """Return the languages of an `Accept-Language` header, most wanted first, joined by commas.

    In lower case and at most 5 of them; `*`, languages with a weight of 0 and malformed parts are left out
    (RFC 9110 §12.5.4). Any text is accepted. A text that this returned is returned unchanged.
    """
    parts = map(_LANGUAGE_RANGE.fullmatch, accept_language[:500].lower().split(",")[:20])
    weighted = [(float(match[2] or 1), match[1]) for match in parts if match]
    wanted = sorted((one for one in weighted if one[0] > 0), key=lambda one: -one[0])
    return ",".join(list(dict.fromkeys(tag for _, tag in wanted))[:MAX_REQUESTED_LANGUAGES])
