"""Notices of changes by mail."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.mail import MailKind, MailQueue, MailRequest
from chalicelib.domain.ports import Clock, Entropy

_MESSAGE_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Notices:
    """Sends owners of accounts notices of changes.

    A notice is queued before its change is written: a missing notice would hide an attack, and a notice of a
    change that then fails is harmless. While the queue is down, no change is made.
    """

    queue: MailQueue
    clock: Clock
    entropy: Entropy

    def __call__(self, kind: MailKind, account: Account, languages: str, *, to_address: bool = False) -> None:
        """Queue a notice to the address that the account has when the mail is sent.

        With `to_address`, it goes to the address that `account` has now.

        Raises Unavailable.
        """
        self.queue.enqueue(
            MailRequest(
                message_id=self.entropy(_MESSAGE_ID_BYTES).hex(),
                kind=kind,
                address=account.email if to_address else "",
                user_id=account.user_id,
                code=None,
                language=languages,
                verification_id="",
                created_at=self.clock(),
            )
        )
