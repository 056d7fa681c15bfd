"""Ids and secrets of API keys: their one spelling, their checksum, and when a key is active."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.api_keys.api_key import (
    MAX_ACTIVE_KEYS,
    MAX_INACTIVE_KEYS,
    ApiKey,
    ApiKeySecret,
    active_keys,
    is_key_name,
    new_key_id,
    owner_of_key,
    surplus_keys,
)
from chalicelib.domain.api_keys.ports import ApiKeyView, KeyOwner
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.system_state import SystemState, merged
from chalicelib.settings import Settings

USER = "0123456789abcdef0123456789abcdef"
SECRET = ApiKeySecret(bytes(range(32)))
NOW = 1_700_000_000


def key(expires_at: int | None = None, epoch: int = 0, scope: str = "a b") -> ApiKey:
    key_id = new_key_id(USER, b"12345678")
    permissions = Scope.of(scope.split())
    return ApiKey(key_id, USER, "name", permissions, SECRET.digest(), epoch, NOW - 10, expires_at)


@settings(max_examples=50)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
def test_an_id_tells_its_owner(user: bytes, random: bytes) -> None:
    key_id = new_key_id(user.hex(), random)
    assert key_id.startswith("ghk_")
    assert len(key_id) == 36
    assert owner_of_key(key_id) == user.hex()


@pytest.mark.parametrize(
    "text", ["", "ghk_", USER, "ghk_" + "a" * 31, "ghk_" + "a" * 33, "ghk_" + "+" * 32, "ghs_" + "a" * 32]
)
def test_text_of_another_form_has_no_owner(text: str) -> None:
    assert owner_of_key(text) is None
    assert owner_of_key(f"{new_key_id(USER, b'12345678')}{text}" + "\n") is None


@settings(max_examples=50)
@given(st.binary(min_size=32, max_size=32))
def test_a_secret_survives_its_wire_form(random: bytes) -> None:
    text = ApiKeySecret(random).serialize()
    assert text.startswith("ghs_")
    parsed = ApiKeySecret.parse(text)
    assert parsed is not None
    assert parsed.reveal() == random


@settings(max_examples=200)
@given(st.integers(4, 51), st.sampled_from("ABCabc019-_"))
def test_one_wrong_character_is_recognized_without_the_table(at: int, char: str) -> None:
    text = SECRET.serialize()
    typo = text[:at] + char + text[at + 1 :]
    assert (ApiKeySecret.parse(typo) is None) == (typo != text)


@pytest.mark.parametrize("change", [str.upper, lambda text: text[:-1], lambda text: f"{text}=", str.swapcase])
def test_a_secret_has_one_spelling(change: object) -> None:
    assert callable(change)
    assert ApiKeySecret.parse(change(SECRET.serialize())) is None


def test_only_the_hash_is_stored_and_nothing_shows_the_secret() -> None:
    stored = key()
    assert stored.secret_hash == hashlib.sha256(SECRET.reveal()).digest()
    assert stored.opens_with(SECRET)
    assert not stored.opens_with(ApiKeySecret(b"x" * 32))
    for shown in (repr(SECRET), str(SECRET), repr(stored)):
        assert SECRET.serialize() not in shown
        assert base64.b64encode(SECRET.reveal()).decode() not in shown


def test_a_key_is_active_until_it_expires_or_an_epoch_ends_it() -> None:
    assert key().is_active(NOW + 10**9)
    assert key(expires_at=NOW + 1).is_active(NOW)
    assert not key(expires_at=NOW).is_active(NOW)
    assert key(epoch=3).is_active(NOW, 3)
    assert not key(epoch=2).is_active(NOW, 3)
    assert active_keys([key(NOW), key(NOW + 1)], NOW) == [key(NOW + 1)]


def test_the_oldest_ended_keys_are_surplus_and_no_active_one_is() -> None:
    ended = [replace(key(NOW), created_at=age) for age in range(2 * MAX_INACTIVE_KEYS + 5)]
    by_breach = [replace(key(epoch=1), created_at=-1)]
    active = [replace(key(epoch=2), created_at=-2)] * 30
    assert surplus_keys([*ended[:MAX_INACTIVE_KEYS], *active], NOW, 0) == []
    assert surplus_keys([*active, *by_breach, *ended[:MAX_INACTIVE_KEYS]], NOW, 2) == by_breach
    found = surplus_keys(ended, NOW, 0)
    assert sorted(one.created_at for one in found) == list(range(MAX_INACTIVE_KEYS))


def test_of_more_keys_than_can_be_active_those_that_a_breach_ended_are_left_out() -> None:
    ended, valid = [key(epoch=1)] * 30, [key(epoch=2)] * 30
    assert active_keys([*ended, *valid], NOW) == valid
    (limit,) = (one for one in fields(Settings) if one.name == "max_api_keys")
    assert limit.metadata["high"] == MAX_ACTIVE_KEYS


def test_a_key_has_what_was_given_to_it_and_what_its_owner_holds() -> None:
    owner = KeyOwner(disabled=False, permissions=Scope.of({"b", "c"}))
    view = ApiKeyView(key(), owner, SystemState())
    assert view.refusal(NOW, 0) is None
    assert str(view.scope) == "b"


@pytest.mark.parametrize(
    ("view", "epoch", "refusal"),
    [
        (ApiKeyView(None, KeyOwner(False, Scope.of(())), SystemState()), 0, "unknown api key"),  # noqa: FBT003
        (ApiKeyView(key(), None, SystemState()), 0, "owner of api key deleted"),
        (ApiKeyView(key(), KeyOwner(True, Scope.of(())), SystemState()), 0, "owner of api key disabled"),  # noqa: FBT003
        (ApiKeyView(key(NOW), KeyOwner(False, Scope.of(())), SystemState()), 0, "api key expired"),  # noqa: FBT003
        (ApiKeyView(key(), KeyOwner(False, Scope.of(())), SystemState()), 1, "api key expired"),  # noqa: FBT003
        (
            ApiKeyView(key(), KeyOwner(False, Scope.of(())), SystemState(1, api_keys_epoch=1)),  # noqa: FBT003
            0,
            "api key expired",
        ),
    ],
)
def test_what_ends_a_key(view: ApiKeyView, epoch: int, refusal: str) -> None:
    assert view.refusal(NOW, epoch) == refusal


def test_a_breach_ends_keys_only_where_it_says_so() -> None:
    state = SystemState().with_epoch(2)
    assert (state.epoch, state.api_keys_epoch) == (2, 0)
    state = state.with_epoch(3, api_keys=True).with_epoch(1, api_keys=True).with_replaced(["k"], NOW)
    assert (state.epoch, state.api_keys_epoch) == (3, 3)
    assert merged([SystemState(5), state]).api_keys_epoch == 3


@pytest.mark.parametrize("name", ["a", "CI of the shop", "é", "x" * 100])
def test_a_name_is_printable(name: str) -> None:
    assert is_key_name(name)


@pytest.mark.parametrize("name", ["", " a", "a ", "a\n", "a\x1bb", "a\u202eb", "x" * 101])
def test_other_names_are_refused(name: str) -> None:
    assert not is_key_name(name)
