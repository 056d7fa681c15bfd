"""The token codec against whatever can be made up."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.pyjwt_codec import verify_jws
from chalicelib.domain.errors import InvalidToken
from tests.adapters.forging import ALPHABET, HEADER, KEY, TOKEN, codec, forged, refused


def outcome(token: str) -> bool:
    """Tell whether a token verifies; anything but InvalidToken goes through, and fails the test."""
    good = not refused(token)
    for step in (lambda: codec.parse(token), lambda: verify_jws(token, KEY)):
        try:
            step()
        except InvalidToken:
            assert not good
    return good


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda raw: raw.decode("latin-1")))
@example("\ud800.\ud800.\ud800")
@example("....")
@settings(max_examples=300, deadline=None, database=None)
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    assert not outcome(text)


@given(*[st.text(ALPHABET, max_size=80)] * 3)
@settings(max_examples=300, deadline=None, database=None)
def test_no_three_segments_do_anything_but_be_refused(header: str, payload: str, signature: str) -> None:
    assert not outcome(f"{header}.{payload}.{signature}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk"]), JSON), JSON)
@settings(max_examples=300, deadline=None, database=None)
def test_no_header_and_payload_do_anything_but_be_verified_or_refused(
    header: dict[str, Any], payload: Any
) -> None:
    outcome(forged({**HEADER, **header}, payload))
    outcome(forged(HEADER, payload))


@given(st.integers(0, len(TOKEN) * 8 - 1))
@settings(max_examples=400, deadline=None, database=None)
def test_a_bit_flipped_anywhere_never_verifies(bit: int) -> None:
    raw = bytearray(TOKEN.encode())
    raw[bit // 8] ^= 1 << bit % 8
    assert not outcome(raw.decode("latin-1"))


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(ALPHABET + ".="))
@settings(max_examples=400, deadline=None, database=None)
def test_a_character_changed_anywhere_never_verifies(at: int, char: str) -> None:
    assume(TOKEN[at] != char)
    assert not outcome(TOKEN[:at] + char + TOKEN[at + 1 :])
