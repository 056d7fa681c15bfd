"""The texts of mails, from the files in `chalicelib/mail_texts/<language>/`."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from chalicelib.domain.mail_texts import BadMailText, MailTemplate, TextKind

FOLDER = Path(__file__).resolve().parents[2] / "mail_texts"
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{2,8})*")


class MailTextFiles:
    """Implements `MailTexts`. Reads each text at its first use."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._templates: dict[tuple[str, TextKind], MailTemplate] = {}

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(one.name for one in self._folder.iterdir() if _LANGUAGE.fullmatch(one.name))

    def languages(self) -> frozenset[str]:
        """Return the languages that have a folder."""
        return self._languages

    def template(self, kind: TextKind, language: str) -> MailTemplate:
        """Return a text. Raises BadMailText, with the name of the file."""
        key = (language, kind)
        if key not in self._templates:
            self._templates[key] = self._read(kind, language)
        return self._templates[key]

    def _read(self, kind: TextKind, language: str) -> MailTemplate:
        path = self._folder / language / f"{kind.value}.txt"
        try:
            text = path.read_text(encoding="utf-8")
            html = path.with_suffix(".html").read_text(encoding="utf-8")
            return MailTemplate.read(kind, text, html)
        except (OSError, UnicodeDecodeError, BadMailText) as error:
            raise BadMailText(f"mail_texts/{language}/{kind.value}: {error}") from error
