"""The texts that are shipped, and how their files are read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from chalicelib.adapters.mail.text_files import FOLDER, MailTextFiles
from chalicelib.domain.mail_texts import BadMailText, TextKind

SHIPPED = MailTextFiles()
LANGUAGES = sorted(SHIPPED.languages())
VALUES = {"service": "Example", "code": "12345678", "minutes": "10"}
every_text = pytest.mark.parametrize(("language", "kind"), list(product(LANGUAGES, TextKind)))


class Html(HTMLParser):
    """Collects what a mail program shows, and what it would fetch."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.language: str | None = None
        self.fetched: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        given = dict(attrs)
        self.language = given.get("lang", self.language)
        self.fetched += [name for name in given if name in {"src", "href", "background", "srcset"}]
        self.fetched += [tag] if tag in {"script", "link", "iframe", "object", "form"} else []

    def handle_data(self, data: str) -> None:
        """Collect words."""
        self.words += data.split()


def test_english_and_german_are_offered() -> None:
    assert {"en", "de"} <= set(LANGUAGES)


@every_text
def test_every_text_says_the_same_in_text_and_html_and_fetches_nothing(language: str, kind: TextKind) -> None:
    content = SHIPPED.template(kind, language).fill_in(VALUES)
    html = Html(content.html)
    assert " ".join(html.words) == " ".join(f"{content.subject} {content.text}".split())
    assert html.language == language
    assert html.fetched == []


@every_text
def test_only_a_text_with_a_code_has_digits_that_look_like_one(language: str, kind: TextKind) -> None:
    content = SHIPPED.template(kind, language).fill_in(VALUES)
    assert re.findall(r"\d{6,}", content.text) == ([VALUES["code"]] if kind.has_code else [])
    assert "12345678" not in content.subject


@every_text
def test_a_subject_is_short(language: str, kind: TextKind) -> None:
    assert 10 <= len(SHIPPED.template(kind, language).fill_in(VALUES).subject) <= 70


def test_there_are_no_other_files() -> None:
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    endings = ("txt", "html")
    assert found == {f"{one}/{kind}.{end}" for one, kind, end in product(LANGUAGES, TextKind, endings)}


def test_a_missing_or_undecodable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "README").touch()
    files = MailTextFiles(tmp_path)
    assert files.languages() == {"fr"}
    with pytest.raises(BadMailText, match=r"^mail_texts/fr/invited: .*No such file"):
        files.template(TextKind.INVITED, "fr")
    (tmp_path / "fr" / "invited.txt").write_bytes(b"S\n\n\xff\n")
    (tmp_path / "fr" / "invited.html").write_text("x", encoding="utf-8")
    with pytest.raises(BadMailText, match=r"^mail_texts/fr/invited: .*utf-8"):
        files.template(TextKind.INVITED, "fr")
    (tmp_path / "fr" / "invited.txt").write_text("S\n\n$code\n", encoding="utf-8")
    with pytest.raises(BadMailText, match=r"^mail_texts/fr/invited: The text cannot have \$code\.$"):
        files.template(TextKind.INVITED, "fr")
