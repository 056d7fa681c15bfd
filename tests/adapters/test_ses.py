"""Mails as SES gets them: MIME messages that no input can change the form of."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import example, given
from hypothesis import strategies as st
from moto import mock_aws
from moto.ses.models import ses_backends

from chalicelib.adapters.aws import sesv2
from chalicelib.adapters.mail.ses import SesSender, mail_address, mime_message
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.new_names import email_address
from chalicelib.domain.deadline import time_limit
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail_delivery import Mail, MailRejected
from chalicelib.domain.mail_texts import MailText

ACCOUNT, REGION, SENDER = "123456789012", "us-east-1", "no-reply@example.com"
FROM = mail_address(SENDER, "A")
HEADERS = {"From", "To", "Subject", "Message-ID", "Auto-Submitted"}
HEADERS |= {"Content-Language", "MIME-Version", "Content-Type"}
ATTACKS = [
    "x\r\nBcc: evil@example.com",
    "x\nBcc: evil@example.com",
    "x\r\n\r\n<b>",
    "x\x0bBcc: a",
    "x\u2028y",
    "=?utf-8?q?=0D=0A?=",
]


def mail(
    recipient: str = "alice@example.com",
    subject: str = "Subject",
    text: str = "Text\n",
    html: str = "<p>Text</p>\n",
) -> Mail:
    return Mail("0" * 31 + "1", recipient, "de", MailText(subject, text, html))


def parsed(message: EmailMessage) -> EmailMessage:
    """Return what a recipient's program reads."""
    return message_from_bytes(bytes(message), policy=policy.default)


def test_a_mail_has_text_and_html_and_the_headers_of_an_automatic_one() -> None:
    message = parsed(
        mime_message(
            mail(subject="Bestätigen", text="Grüße\n", html="<p>Grüße</p>\n"), mail_address(SENDER, "Öl & Co")
        )
    )
    assert set(message.keys()) == HEADERS
    assert message["From"] == "Öl & Co <no-reply@example.com>"
    assert message["To"] == "alice@example.com"
    assert message["Subject"] == "Bestätigen"
    assert message["Message-ID"] == f"<{'0' * 31}1@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), text.get_content()) == ("text/plain", "Grüße\r\n")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Grüße</p>\r\n")


def test_a_mail_is_ascii_in_short_lines() -> None:
    raw = bytes(
        mime_message(mail(subject="ü" * 300, text="ü" * 5000 + "\n"), mail_address(SENDER, "ü" * 100))
    )
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_mail_that_is_sent_again_has_the_same_message_id() -> None:
    assert mime_message(mail(), FROM)["Message-ID"] == mime_message(mail(), FROM)["Message-ID"]


@given(st.text() | st.sampled_from(ATTACKS), st.text() | st.sampled_from(ATTACKS), st.text())
@example(subject="\x00", name="\x00", text="\x00")
@example(subject="=?utf-8?q?=0D=0ABcc:_evil=40example.com?=", name="=?utf-8?q?=0D=0AX:_y?=", text="")
def test_no_subject_and_no_name_adds_a_header_or_a_part(subject: str, name: str, text: str) -> None:
    try:
        raw = bytes(mime_message(mail(subject=subject, text=text), mail_address(SENDER, name)))
    except UnicodeEncodeError:
        # A lone surrogate has no form in a mail, and no file of texts can hold one.
        assert any("\ud800" <= char <= "\udfff" for char in text)
        return
    message = message_from_bytes(raw, policy=policy.default)
    assert set(message.keys()) == HEADERS
    assert len(message.keys()) == len(HEADERS)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [one.addr_spec for one in message["From"].addresses] == [SENDER]


@given(
    st.text()
    | st.emails()
    | st.sampled_from(ATTACKS)
    | st.from_regex(r"[a-z,;:<>\"@()\[\] .]{0,20}@[a-z,;<>@. ]{0,9}\.[a-z]{2}")
)
@example(recipient="a@example.com,b@example.com")
@example(recipient="<a@example.com>")
@example(recipient="group:a@example.com;")
@example(recipient="a@example.com\x7f")
@example(recipient="@example.com")
@example(recipient="a@b@example.com")
@example(recipient="=?utf-8?q?=0D=0ABcc:_a?=@example.com")
@example(recipient="")
def test_any_recipient_is_one_address_or_refused(recipient: str) -> None:
    try:
        message = parsed(mime_message(mail(recipient), FROM))
    except MailRejected:
        return
    assert set(message.keys()) == HEADERS
    assert [one.addr_spec for one in message["To"].addresses] == [recipient]


@given(st.emails())
def test_an_address_that_an_account_can_have_is_mailed(address: str) -> None:
    try:
        accepted = email_address(address)
    except InvalidAccount:
        return
    if accepted.isascii():
        assert parsed(mime_message(mail(accepted), FROM))["To"].addresses[0].addr_spec == accepted


@pytest.fixture
def ses() -> Iterator[Any]:
    with mock_aws():
        client = sesv2(REGION)
        client.create_email_identity(EmailIdentity=SENDER)
        yield client


def test_ses_gets_the_message_for_the_one_recipient(ses: Any) -> None:
    ses.create_configuration_set(ConfigurationSetName="reports")
    SesSender(ses, SENDER, "Gatehouse", "reports").send(mail())
    (sent,) = ses_backends[ACCOUNT][REGION].sent_messages
    assert set(sent.destinations) == {"alice@example.com"}
    message = message_from_bytes(sent.raw_data.encode(), policy=policy.default)
    assert message["Message-ID"] == f"<{'0' * 31}1@example.com>"


def test_a_sender_that_is_not_verified_is_an_outage(ses: Any) -> None:
    """What an operator can put right must not be lost; the sandbox answers alike for a recipient."""
    with pytest.raises(Unavailable) as refused:
        SesSender(ses, "other@example.org", "Gatehouse").send(mail())
    assert refused.value.reason == "aws MessageRejected"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("BadRequestException", MailRejected),
        ("MessageRejected", Unavailable),
        ("TooManyRequestsException", Unavailable),
        ("LimitExceededException", Unavailable),
        ("AccountSuspendedException", Unavailable),
        ("SendingPausedException", Unavailable),
        ("MailFromDomainNotVerifiedException", Unavailable),
        ("AccessDeniedException", Unavailable),
        ("NotFoundException", Unavailable),
    ],
)
def test_only_an_address_that_ses_cannot_read_is_given_up(code: str, error: type[Exception]) -> None:
    client = sesv2(REGION)
    with Stubber(client) as stub:
        stub.add_client_error("send_email", service_error_code=code, http_status_code=400)
        with pytest.raises(error):
            SesSender(client, SENDER, "Gatehouse").send(mail())


def test_no_attempt_begins_that_could_outlast_the_function(ses: Any) -> None:
    with time_limit(0.5, lambda: 0.0), pytest.raises(Unavailable, match="out of time"):
        SesSender(ses, SENDER, "Gatehouse").send(mail())
    assert ses_backends[ACCOUNT][REGION].sent_messages == []


@pytest.mark.parametrize("sender", ["", "A <a@example.com>", "a@example.com, b@example.com", "a"])
def test_a_sender_that_is_no_address_sends_nothing(ses: Any, sender: str) -> None:
    """It is refused before there is a mail, so that no mail is given up for it."""
    with pytest.raises(MailRejected):
        SesSender(ses, sender, "Gatehouse")
