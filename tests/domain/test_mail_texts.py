"""Texts of mails: placeholders, values, languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.mail_texts import BadMailText, MailTemplate, TextKind, choose_language

OFFERED = frozenset({"en", "de", "pt-br"})
WITH_CODE, WITHOUT = TextKind.SIGN_UP, TextKind.PASSWORD_CHANGED


def text(subject: str = "At $service", body: str = "$code $minutes $service $$5") -> str:
    return f"{subject}\n\n{body}\n"


def test_the_first_line_is_the_subject_and_values_are_escaped_in_html_only() -> None:
    template = MailTemplate.read(WITH_CODE, text(), "<p>$code $minutes $service</p>")
    content = template.fill_in({"service": "<A & B>", "code": "12345678", "minutes": "10"})
    assert content.subject == "At <A & B>"
    assert content.text == "12345678 10 <A & B> $5\n"
    assert content.html == "<p>12345678 10 &lt;A &amp; B&gt;</p>"


def test_content_does_not_show_its_texts() -> None:
    template = MailTemplate.read(WITH_CODE, text(), "$code $minutes")
    content = template.fill_in({"service": "S", "code": "12345678", "minutes": "10"})
    assert "12345678" not in repr(content)


@pytest.mark.parametrize(
    ("kind", "txt", "html", "why"),
    [
        (WITH_CODE, text(body="$minutes"), "$code $minutes", "The text needs $code."),
        (WITH_CODE, text(), "$code", "The HTML text needs $minutes."),
        (WITH_CODE, text("$code"), "$code $minutes", "The subject cannot have $code."),
        (WITHOUT, text(body="$code"), "x", "The text cannot have $code."),
        (WITHOUT, text(body="x"), "$email", "The HTML text cannot have $email."),
        (WITHOUT, text(body="5 $ each"), "x", "A dollar sign in the text is written $$."),
        (WITHOUT, "subject", "x", "A subject in the first line, a text and an HTML text are needed."),
        (WITHOUT, "\nbody", "x", "A subject in the first line, a text and an HTML text are needed."),
        (WITHOUT, text(body="x"), " ", "A subject in the first line, a text and an HTML text are needed."),
    ],
)
def test_a_text_with_other_placeholders_is_refused(kind: TextKind, txt: str, html: str, why: str) -> None:
    with pytest.raises(BadMailText) as refused:
        MailTemplate.read(kind, txt, html)
    assert str(refused.value) == why


@given(st.text())
def test_a_subject_is_one_line_whatever_the_values_are(service: str) -> None:
    content = MailTemplate.read(WITHOUT, text(body="x"), "x").fill_in({"service": service})
    assert len(content.subject.splitlines()) == 1


@pytest.mark.parametrize(
    ("requested", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("fr,de", "de"),
        ("de-at", "de"),
        ("pt", "en"),
        ("pt-br", "pt-br"),
        ("pt-br-x", "pt-br"),
        ("fr-ca,pt-br,de", "pt-br"),
        ("../en", "en"),
        (",,", "en"),
    ],
)
def test_the_first_language_that_is_offered_is_chosen(requested: str, language: str) -> None:
    assert choose_language(requested, OFFERED, "en") == language


@given(st.text())
def test_whatever_is_requested_an_offered_language_is_chosen(requested: str) -> None:
    assert choose_language(requested, OFFERED, "en") in OFFERED
