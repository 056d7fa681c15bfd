"""The mail function, as SQS calls it: a few messages at a time, of which some stay in the queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api import mail
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import Report, message_body
from tests.api.events import Gateway
from tests.fakes import FakeAdapters
from tests.mail_requests import CODE, mail_request
from tests.ses_events import bounce, complaint
from tests.written import Written

NEW = "new@example.com"


def call(*bodies: str) -> list[str]:
    """Return which of the messages stay in the queue, by their number."""
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = mail.mail({"Records": records}, None)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def sign_up(address: str = NEW, **fields: Any) -> str:
    return message_body(mail_request(MailKind.SIGN_UP, address=address, **fields))


def outcomes(written: Written, metric: str) -> list[str]:
    return [line["outcome"] for line in written.lines if metric in line]


@pytest.fixture
def adapters(gateway: Gateway) -> FakeAdapters:
    return gateway.services.adapters


def test_messages_are_dealt_with_and_counted(adapters: FakeAdapters, written: Written) -> None:
    reset = message_body(mail_request(MailKind.PASSWORD_RESET, address="nobody@example.com"))
    assert call(sign_up(), reset) == []
    assert adapters.mail_sender is not None
    assert [one.recipient for one in adapters.mail_sender.mails] == [NEW]
    assert outcomes(written, "Mail") == ["sent", "no_account"]
    events = [line for line in written.lines if line.get("message") == "mail"]
    assert [(line["outcome"], line["kind"]) for line in events] == [
        ("sent", "sign_up"),
        ("no_account", "password_reset"),
    ]


def test_reports_stop_mails(adapters: FakeAdapters, written: Written) -> None:
    events = [bounce("a@example.com"), bounce("b@example.com", kind="Transient"), complaint(NEW)]
    assert call(*map(json.dumps, events), sign_up()) == []
    assert adapters.undeliverable_addresses.reported.keys() == {
        SignInName.of("a@example.com"),
        SignInName.of(NEW),
    }
    assert outcomes(written, "MailReport") == [Report.BOUNCE, Report.SOFT_BOUNCE, Report.COMPLAINT]
    assert outcomes(written, "Mail") == ["undeliverable"]


def test_an_outage_leaves_its_message_in_the_queue_and_no_other(
    adapters: FakeAdapters, written: Written
) -> None:
    adapters.outbox.before["claim"] = lambda: adapters.outbox.down.add("claim")
    adapters.undeliverable_addresses.before["add"] = adapters.outbox.down.clear
    assert call(sign_up(), json.dumps(bounce("a@example.com")), sign_up()) == ["0"]
    assert outcomes(written, "Mail") == ["outage", "sent"]
    assert outcomes(written, "Outage") == []
    (line,) = [line for line in written.lines if line.get("message") == "outage"]
    assert (line["reason"], line["function"]) == ("switched off", "mail")


def test_what_cannot_be_read_stays_for_the_dead_letter_queue(
    adapters: FakeAdapters, written: Written
) -> None:
    broken = sign_up().replace("sign_up", "other")
    assert call(broken, sign_up(), "{") == ["0", "2"]
    assert outcomes(written, "Mail") == ["unusable", "sent", "unusable"]
    assert adapters.mail_sender is not None
    assert len(adapters.mail_sender.mails) == 1


def test_a_defect_in_one_message_does_not_stop_the_others(adapters: FakeAdapters, written: Written) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    adapters.outbox.before["claim"] = fail
    assert call(sign_up(), sign_up()) == ["0"]
    assert [line["error"] for line in written.lines if line.get("message") == "crash"] == [
        "ZeroDivisionError"
    ]


@pytest.mark.parametrize("part", ["claim", "send", "mark_done"])
def test_no_line_holds_the_code_or_the_address(adapters: FakeAdapters, written: Written, part: str) -> None:
    for remote in (adapters.outbox, adapters.mail_sender):
        assert remote is not None
        remote.down.add(part)
    reset = message_body(mail_request(MailKind.PASSWORD_RESET, address=NEW))
    call(sign_up(), reset, sign_up().replace("sign_up", "other"), sign_up()[:-2], sign_up(code=None))
    call(json.dumps(complaint(NEW)))
    assert written.lines
    assert CODE not in str(written.lines)
    assert "example.com" not in str(written.lines)
