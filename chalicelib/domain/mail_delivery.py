"""Ports of the mail function: sending a mail, and the record of what has been sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail_messages import Report
from chalicelib.domain.mail_texts import MailText


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. `repr` does not show the texts, which may contain a code."""

    message_id: str
    """Id of the request. A mail that is sent twice has the same `Message-ID`."""
    recipient: str
    language: str
    content: MailText


class MailRejected(Exception):
    """The mail can never be sent to this address. `str` is the reason, without the address."""


class MailSender(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> None:
        """Send a mail. Raises MailRejected if that can never succeed, and Unavailable if it may later."""


class Claim(Enum):
    """Result of a delivery's claim to send a mail."""

    GRANTED = "granted"
    HELD = "held"
    """Another delivery of the same message has claimed it and has not finished."""
    DONE = "done"
    """An earlier delivery has finished."""


class Outbox(Protocol):
    """The record of finished messages. Every method raises Unavailable."""

    def claim(self, message_id: str, now: int) -> Claim:
        """Claim a message for `CLAIM_SECONDS`, in which no other delivery may send its mail."""

    def mark_done(self, message_id: str, now: int) -> None:
        """Mark a message as finished: every later claim returns DONE."""


CLAIM_SECONDS = 45
"""Longer than the time-out of the mail function, so that the holder of an expired claim has stopped; shorter
than the time after which SQS delivers a message again."""


class UndeliverableAddresses(Protocol):
    """The addresses that bounced a mail or complained about one. Every method raises Unavailable."""

    def contains(self, address: SignInName, now: int) -> bool:
        """Return whether an address must not get mail."""

    def add(self, address: SignInName, report: Report, now: int) -> None:
        """Stop mailing an address. Repeating it only updates the time."""

    def remove(self, address: SignInName) -> bool:
        """Allow mail to an address again. Return False if it was allowed."""
