"""The mail ports over lists and dictionaries."""

from __future__ import annotations

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import MailRequest
from chalicelib.domain.mail_delivery import CLAIM_SECONDS, Claim, Mail, MailRejected
from chalicelib.domain.mail_messages import Report
from tests.fake_outage import Remote, remote

UNDELIVERABLE_SECONDS = 365 * 86_400


class FakeMailQueue(Remote):
    """Keeps the requests in the order in which they were queued."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[MailRequest] = []

    @remote
    def enqueue(self, request: MailRequest) -> None:
        """Keep a request."""
        self.requests.append(request)


class FakeMailSender(Remote):
    """Keeps the mails in the order in which they were sent; refuses those to the addresses in `refused`."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []
        self.refused: set[str] = set()

    @remote
    def send(self, mail: Mail) -> None:
        """Keep a mail."""
        if mail.recipient in self.refused:
            raise MailRejected("refused")
        self.mails.append(mail)


class FakeOutbox(Remote):
    """Keeps claims and marks by message."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed_until: dict[str, int] = {}
        self.done: set[str] = set()

    @remote
    def claim(self, message_id: str, now: int) -> Claim:
        """Grant a claim if there is none."""
        if message_id in self.done:
            return Claim.DONE
        if now < self.claimed_until.get(message_id, 0):
            return Claim.HELD
        self.claimed_until[message_id] = now + CLAIM_SECONDS
        return Claim.GRANTED

    @remote
    def mark_done(self, message_id: str, now: int) -> None:
        """Keep a mark."""
        self.done.add(message_id)


class FakeUndeliverableAddresses(Remote):
    """Keeps what was reported about addresses, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.reported: dict[SignInName, tuple[Report, int]] = {}

    @remote
    def contains(self, address: SignInName, now: int) -> bool:
        """Tell whether an address was reported."""
        return address in self.reported and now < self.reported[address][1] + UNDELIVERABLE_SECONDS

    @remote
    def add(self, address: SignInName, report: Report, now: int) -> None:
        """Keep a report."""
        if address not in self.reported or self.reported[address][1] <= now:
            self.reported[address] = (report, now)

    @remote
    def remove(self, address: SignInName) -> bool:
        """Forget a report."""
        return self.reported.pop(address, None) is not None
