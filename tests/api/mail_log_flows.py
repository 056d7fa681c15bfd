"""The flows of the mail function whose log is searched for secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3

from chalicelib.api import mail
from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import message_body
from chalicelib.services import Services, override_services
from tests.fake_aws import aws_in_process
from tests.fakes import FakeAdapters, FakeClock, fake_services
from tests.mail_requests import CODE, mail_request
from tests.ses_events import bounce, complaint

ADDRESS = "mailed-person@mail-recipients.example"
MAIL_SECRETS = (CODE, ADDRESS)


def mails_among_fakes() -> None:
    """Every kind of message, then every kind with one thing broken after the other."""
    adapters = FakeAdapters()
    services = fake_services(adapters)
    with override_services(services):
        _hand_over(*_messages())
        stores = (adapters.outbox, adapters.store, adapters.undeliverable_addresses)
        for remote in (*stores, adapters.mail_sender):
            assert remote is not None
            remote.down |= {"claim", "find", "account", "contains", "add", "send", "mark_done"}
            _hand_over(*_messages())
            remote.down.clear()
        adapters.mail_texts = None  # type: ignore[assignment]
    with override_services(fake_services(adapters)):
        _hand_over(*_messages())


def mails_among_aws() -> None:
    """The same on the real adapters: SES refuses the sender at first, and then takes it."""
    with aws_in_process() as aws:
        services: Services = aws.services(FakeClock(), mail_from="no-reply@example.com")
        with override_services(services):
            _hand_over(*_messages())
            ses = boto3.client("sesv2", region_name=services.settings.aws_region)
            ses.create_email_identity(EmailIdentity="no-reply@example.com")
            _hand_over(*_messages())


def _messages() -> Iterator[str]:
    for kind in MailKind:
        whole = message_body(mail_request(kind, address=ADDRESS))
        yield from (whole, whole, whole[:-3], whole.replace('"created_at"', '"at"'))
    yield message_body(mail_request(MailKind.SIGN_UP, address=f"{ADDRESS}\r\nBcc: x"))
    yield from map(json.dumps, (bounce("gone@example.com"), bounce(ADDRESS, kind="Transient")))
    yield json.dumps(complaint("gone@example.com"))


def _hand_over(*bodies: str) -> None:
    records: list[dict[str, Any]] = [{"messageId": str(at), "body": one} for at, one in enumerate(bodies)]
    mail.mail({"Records": records}, None)
