"""Passwords: normalised, bounded in bytes, otherwise taken as they come."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.passwords import MAX_PASSWORD_BYTES, Password
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
