"""What a failed sign-in gives away: nothing, neither by its answer nor by its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidGrant
from chalicelib.domain.passwords import Password, PasswordHash
from tests.fakes import FakeHouse
from tests.oauth.actors import EMAIL, PASSWORD, account, refresh, sign_in

Outcome = Callable[[FakeHouse], tuple[str, str]]


def unknown_name(house: FakeHouse) -> tuple[str, str]:
    return "nobody@example.com", PASSWORD


def wrong_password(house: FakeHouse) -> tuple[str, str]:
    return EMAIL, "some other password"


def disabled_user(house: FakeHouse) -> tuple[str, str]:
    user_id = account(house, "disabled@example.com", None).user_id
    house.administration.disable(user_id)
    return "disabled@example.com", PASSWORD


def disabled_user_with_wrong_password(house: FakeHouse) -> tuple[str, str]:
    name, _ = disabled_user(house)
    return name, "some other password"


def corrupt_hash(house: FakeHouse) -> tuple[str, str]:
    store_hash(house, "not a hash at all")
    return EMAIL, PASSWORD


def deleted_account_of_a_name(house: FakeHouse) -> tuple[str, str]:
    house.world.store.accounts.clear()
    return EMAIL, PASSWORD


OUTCOMES = [
    unknown_name,
    wrong_password,
    disabled_user,
    disabled_user_with_wrong_password,
    corrupt_hash,
    deleted_account_of_a_name,
]


def store_hash(house: FakeHouse, text: str) -> None:
    store = house.world.store
    for user_id, stored in store.accounts.items():
        store.accounts[user_id] = replace(stored, password_hash=PasswordHash(text))


def fail(house: FakeHouse, outcome: Outcome) -> InvalidGrant:
    account(house)
    name, password = outcome(house)
    house.world.hasher.calls.clear()
    house.world.store.calls.clear()
    house.world.store.round_trips = 0
    with pytest.raises(InvalidGrant) as refusal:
        sign_in(house, name, password)
    return refusal.value


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_failure_has_one_answer(house: FakeHouse, outcome: Outcome) -> None:
    error = fail(house, outcome)
    assert (error.status, error.code) == (400, "invalid_grant")
    assert error.public_description == InvalidGrant.description
    assert error.headers == {}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_failure_costs_one_check_and_the_same_calls(house: FakeHouse, outcome: Outcome) -> None:
    fail(house, outcome)
    assert house.world.hasher.calls == ["check"]
    assert house.world.store.calls == {"begin_sign_in": 1}
    assert house.world.store.round_trips == 2
    assert not house.world.store.live


def test_the_log_knows_what_the_answer_does_not(house: FakeHouse) -> None:
    reasons = {
        outcome.__name__: fail(FakeHouse(house.settings, type(house.world)()), outcome).reason
        for outcome in OUTCOMES
    }
    assert reasons["unknown_name"] == "unknown_user"
    assert reasons["wrong_password"] == reasons["disabled_user_with_wrong_password"] == "wrong_password"
    assert reasons["disabled_user"] == "disabled_user"
    assert reasons["corrupt_hash"] == "corrupt_hash"


def test_a_corrupt_hash_is_audited_since_its_owner_is_locked_out(house: FakeHouse) -> None:
    fail(house, corrupt_hash)
    ((name, user_id),) = house.world.audit.events
    assert (name, user_id) == ("corrupt_hash", next(iter(house.world.store.accounts)))


def test_a_hash_cheaper_than_the_setting_is_replaced_by_the_sign_in_that_it_let_in(house: FakeHouse) -> None:
    house.world.hasher.cost = 10
    user = account(house)
    house.world.hasher.cost = 12
    house.world.hasher.calls.clear()
    sign_in(house)
    assert house.world.hasher.calls == ["check", "hash"]
    stored = house.world.store.accounts[user.user_id]
    assert stored.password_hash.reveal().startswith("$fake$12$")
    assert stored.password_version == user.password_version

    house.world.hasher.calls.clear()
    sign_in(house)
    assert house.world.hasher.calls == ["check"]


def test_a_hash_is_not_replaced_by_a_wrong_password(house: FakeHouse) -> None:
    house.world.hasher.cost = 10
    user = account(house)
    house.world.hasher.cost = 12
    house.world.hasher.calls.clear()
    with pytest.raises(InvalidGrant):
        sign_in(house, password="some other password")
    assert house.world.hasher.calls == ["check"]
    assert house.world.store.accounts[user.user_id].password_hash == user.password_hash


def test_two_sign_ins_that_both_replace_the_hash_both_succeed(house: FakeHouse) -> None:
    house.world.hasher.cost = 10
    account(house)
    house.world.hasher.cost = 12
    house.world.store.before["open"] = lambda: sign_in(house)
    assert sign_in(house).access_token
    assert len(house.world.store.live) == 2


def test_an_account_disabled_while_its_password_is_checked_opens_no_session(house: FakeHouse) -> None:
    user = account(house)
    house.world.store.before["open"] = lambda: house.administration.disable(user.user_id)
    with pytest.raises(InvalidGrant) as refusal:
        sign_in(house)
    assert refusal.value.public_description == InvalidGrant.description
    assert not house.world.store.live


def test_an_account_deleted_while_its_password_is_checked_opens_no_session(house: FakeHouse) -> None:
    user = account(house)
    house.world.store.before["open"] = lambda: house.administration.delete(user.user_id)
    with pytest.raises(InvalidGrant):
        sign_in(house)
    assert not house.world.store.live


def test_a_password_changed_while_the_old_one_is_checked_opens_no_session(house: FakeHouse) -> None:
    user = account(house)
    store = house.world.store

    def change() -> None:
        new = house.world.hasher.hash(Password.presented("a wholly new password"))
        store.accounts[user.user_id] = replace(user, password_hash=new, password_version=2)

    store.before["open"] = change
    with pytest.raises(InvalidGrant):
        sign_in(house)
    assert not store.live
    assert sign_in(house, password="a wholly new password").access_token


def test_a_sign_in_whose_answer_was_lost_leaves_a_session_that_harms_nobody(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    second = sign_in(house)
    assert refresh(house, first.refresh_token).access_token
    assert refresh(house, second.refresh_token).access_token
