"""The use case of the mail function: decide who gets which mail, and send it once.

SQS may deliver a message twice, and a function may stop between any two calls. A delivery claims its message
for `CLAIM_SECONDS` before it sends, and marks it as done after that:

- Two deliveries at once: the second finds the claim and leaves the message in the queue.
- A delivery after the mark: sends nothing.
- A stop between claim and mark: the claim expires, and the next delivery sends. The mail is sent twice only
  if the stop was between SES's acceptance and the mark. It is never lost, which could happen if the mark were
  written first. A second copy of a mail is harmless; a missing notice of a changed password hides an attack.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import CODE_SECONDS, FALLBACK_LANGUAGE, MailKind, MailRequest
from chalicelib.domain.mail_delivery import (
    Claim,
    Mail,
    MailRejected,
    MailSender,
    Outbox,
    UndeliverableAddresses,
)
from chalicelib.domain.mail_messages import MailReport
from chalicelib.domain.mail_texts import MailTexts, TextKind, choose_language
from chalicelib.domain.ports import Accounts, Clock

_TAKEN = {
    MailKind.SIGN_UP: TextKind.SIGN_UP_TAKEN,
    MailKind.EMAIL_CHANGE: TextKind.EMAIL_CHANGE_TAKEN,
}
"""What the owner of an address gets instead of a code that somebody requested."""


class Outcome(StrEnum):
    """The result of a delivery that SQS may delete."""

    SENT = "sent"
    DUPLICATE = "duplicate"
    """A second delivery of a finished message."""
    EXPIRED = "expired"
    """The code is too old to be used."""
    NO_ACCOUNT = "no_account"
    NO_ADDRESS = "no_address"
    """The account is a service account, which has no address."""
    DISABLED = "disabled"
    """A disabled account gets no code to reset its password."""
    UNDELIVERABLE = "undeliverable"
    """An earlier mail to the address bounced, or its owner complained."""
    REJECTED = "rejected"
    """SES accepts no mail to this address."""
    OFF = "off"
    """No sender is set."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """Sends the mails of the queue. `sender` is None if no mail is to be sent."""

    accounts: Accounts
    outbox: Outbox
    undeliverable: UndeliverableAddresses
    texts: MailTexts
    sender: MailSender | None
    clock: Clock
    service_name: str

    def deliver(self, request: MailRequest) -> Outcome:
        """Process a message. Raises Unavailable or BadMailText if it must stay in the queue."""
        now = self.clock()
        if self.sender is None:
            return Outcome.OFF
        if request.kind.has_code and now >= request.created_at + CODE_SECONDS:
            return Outcome.EXPIRED
        claim = self.outbox.claim(request.message_id, now)
        if claim is Claim.DONE:
            return Outcome.DUPLICATE
        if claim is Claim.HELD:
            raise Unavailable("mail is held by another delivery")
        outcome = self._send(request, self.sender, now)
        self._mark_done(request.message_id)
        return outcome

    def take_report(self, report: MailReport) -> None:
        """Stop mailing the addresses of a bounce or complaint. Raises Unavailable."""
        if report.report.is_final:
            for address in report.addresses:
                self.undeliverable.add(SignInName.of(address), report.report, self.clock())

    def _send(self, request: MailRequest, sender: MailSender, now: int) -> Outcome:
        addressed = self._addressed(request)
        if isinstance(addressed, Outcome):
            return addressed
        recipient, kind = addressed
        if self.undeliverable.contains(SignInName.of(recipient), now):
            return Outcome.UNDELIVERABLE
        try:
            sender.send(self._mail(request, recipient, kind))
        except MailRejected:
            return Outcome.REJECTED
        return Outcome.SENT

    def _mark_done(self, message_id: str) -> None:
        try:
            self.outbox.mark_done(message_id, self.clock())
        except Unavailable:
            # The mail has been sent. If the message stayed in the queue, it would be sent again.
            return

    def _addressed(self, request: MailRequest) -> tuple[str, TextKind] | Outcome:
        """Return address and text of the mail to send, or the reason for sending none."""
        if request.kind is MailKind.PASSWORD_RESET:
            return self._reset_address(request)
        if taken := _TAKEN.get(request.kind):
            owner = self.accounts.find(SignInName.of(request.address))
            if owner is not None and owner.user_id != request.user_id:
                return owner.email, taken
        if request.address:
            return request.address, TextKind(request.kind.value)
        account = self.accounts.account(request.user_id)
        if account is None:
            return Outcome.NO_ACCOUNT
        return (account.email, TextKind(request.kind.value)) if account.email else Outcome.NO_ADDRESS

    def _reset_address(self, request: MailRequest) -> tuple[str, TextKind] | Outcome:
        account = self.accounts.find(SignInName.of(request.address))
        if account is None or not _is_of(account, request):
            return Outcome.NO_ACCOUNT
        if account.disabled:
            return Outcome.DISABLED
        # The stored spelling: the typed one only matches it, and may be the address of another mailbox.
        return account.email, TextKind.PASSWORD_RESET

    def _mail(self, request: MailRequest, recipient: str, kind: TextKind) -> Mail:
        language = choose_language(request.language, self.texts.languages(), FALLBACK_LANGUAGE)
        values = {"service": self.service_name}
        if kind.has_code and request.code is not None:
            values |= {"code": request.code.reveal(), "minutes": str(CODE_SECONDS // 60)}
        content = self.texts.template(kind, language).fill_in(values)
        return Mail(request.message_id, recipient, language, content)


def _is_of(account: Account, request: MailRequest) -> bool:
    return request.user_id in {"", account.user_id}
