"""The signature and the encoding of a token: one way to be good, and InvalidToken for everything else."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey
from tests.adapters.forging import (
    ALPHABET,
    CLAIMS,
    HEADER,
    KEY,
    OTHER,
    TOKEN,
    codec,
    encoded,
    forged,
    refused,
    verified,
)


def test_what_was_signed_is_verified_and_comes_back() -> None:
    assert verified(TOKEN, KEY) == CLAIMS


def test_the_forger_of_these_tests_can_make_a_good_token() -> None:
    assert verified(forged(), KEY) == CLAIMS


def test_the_header_says_algorithm_kind_and_key_and_nothing_more() -> None:
    assert jwt.get_unverified_header(TOKEN) == HEADER


def test_an_unverified_token_has_kid_and_iat_and_shows_no_claim() -> None:
    unverified = codec.parse(forged(key=OTHER))
    assert (unverified.kid, unverified.issued_at) == (KEY.kid, 1_700_000_000)
    assert "ada" not in repr(unverified)


def test_another_key_verifies_nothing() -> None:
    assert refused(TOKEN, OTHER)
    assert refused(TOKEN, SigningKey("another-kid", KEY.material))


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": ""},
        {"alg": None},
        {"alg": ["HS256"]},
        {"alg": "hs256"},
        {"alg": "HS384"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": "ES256"},
        {"alg": "EdDSA"},
        {"typ": "JWT"},
        {"typ": "application/at+jwt"},
        {"typ": "at+jwt "},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"kid": None},
        {"kid": 7},
        {"kid": [KEY.kid]},
        {"kid": ""},
        {"kid": "x" * 129},
        {"kid": KEY.kid + " "},
        {"kid": KEY.kid + "\x00"},
        {"kid": "../../../../dev/null"},
        {"kid": "' OR '1'='1"},
        {"kid": "https://attacker.example/key.json"},
        {"kid": "|whoami"},
        {"kid": "\ud800"},
    ],
    ids=str,
)
def test_a_header_that_is_not_ours_is_refused_though_the_signature_is_good(change: dict[str, Any]) -> None:
    assert refused(forged({**HEADER, **change}))


@pytest.mark.parametrize("missing", ["alg", "typ", "kid"])
def test_a_header_that_lacks_something_is_refused(missing: str) -> None:
    assert refused(forged({name: value for name, value in HEADER.items() if name != missing}))


@pytest.mark.parametrize("digest", ["sha384", "sha512"])
def test_a_longer_hash_under_its_own_name_is_refused(digest: str) -> None:
    assert refused(forged({**HEADER, "alg": digest.replace("sha", "HS")}, digest=digest))
    assert refused(forged(digest=digest))


def test_a_token_without_a_signature_is_refused() -> None:
    header, payload, _ = forged({**HEADER, "alg": "none"}).split(".")
    assert refused(f"{header}.{payload}.")
    assert refused(f"{header}.{payload}")


def test_a_public_key_is_no_secret_that_signs() -> None:
    """RSA's public key as HMAC's secret is how a confused verifier is fooled."""
    public = SigningKey(KEY.kid, KeyMaterial(b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"))
    assert refused(forged({**HEADER, "alg": "RS256"}, key=public), KEY)
    assert refused(forged({**HEADER, "alg": "RS256"}, key=public), public)


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"jwk": {"kty": "oct", "k": encoded(OTHER.material.reveal())}},
        {"x5c": ["MIIB"]},
    ],
    ids=str,
)
def test_a_key_or_an_address_of_one_in_the_header_is_ignored(extra: dict[str, Any]) -> None:
    assert verified(forged({**HEADER, **extra}), KEY) == CLAIMS
    assert refused(forged({**HEADER, **extra}, key=OTHER))


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(
    "change", ["{}=", "{}==", " {}", "{}\n", "{}\u00e9", "{}+", "{}/", "{}%3D", "\ufeff{}"]
)
def test_a_segment_that_is_not_strict_base64url_is_refused(at: int, change: str) -> None:
    segments = TOKEN.split(".")
    segments[at] = change.format(segments[at])
    assert refused(".".join(segments))


def test_spare_bits_give_no_second_spelling() -> None:
    head, last = TOKEN[:-1], ALPHABET.index(TOKEN[-1])
    assert last % 4 == 0
    assert all(refused(head + ALPHABET[last + spare]) for spare in (1, 2, 3))


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a", "a.b.c", f"{TOKEN}.", f".{TOKEN}", TOKEN * 2])
def test_what_has_not_three_segments_of_ours_is_refused(token: str) -> None:
    assert refused(token)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"iat": 1, "sub": "ada", "sub": "eve"}',
        b'{"iat": 1, "iat": 1}',
        b'{"iat": 1, "a": {"b": 1, "b": 2}}',
        b'{"iat": NaN}',
        b'{"iat": 1, "x": NaN}',
        b'{"iat": 1, "x": Infinity}',
        b'{"iat": 1, "x": -Infinity}',
        b'{"iat": 1, "x": ' + b"9" * 5000 + b"}",
        b'{"iat": ' + b"9" * 5000 + b"}",
        b'{"iat": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"iat": 1, "x": ' + b'{"x":' * 100_000 + b"1" + b"}" * 100_001,
        b'["iat", 1]',
        b'"iat"',
        b"1",
        b"null",
        b"true",
        b"",
        b"{",
        b"{'iat': 1}",
        b'{"iat": 1,}',
        b'{"iat": 1} x',
        b'{"iat": 1, "x": "\xff"}',
        b'\xef\xbb\xbf{"iat": 1}',
        '{"iat": 1}'.encode("utf-16"),
        b'{"sub": "ada"}',
        b'{"iat": "1"}',
        b'{"iat": 1.0}',
        b'{"iat": true}',
        b'{"iat": null}',
        b'{"iat": 1e999}',
    ],
    ids=lambda payload: repr(payload[:40]),
)
def test_a_payload_that_two_readers_could_read_differently_is_refused(payload: bytes) -> None:
    assert refused(forged(payload=payload))


def test_a_header_with_a_repeated_member_is_refused() -> None:
    raw = json.dumps(HEADER)
    assert refused(forged((raw[:-1] + ', "alg": "HS256"}').encode()))
    assert refused(forged(('{"alg": "none", ' + raw[1:]).encode()))
    assert refused(forged(b'{"a":' * 50_000 + b"1" + b"}" * 50_000))


def test_a_lone_surrogate_is_text_that_no_claim_of_ours_has() -> None:
    """The codec reads JSON; what a claim may hold is for the claims to say, and they refuse this one."""
    assert verified(forged(payload=b'{"iat": 1, "sub": "\\ud800"}'), KEY) == {"iat": 1, "sub": "\ud800"}


def test_the_reason_never_shows_the_token() -> None:
    for token in (TOKEN + "x", forged({**HEADER, "kid": "PRIVATE\ud800"}), forged(payload=b"PRIVATE")):
        with pytest.raises(InvalidToken) as error:
            verified(token, KEY)
        assert "PRIVATE" not in str(error.value)
        assert TOKEN[:20] not in str(error.value)
