"""Passwords: normalised, bounded in bytes, otherwise taken as they come."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.passwords import MAX_PASSWORD_BYTES, MAX_PRESENTED_BYTES, Password
from chalicelib.domain.errors import InvalidRequest


def test_the_bound_is_1024_bytes() -> None:
    assert MAX_PASSWORD_BYTES == 1024


@pytest.mark.parametrize("char", ["a", "\u00e9", "\u20ac", "\U0001f511"])
def test_the_bound_is_counted_in_utf8_bytes_and_inclusive(char: str) -> None:
    width = len(char.encode())
    fits = char * (1024 // width) + "a" * (1024 % width)
    assert Password.presented(fits).reveal() == fits
    with pytest.raises(InvalidRequest):
        Password.presented(fits + "a")


def test_the_bound_is_counted_after_normalisation() -> None:
    """Decomposed, 500 letters with an acute are 1,500 bytes; composed they are 1,000."""
    assert Password.presented("e\u0301" * 500).reveal() == "\u00e9" * 500


def test_no_spelling_of_a_password_that_is_short_enough_is_refused() -> None:
    """The bound before normalising leaves room for the longest spelling that any character has."""
    longest = max_spelling()
    for normal, spelling in longest.items():
        count = MAX_PASSWORD_BYTES // len(normal.encode())
        assert len(spelling.encode()) * count <= MAX_PRESENTED_BYTES
    assert Password.presented("\u212a" * 1024).reveal() == "K" * 1024


def max_spelling() -> dict[str, str]:
    """Return the longest spelling of each character that has another one."""
    part: dict[str, str] = {}
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    decomposed = {one: unicodedata.normalize("NFD", one) for one in characters}
    for one, parts in decomposed.items():
        if len(parts) == 1 and len(one.encode()) > len(part.get(parts, parts).encode()):
            part[parts] = one
    changed = [one for one in characters if decomposed[one] != one or one in part]
    spelled = {
        unicodedata.normalize("NFC", one): "".join(part.get(char, char) for char in decomposed[one])
        for one in changed
    }
    assert all(unicodedata.normalize("NFC", spelling) == normal for normal, spelling in spelled.items())
    return spelled


@pytest.mark.parametrize("text", ["a" * 16_384, "a" + "\u0345\u0301\u0316" * 2700, "\U0001d160" * 4000])
def test_the_size_is_looked_at_before_anything_is_normalised(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normalising takes quadratic time: 100 ms for 16 KiB of combining marks."""
    monkeypatch.setattr("chalicelib.domain.accounts.passwords.unicodedata", None)
    with pytest.raises(InvalidRequest):
        Password.presented(text)


def test_what_grows_beyond_the_bound_when_normalised_is_refused() -> None:
    assert len(("\U0001d160" * 200).encode()) < MAX_PASSWORD_BYTES
    with pytest.raises(InvalidRequest):
        Password.presented("\U0001d160" * 200)


def test_composed_and_decomposed_spellings_are_one_password() -> None:
    assert Password.presented("caf\u00e9 au lait, bien") == Password.presented("cafe\u0301 au lait, bien")


@pytest.mark.parametrize(
    "other", ["Pass", "pass ", " pass", "pass\x00", "\uff50ass", "pa\u200bss", "pas\u017f"]
)
def test_nothing_but_composition_is_normalised_away(other: str) -> None:
    assert Password.presented(other) != Password.presented("pass")


@pytest.mark.parametrize("text", ["\ud800", "good \udfff bad", "\udc80" * 20])
def test_a_lone_surrogate_is_a_malformed_request(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Password.presented(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_within_the_bound_is_a_password(text: str) -> None:
    assert Password.presented(text).reveal() == unicodedata.normalize("NFC", text)
