"""Texts of mails: the form of the files, their placeholders, and filling them in.

A text is two files, `<kind>.txt` with the subject in its first line, and `<kind>.html`. `$name` is a
placeholder and `$$` a dollar sign (`string.Template`). Values are escaped in the HTML.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Template
from typing import Protocol

EVERYWHERE = frozenset({"service"})
"""Placeholders that every text may contain: the name of the service."""
WITH_CODE = frozenset({"code", "minutes"})
"""Placeholders that a text with a code must contain: the code, and the minutes for which it is valid."""


class TextKind(StrEnum):
    """A text that can be mailed. Most have the name of the kind of request."""

    SIGN_UP = "sign_up"
    SIGN_UP_TAKEN = "sign_up_taken"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of text
    EMAIL_CHANGE = "email_change"
    EMAIL_CHANGE_TAKEN = "email_change_taken"
    EMAIL_CHANGE_NOTICE = "email_change_notice"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of text
    USERNAME_CHANGED = "username_changed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    ACCOUNT_DELETED = "account_deleted"
    INVITED = "invited"
    RESET_REQUESTED = "password_reset_requested"

    @property
    def has_code(self) -> bool:
        """Return whether the text contains a code."""
        return self in {TextKind.SIGN_UP, TextKind.PASSWORD_RESET, TextKind.EMAIL_CHANGE}


class BadMailText(Exception):
    """The files of a text are missing or invalid. `str` names the file and the fault."""


@dataclass(frozen=True, slots=True)
class MailText:
    """The content of one mail. `repr` does not show the texts, which may contain a code."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class MailTexts(Protocol):
    """The texts by language and kind."""

    def languages(self) -> frozenset[str]:
        """Return the languages that are offered, such as `en`."""

    def template(self, kind: TextKind, language: str) -> MailTemplate:
        """Return a text. Raises BadMailText."""


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """A text with placeholders."""

    subject: Template
    text: Template
    html: Template

    @classmethod
    def read(cls, kind: TextKind, text: str, html_text: str) -> MailTemplate:
        """Read the content of the two files. Raises BadMailText if a placeholder is missing or unknown."""
        subject, _, body = text.partition("\n")
        template = cls(Template(subject.strip()), Template(body.strip() + "\n"), Template(html_text))
        if not subject.strip() or not body.strip() or not html_text.strip():
            raise BadMailText("A subject in the first line, a text and an HTML text are needed.")
        required = WITH_CODE if kind.has_code else frozenset()
        # A subject is shown on locked screens, so it never contains a code.
        _check("the subject", template.subject, frozenset(), EVERYWHERE)
        _check("the text", template.text, required, EVERYWHERE | required)
        _check("the HTML text", template.html, required, EVERYWHERE | required)
        return template

    def fill_in(self, values: Mapping[str, str]) -> MailText:
        """Return the content with `values` for the placeholders. The subject is always one line."""
        escaped = {name: html.escape(value) for name, value in values.items()}
        subject = " ".join(self.subject.substitute(values).split())
        return MailText(subject, self.text.substitute(values), self.html.substitute(escaped))


def _check(part: str, template: Template, required: frozenset[str], allowed: frozenset[str]) -> None:
    found = set(template.get_identifiers())
    if not template.is_valid():
        raise BadMailText(f"A dollar sign in {part} is written $$.")
    if missing := sorted(required - found):
        raise BadMailText(f"{part[:1].upper() + part[1:]} needs ${missing[0]}.")
    if unknown := sorted(found - allowed):
        raise BadMailText(f"{part[:1].upper() + part[1:]} cannot have ${unknown[0]}.")


def choose_language(requested: str, offered: frozenset[str], fallback: str) -> str:
    """Return the first requested language that is offered, else `fallback`.

    `requested` is a comma-separated list of language ranges; `de-at` is also answered with `de` (RFC 4647
    §3.4).
    """
    for tag in requested.split(","):
        while tag:
            if tag in offered:
                return tag
            tag = tag.rpartition("-")[0]  # noqa: PLW2901 - the next shorter range
    return fallback
