"""Who gets which mail: every kind of request, for an address in every state."""

from __future__ import annotations

import pytest

from chalicelib.accounts.mailing import Outcome
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import CODE_SECONDS, MailKind, MailRequest
from chalicelib.domain.mail_delivery import CLAIM_SECONDS, Mail
from chalicelib.domain.mail_messages import MailReport, Report
from tests.changes import set_disabled
from tests.fakes import FakeAdapters, FakeClock, FakeServices, fake_services
from tests.mail_requests import CODE, mail_request
from tests.oauth.actors import account

NEW, STORED, TYPED = "new@example.com", "Alice@example.com", "alice@EXAMPLE.com"
ABOUT_AN_ADDRESS = [MailKind.SIGN_UP, MailKind.PASSWORD_RESET, MailKind.EMAIL_CHANGE]
NOTICES = [kind for kind in MailKind if kind not in ABOUT_AN_ADDRESS]
STATES = ["new", "taken", "disabled"]
SENT = Outcome.SENT
EXPECTED = {
    (MailKind.SIGN_UP, "new"): (SENT, NEW, "Confirm your e-mail address for Gatehouse"),
    (MailKind.SIGN_UP, "taken"): (SENT, STORED, "You already have an account at Gatehouse"),
    (MailKind.SIGN_UP, "disabled"): (SENT, STORED, "You already have an account at Gatehouse"),
    (MailKind.PASSWORD_RESET, "new"): (Outcome.NO_ACCOUNT, None, None),
    (MailKind.PASSWORD_RESET, "taken"): (SENT, STORED, "Set a new password for Gatehouse"),
    (MailKind.PASSWORD_RESET, "disabled"): (Outcome.DISABLED, None, None),
    (MailKind.EMAIL_CHANGE, "new"): (SENT, NEW, "Confirm your new e-mail address for Gatehouse"),
    (MailKind.EMAIL_CHANGE, "taken"): (SENT, STORED, "Your e-mail address at Gatehouse"),
    (MailKind.EMAIL_CHANGE, "disabled"): (SENT, STORED, "Your e-mail address at Gatehouse"),
}
"""What becomes of a request about an address, whom it mails, and with which subject."""


def deliver(services: FakeServices, request: MailRequest) -> Outcome:
    return services.mailing.deliver(request)


def mails(services: FakeServices) -> list[Mail]:
    assert services.adapters.mail_sender is not None
    return services.adapters.mail_sender.mails


def stored_account(services: FakeServices, *, disabled: bool = False) -> Account:
    made = account(services, email=STORED)
    set_disabled(services.adapters.store, made.user_id, disabled=disabled)
    return made


def address_in(services: FakeServices, state: str) -> str:
    if state == "new":
        return NEW
    stored_account(services, disabled=state == "disabled")
    return TYPED


def has_code(mail: Mail) -> bool:
    return CODE in mail.content.text + mail.content.html + mail.content.subject


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ABOUT_AN_ADDRESS)
def test_a_request_about_an_address(services: FakeServices, kind: MailKind, state: str) -> None:
    address = address_in(services, state)
    outcome, recipient, subject = EXPECTED[kind, state]
    assert deliver(services, mail_request(kind, address=address)) is outcome
    sent = [(mail.recipient, mail.content.subject) for mail in mails(services)]
    assert sent == ([] if recipient is None else [(recipient, subject)])
    # Only where the code is meant for whoever reads the mail.
    is_code_due = state == "new" or kind is MailKind.PASSWORD_RESET
    assert all(has_code(mail) is is_code_due for mail in mails(services))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("report", [Report.BOUNCE, Report.COMPLAINT])
@pytest.mark.parametrize("kind", ABOUT_AN_ADDRESS)
def test_an_address_that_bounced_is_not_mailed(
    services: FakeServices, kind: MailKind, report: Report, state: str
) -> None:
    address = address_in(services, state)
    services.mailing.take_report(MailReport(report, (address.upper(),)))
    expected = EXPECTED[kind, state][0]
    outcome = deliver(services, mail_request(kind, address=address))
    assert outcome is (Outcome.UNDELIVERABLE if expected is SENT else expected)
    assert mails(services) == []


def test_a_soft_bounce_stops_nothing(services: FakeServices) -> None:
    services.mailing.take_report(MailReport(Report.SOFT_BOUNCE, (NEW,)))
    assert deliver(services, mail_request(MailKind.SIGN_UP, address=NEW)) is SENT


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_goes_to_the_stored_address(services: FakeServices, kind: MailKind) -> None:
    made = stored_account(services)
    assert deliver(services, mail_request(kind, user_id=made.user_id)) is SENT
    assert [mail.recipient for mail in mails(services)] == [STORED]


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_with_an_address_goes_there(services: FakeServices, kind: MailKind) -> None:
    """The former address of a change; and a deleted account has none."""
    assert deliver(services, mail_request(kind, user_id="f" * 32, address=NEW)) is SENT
    assert [mail.recipient for mail in mails(services)] == [NEW]


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_for_nobody_or_a_bounced_address_is_not_sent(services: FakeServices, kind: MailKind) -> None:
    made = stored_account(services)
    services.mailing.take_report(MailReport(Report.BOUNCE, (STORED,)))
    assert deliver(services, mail_request(kind, user_id=made.user_id)) is Outcome.UNDELIVERABLE
    assert deliver(services, mail_request(kind, user_id="f" * 32)) is Outcome.NO_ACCOUNT
    assert mails(services) == []


def test_a_reset_of_one_account_is_not_mailed_to_another_that_has_its_address(
    services: FakeServices,
) -> None:
    made = stored_account(services)
    request = mail_request(MailKind.PASSWORD_RESET, address=TYPED, user_id="f" * 32)
    assert deliver(services, request) is Outcome.NO_ACCOUNT
    request = mail_request(MailKind.PASSWORD_RESET, address=TYPED, user_id=made.user_id)
    assert deliver(services, request) is SENT


def test_the_owner_of_an_address_may_change_its_spelling(services: FakeServices) -> None:
    made = stored_account(services)
    assert deliver(services, mail_request(MailKind.EMAIL_CHANGE, address=TYPED, user_id=made.user_id)) is SENT
    assert [(mail.recipient, has_code(mail)) for mail in mails(services)] == [(TYPED, True)]


@pytest.mark.parametrize("kind", ABOUT_AN_ADDRESS)
def test_a_code_is_mailed_until_it_expires(services: FakeServices, clock: FakeClock, kind: MailKind) -> None:
    stored_account(services)
    clock.advance(CODE_SECONDS - 1)
    assert deliver(services, mail_request(kind, address=TYPED)) is SENT
    clock.advance(1)
    assert deliver(services, mail_request(kind, address=TYPED)) is Outcome.EXPIRED
    assert len(mails(services)) == 1


def test_a_notice_does_not_expire(services: FakeServices, clock: FakeClock) -> None:
    made = stored_account(services)
    clock.advance(5 * 86_400)
    assert deliver(services, mail_request(MailKind.PASSWORD_CHANGED, user_id=made.user_id)) is SENT


def test_a_mail_has_the_first_language_that_is_offered(services: FakeServices) -> None:
    for language in ("fr,de-at,en", "xx", ""):
        deliver(services, mail_request(MailKind.SIGN_UP, address=NEW, language=language))
    assert [mail.language for mail in mails(services)] == ["de", "en", "en"]
    assert mails(services)[0].content.subject == "Bestätigen Sie Ihre E-Mail-Adresse für Gatehouse"


def test_a_mail_names_the_service_and_the_minutes(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, service_name="<Example>")
    deliver(services, mail_request(MailKind.SIGN_UP, address=NEW))
    (mail,) = mails(services)
    assert mail.content.subject == "Confirm your e-mail address for <Example>"
    assert "within 10 minutes" in mail.content.text
    assert "&lt;Example&gt;" in mail.content.html


def test_without_a_sender_nothing_is_mailed_or_asked(services: FakeServices) -> None:
    services.adapters.mail_sender = None
    assert deliver(services, mail_request(MailKind.SIGN_UP, address=NEW)) is Outcome.OFF
    assert not services.adapters.outbox.calls


def test_an_address_that_ses_refuses_is_dealt_with(services: FakeServices) -> None:
    assert services.adapters.mail_sender is not None
    services.adapters.mail_sender.refused.add(NEW)
    request = mail_request(MailKind.SIGN_UP, address=NEW)
    assert deliver(services, request) is Outcome.REJECTED
    assert deliver(services, request) is Outcome.DUPLICATE


def test_a_second_delivery_sends_nothing(services: FakeServices, clock: FakeClock) -> None:
    request = mail_request(MailKind.SIGN_UP, address=NEW)
    assert deliver(services, request) is SENT
    for seconds in (0, CLAIM_SECONDS, CODE_SECONDS - CLAIM_SECONDS - 1):
        clock.advance(seconds)
        assert deliver(services, request) is Outcome.DUPLICATE
    assert len(mails(services)) == 1


def test_a_delivery_during_another_one_stays_in_the_queue(services: FakeServices) -> None:
    request = mail_request(MailKind.SIGN_UP, address=NEW)
    second: list[str] = []

    def meanwhile() -> None:
        with pytest.raises(Unavailable) as refused:
            deliver(services, request)
        second.append(refused.value.reason)

    assert services.adapters.mail_sender is not None
    services.adapters.mail_sender.before["send"] = meanwhile
    assert deliver(services, request) is SENT
    assert second == ["mail is held by another delivery"]
    assert len(mails(services)) == 1


@pytest.mark.parametrize("fault", ["down", "mute"])
@pytest.mark.parametrize("part", ["claim", "find", "contains", "send", "mark_done"])
def test_after_an_outage_or_a_stop_at_any_call_the_mail_is_sent(
    services: FakeServices, clock: FakeClock, part: str, fault: str
) -> None:
    """A stop right after a call looks to the table as a call does whose answer was lost."""
    adapters = services.adapters
    remotes = [adapters.outbox, adapters.store, adapters.undeliverable_addresses, adapters.mail_sender]
    (remote,) = [one for one in remotes if one is not None and hasattr(one, part)]
    request = mail_request(MailKind.SIGN_UP, address=NEW)
    getattr(remote, fault).add(part)
    if part == "mark_done":
        # The mail is out: to leave the message in the queue would send it again.
        assert deliver(services, request) is SENT
    else:
        with pytest.raises(Unavailable):
            deliver(services, request)
    getattr(remote, fault).clear()
    clock.advance(CLAIM_SECONDS)
    repeated = deliver(services, request)
    # A second copy where nobody could know that the first was accepted; never none.
    copies = 2 if (part, fault) in {("send", "mute"), ("mark_done", "down")} else 1
    assert len(mails(services)) == copies
    assert repeated is (Outcome.DUPLICATE if (part, fault) == ("mark_done", "mute") else SENT)


def test_an_outage_takes_no_report_from_the_queue(services: FakeServices) -> None:
    services.adapters.undeliverable_addresses.down.add("add")
    with pytest.raises(Unavailable):
        services.mailing.take_report(MailReport(Report.BOUNCE, (NEW,)))


def test_a_report_is_forgotten_after_a_year(services: FakeServices, clock: FakeClock) -> None:
    services.mailing.take_report(MailReport(Report.COMPLAINT, (NEW,)))
    clock.advance(365 * 86_400 - 1)
    assert services.adapters.undeliverable_addresses.contains(SignInName.of(NEW), clock())
    clock.advance(1)
    request = mail_request(MailKind.SIGN_UP, address=NEW, created_at=clock())
    assert deliver(services, request) is SENT
