"""Refresh tokens on the wire: one spelling each, and a mangled one is nothing."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidGrant
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import (
    RefreshSecret,
    RefreshToken,
    Unrecognized,
    decide,
    is_genuine,
    start,
)

USER, SESSION = "0f" * 16, "5e" * 16
FIRST = RefreshSecret(bytes(range(32)))
FAMILY = start(FIRST, Secret(bytes(range(100, 132))))
TEXT = FAMILY.token(USER, SESSION, FIRST).serialize()
ALPHABET = string.ascii_letters + string.digits + "-_"
STRAYS = "=+/ .~%\n\r\t\x00\u00e9\u200b\uff21"
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)


def is_nothing(text: str) -> bool:
    """Whether a text leads nowhere and says nothing about the session."""
    try:
        token = RefreshToken.parse(text)
    except InvalidGrant:
        return True
    if (token.user_id, token.session_id) != (USER, SESSION):
        return True
    said = decide(FAMILY, token, now=0, retry_window=10, idempotency_key=None, nonce=b"n" * 32)
    return isinstance(said, Unrecognized) and not is_genuine(FAMILY, token)


@given(
    ids,
    ids,
    st.integers(0, 2**32 - 1),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=16, max_size=16),
)
def test_what_is_written_is_read_back(
    user: str, session: str, generation: int, secret: bytes, tag: bytes
) -> None:
    token = RefreshToken(user, session, generation, RefreshSecret(secret), Secret(tag))
    text = token.serialize()
    assert RefreshToken.parse(text) == token
    assert RefreshToken.parse(text).serialize() == text


def test_a_token_is_of_printable_characters_with_a_prefix_that_scanners_know() -> None:
    assert TEXT.startswith("ghr_")
    assert len(TEXT) == 116
    assert set(TEXT) <= set(ALPHABET)


@given(st.text() | st.text(alphabet=ALPHABET, min_size=112, max_size=112).map("ghr_".__add__))
def test_any_text_is_read_as_the_one_token_that_is_written_so_or_refused(text: str) -> None:
    try:
        token = RefreshToken.parse(text)
    except InvalidGrant:
        return
    assert token.serialize() == text


def test_the_token_itself_is_genuine() -> None:
    assert not is_nothing(TEXT)


@pytest.mark.parametrize("at", range(len(TEXT)))
def test_every_other_character_at_every_place_makes_nothing_of_it(at: int) -> None:
    others = set(ALPHABET + STRAYS) - {TEXT[at]}
    assert all(is_nothing(TEXT[:at] + other + TEXT[at + 1 :]) for other in others)


def test_every_insertion_omission_and_swap_of_neighbours_makes_nothing_of_it() -> None:
    mangled = {TEXT[:at] + char + TEXT[at:] for at in range(len(TEXT) + 1) for char in "A-" + STRAYS}
    mangled |= {TEXT[:at] + TEXT[at + 1 :] for at in range(len(TEXT))}
    mangled |= {TEXT[:at] + TEXT[at + 1] + TEXT[at] + TEXT[at + 2 :] for at in range(len(TEXT) - 1)}
    assert [text for text in mangled - {TEXT} if not is_nothing(text)] == []


def test_every_truncation_and_every_change_of_case_makes_nothing_of_it() -> None:
    mangled = {TEXT[:end] for end in range(len(TEXT))} | {TEXT[start:] for start in range(1, len(TEXT))}
    mangled |= {TEXT[:at] + TEXT[at].swapcase() + TEXT[at + 1 :] for at in range(len(TEXT))}
    mangled |= {TEXT.upper(), TEXT.lower(), TEXT.swapcase()}
    assert [text for text in mangled - {TEXT} if not is_nothing(text)] == []


@pytest.mark.parametrize(
    "around", ["{}=", "{}==", " {}", "{} ", "{}\n", "\n{}", "{0}{0}", "{0} {0}", '"{}"', "<{}>"]
)
def test_text_around_a_refresh_token_makes_it_malformed(around: str) -> None:
    assert is_nothing(around.format(TEXT))


def test_a_token_with_a_tag_of_another_session_is_nothing() -> None:
    other = start(FIRST, Secret(b"another key of the table, 32 byte")).token(USER, SESSION, FIRST)
    assert is_nothing(other.serialize())
