"""Asymmetric keys in the secret: their form, and what a function sees of their promotion."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.jws.base64url import encoded
from chalicelib.adapters.secrets_manager.secret_value import secret_text, signing_key
from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.tokens.public_keys import verifying_part
from chalicelib.domain.tokens.signing_keys import ES256, HS256, RS256, NextKey, RetiredKey, SigningKey
from tests.adapters.secret import Secret
from tests.adapters.test_asymmetric_forgeries import ASYMMETRIC, KID, key_of
from tests.fake_aws import Aws
from tests.fakes import FakeClock

VERSION = "99999999-1111-4111-8111-111111111111"


def version_of(algorithm: str) -> SigningKey:
    return replace(
        key_of(algorithm),
        version=VERSION,
        epoch=3,
        created_at=7,
        own_name_key=NameKey(b"n" * 64),
        retired=(RetiredKey(replace(verifying_part(key_of(algorithm, 2)), epoch=3), 12345),),
        following=NextKey(replace(key_of(algorithm, 3), epoch=3), 99),
    )


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_version_comes_back_as_it_was_written(algorithm: str) -> None:
    key = version_of(algorithm)
    text = secret_text(key)
    assert signing_key(VERSION, text, 7) == key
    value = json.loads(text)
    assert (value["alg"], value["key"]["kid"]) == (algorithm, KID)
    assert value["next"]["key"]["d"]
    assert "d" not in value["retired"][0]["key"]
    assert len(text) < 16 * 1024


def test_a_key_whose_id_is_that_of_its_version_needs_no_other() -> None:
    key = key_of(ES256)
    assert signing_key(KID, secret_text(key)).version == ""
    assert signing_key(VERSION, secret_text(key)).version_id == VERSION


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda jwk: jwk.pop(name) and None


def with_(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda jwk: jwk.update(changes)


SPOILT: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "another type": (RS256, with_(kty="EC")),
    "no private exponent": (RS256, without("d")),
    "no prime": (RS256, without("p")),
    "a small modulus": (RS256, with_(n=encoded(b"\xff" * 255))),
    "a huge modulus": (RS256, with_(n=encoded(b"\xff" * 513))),
    "a small exponent": (RS256, with_(e="Aw")),
    "an exponent of one": (RS256, with_(e="AQ")),
    "another exponent": (RS256, with_(e=encoded(b"\x01\x00\x03"))),
    "padding": (RS256, with_(e="AQAB=")),
    "a number": (RS256, with_(e=65_537)),
    "no id": (RS256, without("kid")),
    "an id that is no text": (RS256, with_(kid=["a"] * 32)),
    "a short id": (ES256, with_(kid="1")),
    "an id with a blank": (ES256, with_(kid=" " * 32)),
    "another curve": (ES256, with_(crv="P-384")),
    "no curve": (ES256, without("crv")),
    "a short coordinate": (ES256, with_(x=encoded(b"\x01" * 31))),
    "a long coordinate": (ES256, with_(y=encoded(b"\x00" * 33))),
    "a null key": (ES256, with_(d=None)),
}


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize("place", ["key", "next", "retired"])
def test_a_jwk_that_is_none_makes_the_secret_unreadable(fault: str, place: str) -> None:
    algorithm, spoil = SPOILT[fault]
    value = json.loads(secret_text(version_of(algorithm)))
    jwk = {"key": value["key"], "next": value["next"]["key"], "retired": value["retired"][0]["key"]}[place]
    if place == "retired" and fault in {"no private exponent", "no prime", "a null key"}:
        # Nothing of a retired key is private.
        spoil = without("kid")
    spoil(jwk)
    with pytest.raises(UnreadableKey) as refusal:
        signing_key(VERSION, json.dumps(value))
    assert str(value["next"]["key"].get("d")) not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": HS256},
        {"alg": "RS512"},
        {"key": "k" * 64},
        {"key": None},
        {"next": {"alg": HS256, "key": "k" * 64, "published_at": 0}},
        {"next": "x"},
        {"next": {"alg": ES256}},
    ],
)
def test_a_version_with_one_wrong_member_is_unreadable(change: dict[str, Any]) -> None:
    value = json.loads(secret_text(version_of(ES256)))
    with pytest.raises(UnreadableKey):
        signing_key(VERSION, json.dumps(value | change))


@pytest.fixture
def secret(aws: Aws, clock: FakeClock) -> Secret:
    """Return a secret whose current key is asymmetric, and whose next one waits."""
    secret = Secret.of(aws, clock)
    rotation = secret.operator.key_rotation
    object.__setattr__(rotation.succession, "algorithm", ES256)
    for _ in range(2):
        promote(secret)
    clock.advance(120)
    return secret


def promote(secret: Secret) -> str:
    version = secret.version()
    secret.rotation.create_secret(version, early=True)
    secret.rotation.finish_secret(version)
    return version


def following(secret: Secret) -> str:
    key = secret.rotation.current().following
    assert key is not None
    return key.key.kid


def test_a_warm_function_finds_the_next_key_once_it_signs(secret: Secret) -> None:
    before, after = secret.current, following(secret)
    assert secret.keys.current().current.kid == before
    promote(secret)
    assert secret.current == after
    assert secret.verifies(after)
    assert secret.verifies(before)


def test_the_next_key_does_not_verify_and_is_looked_for_at_most_so_often(secret: Secret) -> None:
    after = following(secret)
    assert not secret.verifies(after)
    secret.asked()
    assert not secret.verifies(after)
    assert secret.asked() <= 4
    secret.rotation.create_secret(secret.version(), early=True)
    assert not secret.verifies(after)
    unpromoted = secret.keys.for_kid(after, secret.clock()).unpromoted
    assert unpromoted is not None
    assert unpromoted.kid == after


def test_a_stale_read_by_label_is_found_out_by_the_label_of_the_rotation(
    secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of the next key has an id that its token does not name."""
    before, after, version = secret.current, following(secret), secret.version()
    real = secret.keys._client
    then = real.get_secret_value(SecretId="gatehouse-test", VersionStage="AWSCURRENT")
    secret.rotation.create_secret(version, early=True)
    secret.rotation.versions.promote(version, instead_of=secret.rotation.current().version_id)

    class Late:
        def get_secret_value(self, **asked: str) -> Any:
            return then if asked.get("VersionStage") == "AWSCURRENT" else real.get_secret_value(**asked)

    monkeypatch.setattr(secret.keys, "_client", Late())
    assert secret.keys.current().current.kid == before
    assert secret.verifies(after)
    assert secret.keys.current().current.kid == after
    assert secret.verifies(before)


def test_the_published_keys_are_read_once_in_a_cache_s_time(secret: Secret) -> None:
    keys = secret.keys.published()
    assert keys.previous is not None
    secret.asked()
    assert secret.keys.published() == keys
    assert secret.asked() == 0


def test_the_authorizer_asks_as_often_as_before(secret: Secret) -> None:
    """One read when cold, none while it is warm."""
    kid = secret.current
    secret.clock.advance(60)
    secret.asked()
    assert secret.verifies(kid)
    assert secret.asked() == 1
    assert secret.verifies(kid)
    assert secret.asked() == 0
