"""Mail: the messages that the API queues, and the ports to queue and send them.

The API queues what has happened. The mail function decides whether a mail is due, to whom and with which text
(`chalicelib.accounts.mailing`), so a request makes the same calls for every address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from chalicelib.domain.secret import Secret

CODE_SECONDS = 600
"""Lifetime of a mailed code in seconds. An older code is not mailed."""
FALLBACK_LANGUAGE = "en"
"""Language of a mail if none of the requested ones is offered."""
MAX_REQUESTED_LANGUAGES = 5
"""Maximum number of languages that are read from an `Accept-Language` header."""

_LANGUAGE_RANGE = re.compile(r"\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


class MailKind(StrEnum):
    """What has happened. The `user_id` or `address` of the request identifies the recipient."""

    SIGN_UP = "sign_up"
    """Code to `address`. If the address has an account, its owner gets a notice without a code instead."""
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    """Code to the stored address of the account that `address` finds, if there is one and it is enabled."""
    EMAIL_CHANGE = "email_change"
    """Code to the new `address`. If it has an account, its owner gets a notice without a code instead."""
    EMAIL_CHANGE_NOTICE = "email_change_notice"
    """Notice to the current address: a change of address was requested and is not confirmed yet."""
    EMAIL_CHANGED = "email_changed"
    """Notice to the former address, which is `address`."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail
    USERNAME_CHANGED = "username_changed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    ACCOUNT_DELETED = "account_deleted"
    """Notice to `address`, because the account no longer exists when the mail is sent."""
    INVITED = "invited"
    """An administrator created the account: explains how to set a password, without a code."""
    RESET_REQUESTED = "password_reset_requested"
    """An administrator asks the user to set a new password: how to do so. No code."""

    @property
    def has_code(self) -> bool:
        """Return whether a request of this kind carries a code."""
        return self in {MailKind.SIGN_UP, MailKind.PASSWORD_RESET, MailKind.EMAIL_CHANGE}


@dataclass(frozen=True, slots=True)
class MailRequest:
    """One message of the queue. Neither `repr` nor `str` shows the code.

    A kind with a code has an `address`. A notice has a `user_id`, whose stored address gets the mail, or an
    `address`, which gets it independently of stored data.
    """

    message_id: str
    """32 random hexadecimal digits. The mail is marked as sent under this id."""
    kind: MailKind
    address: str
    """Address as `email_address` returns it; empty if `user_id` identifies the recipient."""
    user_id: str
    """Account that a notice is about. A password reset with a `user_id` is mailed to that account only."""
    code: Secret[str] | None
    """8 digits; None for notices."""
    language: str
    """Requested languages, as `requested_languages` returns them."""
    verification_id: str
    """SHA-256 of the verification token in hexadecimal digits; empty for notices."""
    created_at: int
    """Unix time in seconds at which the code was made."""


class MailQueue(Protocol):
    """The queue between the API and the mail function."""

    def enqueue(self, request: MailRequest) -> None:
        """Add a message. Raises Unavailable."""


def requested_languages(accept_language: str) -> str:
    """Return the languages of an `Accept-Language` header in order of preference, separated by commas.

    At most 5, in lower case. `*`, languages with a weight of 0 and malformed parts are left out (RFC 9110
    §12.5.4). Accepts any text, and returns its own result unchanged.
    """
    parts = map(_LANGUAGE_RANGE.fullmatch, accept_language[:500].lower().split(",")[:20])
    weighted = [(float(match[2] or 1), match[1]) for match in parts if match]
    wanted = sorted((one for one in weighted if one[0] > 0), key=lambda one: -one[0])
    return ",".join(list(dict.fromkeys(tag for _, tag in wanted))[:MAX_REQUESTED_LANGUAGES])
