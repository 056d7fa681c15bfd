"""Forged access tokens: another algorithm, type, key, claim or spelling than the contract accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.errors import InvalidToken
from tests.oauth import forge
from tests.oauth.actors import ISSUER
from tests.oauth.mint import GONE, NUMBERS, TEXTS, Mint, refused


@pytest.mark.parametrize(
    ("alg", "digest"),
    [("none", "sha256"), ("None", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"), ("hs256", "sha256")],
)
def test_only_the_algorithm_of_the_key_is_accepted(mint: Mint, alg: str, digest: str) -> None:
    refused(mint, mint.token(digest=digest, header={"alg": alg}))


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA", "", None, 1, ["HS256"], GONE])
def test_no_other_word_for_an_algorithm_is_accepted(mint: Mint, alg: Any) -> None:
    refused(mint, mint.token(header={"alg": alg}))


def test_without_a_signature_no_token_is_accepted(mint: Mint) -> None:
    for header in (
        mint.header,
        {**mint.header, "alg": "none"},
        {"alg": "none"},
        {"alg": "none", "typ": "at+jwt"},
    ):
        head = forge.encode(json.dumps(header).encode())
        body = mint.good.split(".")[1]
        refused(mint, f"{head}.{body}.")
        refused(mint, f"{head}.{body}")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "", None, 1, GONE])
def test_only_the_type_of_an_access_token_is_accepted(mint: Mint, typ: Any) -> None:
    refused(mint, mint.token(header={"typ": typ}))


@pytest.mark.parametrize(
    "kid",
    ["", "other", "../../dev/null", "' OR 1=1 --", "http://evil.example/k", "a\n", None, 1, ["a"], GONE],
)
def test_only_a_kid_that_names_a_key_is_accepted(mint: Mint, kid: Any) -> None:
    refused(mint, mint.token(header={"kid": kid}))


@pytest.mark.parametrize("crit", [[], ["exp"], ["b64"], "exp", None, {}])
def test_no_critical_extension_is_understood(mint: Mint, crit: Any) -> None:
    refused(mint, mint.token(header={"crit": crit, "b64": True}))


@pytest.mark.parametrize("value", [False, "false", 0])
def test_a_payload_that_is_not_encoded_is_not_understood(mint: Mint, value: Any) -> None:
    refused(mint, mint.token(header={"b64": value, "crit": ["b64"]}))


def test_a_key_that_the_token_brings_along_is_ignored(mint: Mint) -> None:
    own = b"k" * 64
    jwk = {"kty": "oct", "k": forge.encode(own)}
    brought = {
        "jwk": jwk,
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x",
        "x5c": ["MII"],
    }
    refused(mint, mint.token(key=own, header=brought))
    assert mint.verify(mint.token(header=brought)).subject == mint.payload["sub"]


def test_another_key_does_not_sign(mint: Mint) -> None:
    refused(mint, mint.token(key=b"k" * 64))
    refused(mint, mint.token(key=mint.key[:-1]))
    refused(mint, mint.token(key=mint.key + b"\n"))


@pytest.mark.parametrize("name", [*TEXTS, *NUMBERS])
def test_no_claim_may_be_missing_or_null(mint: Mint, name: str) -> None:
    refused(mint, mint.token(payload={name: GONE}))
    refused(mint, mint.token(payload={name: None}))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1700000000", 1.7e9 + 0.5, True, -1, 2**53, 10**300, [], {}, "never"])
def test_dates_are_integers(mint: Mint, name: str, value: Any) -> None:
    refused(mint, mint.token(payload={name: value}))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [1, True, ["x"], {"x": 1}])
def test_texts_are_texts(mint: Mint, name: str, value: Any) -> None:
    refused(mint, mint.token(payload={name: value}))


@pytest.mark.parametrize("name", ["iss", "aud"])
@pytest.mark.parametrize(
    "value",
    ["https://evil.example", ISSUER + "/", ISSUER.upper(), ISSUER + "\u200b", f"{ISSUER} x", [ISSUER]],
)
def test_issuer_and_audience_are_compared_exactly(mint: Mint, name: str, value: Any) -> None:
    refused(mint, mint.token(payload={name: value}))


def test_the_token_of_another_stage_is_foreign(mint: Mint) -> None:
    with pytest.raises(InvalidToken):
        mint.house.verifier("https://api.example.com/other").verify(mint.good)


def test_a_token_is_good_until_its_last_second(mint: Mint) -> None:
    mint.house.world.clock.advance(3599)
    assert mint.verify(mint.good).expires_at == mint.house.world.clock.now + 1
    mint.house.world.clock.advance(1)
    refused(mint, mint.good)


def test_a_token_has_no_more_than_8_kib(mint: Mint) -> None:
    room = 8 * 1024 - len(mint.token(header={"x": ""}))
    padded = [mint.token(header={"x": "x" * size}) for size in range(room * 3 // 4 - 8, room * 3 // 4 + 8)]
    lengths = {len(token) for token in padded}
    assert min(lengths) <= 8192 < max(lengths)
    for token in padded:
        if len(token) <= 8192:
            assert mint.verify(token)
        else:
            refused(mint, token)
