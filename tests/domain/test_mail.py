"""Mail requests, and the languages of a request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.mail import MailKind, requested_languages
from chalicelib.domain.mail_texts import TextKind
from tests.mail_requests import CODE, mail_request


def test_a_request_does_not_show_its_code() -> None:
    request = mail_request(MailKind.SIGN_UP)
    assert request.code is not None
    assert request.code.reveal() == CODE
    assert CODE not in f"{request} {request!r} {[request]}"


def test_every_kind_has_a_text_of_its_name() -> None:
    assert {kind.value for kind in MailKind} <= {kind.value for kind in TextKind}
    assert all(kind.has_code is TextKind(kind.value).has_code for kind in MailKind)


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("", ""),
        ("de", "de"),
        ("de-AT, de;q=0.9, en;q=0.8", "de-at,de,en"),
        ("en;q=0.2, de;q=0.9", "de,en"),
        ("fr, de;q=0.5, *;q=0.1", "fr,de"),
        ("de;q=0, en", "en"),
        ("de ; q=0.3 ,en", "en,de"),
        ("de,de,DE", "de"),
        ("a,b,c,d,e,f,g", "a,b,c,d,e"),
        ("de;q=2, en;q=x, ../../etc/passwd, \r\nSubject: x", ""),
        ("x" * 5000, ""),
    ],
)
def test_the_languages_of_a_header_come_in_the_order_of_their_weight(header: str, languages: str) -> None:
    assert requested_languages(header) == languages


@given(st.text() | st.from_regex(r"([a-z]{2}(-[A-Z]{2})?(;q=[01](\.\d)?)?, ?){0,9}"))
def test_any_header_gives_tags_only_and_tags_stay(header: str) -> None:
    languages = requested_languages(header)
    assert re.fullmatch(r"([a-z0-9-]+(,[a-z0-9-]+)*)?", languages)
    assert requested_languages(languages) == languages
