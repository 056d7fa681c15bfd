"""Every way through the mail function that calls AWS or says something."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import message_body
from tests.infra.template.recorded import API, MAIL, FunctionHarness
from tests.mail_requests import mail_request
from tests.ses_events import bounce, complaint

ADA, OFF = "ada@example.com", "off@example.com"


def mails(stage: FunctionHarness) -> None:
    """One of each kind; what becomes of it is tested elsewhere."""
    ada, off = _account(stage, ADA), _account(stage, OFF)
    stage.services_of[API].adapters.mail_queue.enqueue(mail_request(MailKind.INVITED, user_id=ada.user_id))
    wanted = [
        ("sent", _message(stage, MailKind.SIGN_UP, address="new@example.com")),
        ("sent", _message(stage, MailKind.SIGN_UP, address=ADA)),
        ("sent", _message(stage, MailKind.PASSWORD_RESET, address=ADA)),
        ("sent", _message(stage, MailKind.PASSWORD_CHANGED, user_id=ada.user_id)),
        ("no_account", _message(stage, MailKind.PASSWORD_RESET, address="new@example.com")),
        ("disabled", _message(stage, MailKind.PASSWORD_RESET, address=off.email)),
        ("expired", _message(stage, MailKind.SIGN_UP, address=ADA, created_at=1)),
        ("rejected", _message(stage, MailKind.SIGN_UP, address="no address")),
    ]
    wanted.append(("duplicate", wanted[0][1]))
    assert stage.mail(*(body for _, body in wanted)) == 0


def reports(stage: FunctionHarness) -> None:
    events = [bounce("gone@example.com"), bounce("full@example.com", kind="Transient"), complaint(ADA)]
    assert stage.mail(*map(json.dumps, events)) == 0
    assert stage.mail(_message(stage, MailKind.SIGN_UP, address="gone@example.com")) == 0


def mails_that_stay(stage: FunctionHarness) -> None:
    body = _message(stage, MailKind.SIGN_UP, address="later@example.com")
    assert stage.mail("{") == 1
    with stage.disturbed(MAIL, stage.without_table()):
        assert stage.mail(body) == 1
    with stage.disturbed(MAIL, stage.without_sender()):
        assert stage.mail(body) == 0


def _message(stage: FunctionHarness, kind: MailKind, **fields: Any) -> str:
    return message_body(mail_request(kind, **{"created_at": stage.clock(), **fields}))


def _account(stage: FunctionHarness, email: str) -> Account:
    found = stage.operator.adapters.accounts.find(SignInName.of(email))
    assert found is not None
    return found
