"""Secrets: no way to show one but `reveal`."""

from __future__ import annotations

import copy
import hmac
import json
import pickle
import string
import traceback
from dataclasses import asdict

import pytest

from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import RefreshSecret, RefreshToken
from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey

HIDDEN = "correct horse battery staple"


@pytest.mark.parametrize("kind", [Secret, Password, PasswordHash])
def test_no_way_of_formatting_shows_a_secret(kind: type[Secret[str]]) -> None:
    secret = kind(HIDDEN)
    template = string.Template("$one").substitute(one=secret)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>80}", "%s %r" % (secret, secret), template]  # noqa: UP031
    shown += [ascii(secret), "{}".format(secret), str([secret]), str({"a": secret}), str(ValueError(secret))]  # noqa: UP032
    assert not any(word in text for word in HIDDEN.split() for text in shown)


def test_the_repr_of_a_secret_names_its_type() -> None:
    assert repr(KeyMaterial(b"x" * 64)) == "KeyMaterial(…)"


def test_what_holds_secrets_does_not_show_them_either() -> None:
    key = SigningKey("kid", KeyMaterial(HIDDEN.encode()))
    token = RefreshToken("aa" * 16, "bb" * 16, 0, RefreshSecret(b"s" * 32), Secret(b"t" * 16))
    assert HIDDEN not in repr(key)
    assert "ssss" not in repr(token)
    assert "tttt" not in repr(token)


def test_a_secret_is_not_pickled_copied_deeply_or_written_as_json() -> None:
    secret = Secret(HIDDEN)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(secret, protocol)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        asdict(SigningKey("kid", KeyMaterial(HIDDEN.encode())))


def test_a_secret_is_no_key_of_a_dictionary() -> None:
    with pytest.raises(TypeError):
        hash(Secret(HIDDEN))
    with pytest.raises(TypeError):
        _ = {Secret(HIDDEN)}


def test_a_secret_has_no_attributes_to_list() -> None:
    assert not hasattr(Secret(HIDDEN), "__dict__")


def test_a_traceback_does_not_show_a_secret() -> None:
    with pytest.raises(AttributeError) as caught:
        Secret(HIDDEN).no_such_thing  # type: ignore[attr-defined]  # noqa: B018
    assert HIDDEN not in "".join(traceback.format_exception(caught.value))


def test_equality_is_of_value_and_kind() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret(b"a") == Secret(b"a")
    assert Password("a") != PasswordHash("a")
    assert Secret("a") != "a"
    assert Secret("caf\u00e9") == Secret("caf\u00e9")


def test_equality_takes_the_same_time_whatever_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no honest way to measure this in a test, so look at who is asked."""
    asked: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        asked.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert Secret("abc") != Secret("abd")
    assert asked == [(b"abc", b"abd")]
