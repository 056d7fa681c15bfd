"""Forged access tokens: another algorithm, type, key, claim or spelling than the contract accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.errors import InvalidToken
from tests.oauth import forge
from tests.oauth.actors import ISSUER
from tests.oauth.token_forger import GONE, NUMBERS, TEXTS, TokenForger, refused


@pytest.mark.parametrize(
    ("alg", "digest"),
    [("none", "sha256"), ("None", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"), ("hs256", "sha256")],
)
def test_only_the_algorithm_of_the_key_is_accepted(forger: TokenForger, alg: str, digest: str) -> None:
    refused(forger, forger.token(digest=digest, header={"alg": alg}))


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA", "", None, 1, ["HS256"], GONE])
def test_no_other_word_for_an_algorithm_is_accepted(forger: TokenForger, alg: Any) -> None:
    refused(forger, forger.token(header={"alg": alg}))


def test_without_a_signature_no_token_is_accepted(forger: TokenForger) -> None:
    for header in (
        forger.header,
        {**forger.header, "alg": "none"},
        {"alg": "none"},
        {"alg": "none", "typ": "at+jwt"},
    ):
        head = forge.encode(json.dumps(header).encode())
        body = forger.good.split(".")[1]
        refused(forger, f"{head}.{body}.")
        refused(forger, f"{head}.{body}")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "", None, 1, GONE])
def test_only_the_type_of_an_access_token_is_accepted(forger: TokenForger, typ: Any) -> None:
    refused(forger, forger.token(header={"typ": typ}))


@pytest.mark.parametrize(
    "kid",
    ["", "other", "../../dev/null", "' OR 1=1 --", "http://evil.example/k", "a\n", None, 1, ["a"], GONE],
)
def test_only_a_kid_that_names_a_key_is_accepted(forger: TokenForger, kid: Any) -> None:
    refused(forger, forger.token(header={"kid": kid}))


@pytest.mark.parametrize("crit", [[], ["exp"], ["b64"], "exp", None, {}])
def test_no_critical_extension_is_understood(forger: TokenForger, crit: Any) -> None:
    refused(forger, forger.token(header={"crit": crit, "b64": True}))


@pytest.mark.parametrize("value", [False, "false", 0])
def test_a_payload_that_is_not_encoded_is_not_understood(forger: TokenForger, value: Any) -> None:
    refused(forger, forger.token(header={"b64": value, "crit": ["b64"]}))


def test_a_key_that_the_token_brings_along_is_ignored(forger: TokenForger) -> None:
    own = b"k" * 64
    jwk = {"kty": "oct", "k": forge.encode(own)}
    brought = {
        "jwk": jwk,
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x",
        "x5c": ["MII"],
    }
    refused(forger, forger.token(key=own, header=brought))
    assert forger.verify(forger.token(header=brought)).subject == forger.payload["sub"]


def test_another_key_does_not_sign(forger: TokenForger) -> None:
    refused(forger, forger.token(key=b"k" * 64))
    refused(forger, forger.token(key=forger.key[:-1]))
    refused(forger, forger.token(key=forger.key + b"\n"))


@pytest.mark.parametrize("name", [*TEXTS, *NUMBERS])
def test_no_claim_may_be_missing_or_null(forger: TokenForger, name: str) -> None:
    refused(forger, forger.token(payload={name: GONE}))
    refused(forger, forger.token(payload={name: None}))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1700000000", 1.7e9 + 0.5, True, -1, 2**53, 10**300, [], {}, "never"])
def test_dates_are_integers(forger: TokenForger, name: str, value: Any) -> None:
    refused(forger, forger.token(payload={name: value}))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [1, True, ["x"], {"x": 1}])
def test_texts_are_texts(forger: TokenForger, name: str, value: Any) -> None:
    refused(forger, forger.token(payload={name: value}))


@pytest.mark.parametrize("name", ["iss", "aud"])
@pytest.mark.parametrize(
    "value",
    ["https://evil.example", ISSUER + "/", ISSUER.upper(), ISSUER + "\u200b", f"{ISSUER} x", [ISSUER]],
)
def test_issuer_and_audience_are_compared_exactly(forger: TokenForger, name: str, value: Any) -> None:
    refused(forger, forger.token(payload={name: value}))


def test_the_token_of_another_stage_is_foreign(forger: TokenForger) -> None:
    with pytest.raises(InvalidToken):
        forger.services.verifier("https://api.example.com/other").verify(forger.good)


def test_a_token_is_good_until_its_last_second(forger: TokenForger) -> None:
    forger.services.adapters.clock.advance(3599)
    assert forger.verify(forger.good).expires_at == forger.services.adapters.clock.now + 1
    forger.services.adapters.clock.advance(1)
    refused(forger, forger.good)


def test_a_token_has_no_more_than_8_kib(forger: TokenForger) -> None:
    package = 8 * 1024 - len(forger.token(header={"x": ""}))
    padded = [
        forger.token(header={"x": "x" * size}) for size in range(package * 3 // 4 - 8, package * 3 // 4 + 8)
    ]
    lengths = {len(token) for token in padded}
    assert min(lengths) <= 8192 < max(lengths)
    for token in padded:
        if len(token) <= 8192:
            assert forger.verify(token)
        else:
            refused(forger, token)
