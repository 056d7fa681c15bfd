"""Messages of the mail queue."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.mail import MailKind
from chalicelib.domain.mail_messages import MailReport, MalformedMessage, Report, message_body, read_message
from tests.mail_requests import CODE, mail_request
from tests.ses_events import bounce, complaint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*json.loads(message_body(mail_request(MailKind.SIGN_UP)))]


def changed(request_kind: MailKind = MailKind.SIGN_UP, /, **fields: Any) -> str:
    """Return the body of a request with other fields; `...` takes one out."""
    body = json.loads(message_body(mail_request(request_kind)))
    return json.dumps({name: value for name, value in {**body, **fields}.items() if value is not ...})


@pytest.mark.parametrize("kind", MailKind)
def test_a_request_is_read_as_it_was_written(kind: MailKind) -> None:
    request = mail_request(kind, address="jörg@example.com", user_id="f" * 32)
    assert read_message(message_body(request)) == request


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        changed(kind="other"),
        changed(code=None),
        changed(code=int(CODE)),
        changed(MailKind.INVITED, code=CODE),
        changed(message_id="x"),
        changed(created_at="yesterday"),
        changed(address=["a@example.com"]),
        changed(more="x"),
        *(changed(**{name: ...}) for name in FIELDS),
    ],
)
def test_another_form_is_refused_without_the_code_in_the_error(body: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_message(body)
    assert CODE not in str(refused.value)
    assert refused.value.__cause__ is None


@given(st.text() | JSON.map(json.dumps) | st.dictionaries(st.sampled_from(FIELDS), JSON).map(json.dumps))
def test_any_body_is_a_message_or_malformed(body: str) -> None:
    with suppress(MalformedMessage):
        read_message(body)


@pytest.mark.parametrize(
    ("event", "report"),
    [
        (bounce("a@example.com", "b@example.com"), Report.BOUNCE),
        (bounce("a@example.com", "b@example.com", kind="Transient"), Report.SOFT_BOUNCE),
        (bounce("a@example.com", "b@example.com", kind="Undetermined"), Report.SOFT_BOUNCE),
        (complaint("A <a@example.com>", "b@example.com"), Report.COMPLAINT),
    ],
)
def test_an_event_of_ses_is_a_report(event: dict[str, Any], report: Report) -> None:
    assert read_message(json.dumps(event)) == MailReport(report, ("a@example.com", "b@example.com"))
    assert report.is_final is (report is not Report.SOFT_BOUNCE)


def test_another_event_of_ses_is_refused() -> None:
    event = bounce("a@example.com")
    event["detail"]["eventType"] = "Delivery"
    with pytest.raises(MalformedMessage):
        read_message(json.dumps(event))
