"""Texts that are no access token, though some come close: refused, and never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidToken
from tests.oauth import forge
from tests.oauth.actors import ISSUER
from tests.oauth.token_forger import NUMBERS, TEXTS, TokenForger, refused


@pytest.mark.parametrize(
    "mangle",
    [
        "{}=",
        "{}==",
        " {}",
        "{} ",
        "{}\n",
        "{}.",
        ".{}",
        "{}.{}",
        "Bearer {}",
        "{},{}",
        '"{}"',
        "{}%20",
        "\ufeff{}",
        "",
    ],
)
def test_text_around_an_access_token_makes_it_invalid(forger: TokenForger, mangle: str) -> None:
    refused(forger, mangle.format(forger.good, forger.good))


def test_base64_has_one_spelling(forger: TokenForger) -> None:
    """The last character of a segment may have spare bits, and other decoders ignore them."""
    for at, segment in enumerate(forger.good.split(".")):
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=":
            segments = forger.good.split(".")
            segments[at] = segment[:-1] + last
            if last != segment[-1]:
                refused(forger, ".".join(segments))


@pytest.mark.parametrize("at", range(0, 600, 7))
def test_a_change_of_any_character_is_noticed(forger: TokenForger, at: int) -> None:
    at %= len(forger.good)
    other = "A" if forger.good[at] != "A" else "B"
    refused(forger, forger.good[:at] + other + forger.good[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"{",
        b"{}x",
        b"\xff",
        b'{"iat":NaN}',
        b"[" * 5000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"iat":' + b"9" * 5000 + b"}",
        b'{"iat":1,"iat":1}',
    ],
)
def test_no_content_of_a_segment_causes_a_crash(forger: TokenForger, text: bytes) -> None:
    good_header, good_payload = json.dumps(forger.header).encode(), json.dumps(forger.payload).encode()
    refused(forger, forge.raw_token(text, good_payload, forger.key))
    refused(forger, forge.raw_token(good_header, text, forger.key))


def test_a_repeated_member_is_refused_even_if_well_signed(forger: TokenForger) -> None:
    good = json.dumps(forger.payload)
    twice = good[:-1] + f', "sub": "{forger.payload["sub"]}"}}'
    refused(forger, forge.raw_token(json.dumps(forger.header).encode(), twice.encode(), forger.key))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text()
    | st.text(alphabet="eyJhbGciOi.-_=A0", max_size=80)
    | st.binary().map(lambda raw: raw.decode("latin-1"))
)
def test_any_text_is_a_good_token_or_an_invalid_one(forger: TokenForger, text: str) -> None:
    if text != forger.good:
        refused(forger, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "x"]), json_values, max_size=3
    ),
    st.dictionaries(st.sampled_from([*TEXTS, *NUMBERS, "nbf", "x"]), json_values, max_size=3),
)
def test_any_well_signed_json_is_good_claims_or_an_invalid_token(
    forger: TokenForger, header: dict[str, Any], payload: dict[str, Any]
) -> None:
    token = forger.token(header=header, payload=payload)
    try:
        claims = forger.verify(token)
    except InvalidToken:
        return
    assert claims.subject == forger.payload["sub"]
    assert claims.issuer == ISSUER
