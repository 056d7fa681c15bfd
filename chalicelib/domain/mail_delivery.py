"""Ports of the mail function: the mail that is sent, who sends it, and what is remembered about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail_messages import Report
from chalicelib.domain.mail_texts import MailText


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. `repr` shows neither text, which may hold a code."""

    message_id: str
    """Id of the request: the mail has the same `Message-ID` however often it is sent."""
    recipient: str
    language: str
    content: MailText


class MailRejected(Exception):
    """The mail can never be sent to this address; `str` of it says why, without the address."""


class MailSender(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> None:
        """Send a mail. Raises MailRejected where that can never work, and Unavailable where it may later."""


class Claim(Enum):
    """Answer to a delivery that asks whether it may send a mail."""

    GRANTED = "granted"
    HELD = "held"
    """Another delivery of the same message was granted it a moment ago, and has not reported back."""
    DONE = "done"
    """The mail has been dealt with."""


class Outbox(Protocol):
    """Remembers which messages have been dealt with. Every method raises Unavailable."""

    def claim(self, message_id: str, now: int) -> Claim:
        """Ask for the right to send the mail of a message, for `CLAIM_SECONDS`, as the only one."""

    def mark_done(self, message_id: str, now: int) -> None:
        """Record that a message has been dealt with: every later claim is answered DONE."""


CLAIM_SECONDS = 45
"""Longer than the mail function runs, so that whoever held a claim that has run out has stopped; shorter than
the time after which SQS delivers a message again."""


class UndeliverableAddresses(Protocol):
    """The addresses that bounced a mail or complained about one. Every method raises Unavailable."""

    def contains(self, address: SignInName, now: int) -> bool:
        """Return whether an address must not be mailed."""

    def add(self, address: SignInName, report: Report, now: int) -> None:
        """Stop mailing an address. Repeating it changes nothing but the time."""

    def remove(self, address: SignInName) -> bool:
        """Allow mails to an address again. Return False where they were not stopped."""
