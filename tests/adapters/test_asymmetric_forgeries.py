"""Tokens of RS256 and ES256 keys, forged in every way that has worked elsewhere."""

from __future__ import annotations

import hmac
import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.jws import algorithms, es256, rs256
from chalicelib.adapters.jws.base64url import decoded, encoded
from chalicelib.adapters.jws.key_generator import JwsKeyGenerator
from chalicelib.adapters.pyjwt_codec import PyJwtCodec
from chalicelib.domain.errors import InvalidToken, UnreadableKey
from chalicelib.domain.tokens.public_keys import jwk_material, public_jwk, verifying_part
from chalicelib.domain.tokens.signing_keys import ES256, HS256, RS256, KeyMaterial, SigningKey
from tests.fakes import FakeEntropy

ASYMMETRIC = [RS256, ES256]
KID = "0123456789abcdef0123456789abcdef"
CLAIMS = {"iss": "https://auth.example.com", "sub": "ada", "iat": 1_700_000_000}
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
codec = PyJwtCodec()


@cache
def key_of(algorithm: str, turn: int = 0) -> SigningKey:
    material = JwsKeyGenerator(FakeEntropy(str(turn)))(algorithm, KID)
    return SigningKey(KID, material, algorithm=algorithm)


def parts(header: dict[str, Any], claims: Any = CLAIMS) -> str:
    return ".".join(encoded(json.dumps(one).encode()) for one in (header, claims))


def header_of(algorithm: str, **changes: Any) -> dict[str, Any]:
    return {"alg": algorithm, "typ": "at+jwt", "kid": KID, **changes}


def signed(header: dict[str, Any], key: SigningKey, claims: Any = CLAIMS) -> str:
    text = parts(header, claims)
    return f"{text}.{encoded(algorithms.sign(text.encode(), key))}"


def refused(token: str, key: SigningKey) -> None:
    for one in (key, verifying_part(key)):
        with pytest.raises(InvalidToken):
            codec.verify(token, one)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_what_a_key_signs_its_public_part_verifies(algorithm: str) -> None:
    key = key_of(algorithm)
    token = codec.sign(CLAIMS, key)
    assert codec.verify(token, key) == CLAIMS
    assert codec.verify(token, verifying_part(key)) == CLAIMS
    refused(token, key_of(algorithm, 1))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_public_key_is_no_hmac_secret(algorithm: str) -> None:
    key = key_of(algorithm)
    material = verifying_part(key).material.reveal()
    public = json.dumps(public_jwk(key)).encode()
    for secret in (material, public, key.material.reveal()):
        for alg in (HS256, algorithm):
            text = parts(header_of(alg))
            refused(f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}", key)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.parametrize(
    "alg",
    ["none", "None", "", HS256, "RS384", "RS512", "PS256", "ES384", "ES256K", "EdDSA", None, 1, [RS256]],
)
def test_a_key_is_used_with_its_own_algorithm_alone(algorithm: str, alg: Any) -> None:
    key = key_of(algorithm)
    refused(signed(header_of(algorithm, alg=alg), key), key)
    refused(parts(header_of(algorithm, alg=alg)) + ".", key)


def test_neither_asymmetric_algorithm_takes_the_key_of_the_other() -> None:
    for mine, other in ((RS256, ES256), (ES256, RS256)):
        refused(signed(header_of(mine), key_of(other)), key_of(mine))
        refused(signed(header_of(other), key_of(other)), key_of(mine))
        refused(signed(header_of(other), key_of(mine)), key_of(mine))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_key_that_the_header_brings_along_is_ignored(algorithm: str) -> None:
    mine, attackers = key_of(algorithm), key_of(algorithm, 1)
    jwk = public_jwk(attackers)
    for more in (
        {"jwk": jwk},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example"},
        {"x5c": ["MA=="]},
    ):
        refused(signed(header_of(algorithm, **more), attackers), mine)
        assert codec.verify(signed(header_of(algorithm, **more), mine), mine) == CLAIMS


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"b64": True},
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "application/jwt"},
        {"kid": "x"},
        {"kid": ["a"]},
    ],
)
def test_what_is_not_understood_is_refused(algorithm: str, more: dict[str, Any]) -> None:
    key = key_of(algorithm)
    refused(signed(header_of(algorithm, **more), key), key)


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT", "Application/AT+jwt"])
def test_both_media_types_of_rfc_9068_are_accepted_without_regard_to_case(typ: str) -> None:
    key = key_of(RS256)
    assert codec.verify(signed(header_of(RS256, typ=typ), key), key) == CLAIMS


def es256_signature() -> tuple[str, bytes]:
    text, _, signature = codec.sign(CLAIMS, key_of(ES256)).rpartition(".")
    return text, decoded(signature)


@pytest.mark.parametrize(
    "forge",
    [
        lambda _r, _s: bytes(64),
        lambda r, _s: r + bytes(32),
        lambda _r, s: bytes(32) + s,
        lambda _r, s: ORDER.to_bytes(32, "big") + s,
        lambda r, _s: r + ORDER.to_bytes(32, "big"),
        lambda _r, _s: b"\xff" * 64,
        lambda r, s: bytes(1) + r + s,
        lambda r, s: r + s + bytes(1),
        lambda r, s: bytes(1) + r + bytes(1) + s,
        lambda r, s: r[1:] + s[1:],
        lambda r, s: s + r,
        lambda r, s: encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")),
        lambda r, s: r + s + r + s,
        lambda r, _s: r,
        lambda _r, _s: b"\x00",
    ],
)  # fmt: skip
def test_a_malformed_es256_signature_is_refused(forge: Any) -> None:
    text, signature = es256_signature()
    refused(f"{text}.{encoded(forge(signature[:32], signature[32:]))}", key_of(ES256))


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: bytes(256),
        lambda _: b"\x00" * 255 + b"\x01",
        lambda s: s[1:],
        lambda s: bytes(1) + s,
        lambda s: s + bytes(1),
        lambda s: s * 2,
        lambda _: b"\xff" * 256,
    ],
)
def test_a_malformed_rs256_signature_is_refused(forge: Any) -> None:
    text, _, signature = codec.sign(CLAIMS, key_of(RS256)).rpartition(".")
    refused(f"{text}.{encoded(forge(decoded(signature)))}", key_of(RS256))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_bit_of_a_token_is_refused(data: st.DataObject) -> None:
    key = key_of(data.draw(st.sampled_from(ASYMMETRIC)))
    segments = [decoded(one) for one in codec.sign(CLAIMS, key).split(".")]
    which = data.draw(st.integers(0, 2))
    at = data.draw(st.integers(0, len(segments[which]) * 8 - 1))
    changed = bytearray(segments[which])
    changed[at // 8] ^= 1 << at % 8
    segments[which] = bytes(changed)
    refused(".".join(map(encoded, segments)), key)


def test_a_padded_or_otherwise_spelled_signature_is_refused() -> None:
    for algorithm in ASYMMETRIC:
        token = codec.sign(CLAIMS, key_of(algorithm))
        for other in (f"{token}=", f"{token}==", f"{token}\n", f"{token}.", token.replace("-", "+") + "+"):
            refused(other, key_of(algorithm))


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    private = json.loads(key_of(ES256).material.reveal())
    for x, y in (("0" * 64, "0" * 64), ("0" * 63 + "1", "0" * 63 + "1"), ("f" * 64, "f" * 64)):
        jwk = {**private, "x": encoded(bytes.fromhex(x)), "y": encoded(bytes.fromhex(y))}
        with pytest.raises(UnreadableKey):
            codec.verify(
                codec.sign(CLAIMS, key_of(ES256)), SigningKey(KID, jwk_material(jwk), algorithm=ES256)
            )


def test_material_of_another_kind_is_an_unreadable_key_and_not_a_bad_token() -> None:
    for algorithm in ASYMMETRIC:
        for material in (b"k" * 64, b"{}", b"[]", b"null", b'{"n": 1}'):
            broken = SigningKey(KID, KeyMaterial(material), algorithm=algorithm)
            with pytest.raises(UnreadableKey):
                codec.verify(codec.sign(CLAIMS, key_of(algorithm)), broken)


def test_signatures_are_as_long_as_their_standard_says() -> None:
    assert len(rs256.sign(b"x", key_of(RS256).material.reveal())) == 256
    for _ in range(20):
        assert len(es256.sign(b"x", key_of(ES256).material.reveal())) == 64


def test_no_error_and_no_repr_shows_a_key() -> None:
    key = key_of(RS256)
    assert json.loads(key.material.reveal())["d"] not in repr(key)
    broken = SigningKey(KID, KeyMaterial(b'{"kty": "SECRET"}'), algorithm=RS256)
    with pytest.raises(UnreadableKey) as refusal:
        codec.sign(CLAIMS, broken)
    assert "SECRET" not in str(refusal.value)
    assert refusal.value.__cause__ is None
