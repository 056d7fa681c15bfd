"""What a failed sign-in gives away: nothing, neither by its answer nor by its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.errors import InvalidGrant
from tests.changes import ACTOR
from tests.fakes import FakeServices
from tests.oauth.actors import EMAIL, PASSWORD, account, refresh, sign_in

Outcome = Callable[[FakeServices], tuple[str, str]]


def unknown_name(services: FakeServices) -> tuple[str, str]:
    return "nobody@example.com", PASSWORD


def wrong_password(services: FakeServices) -> tuple[str, str]:
    return EMAIL, "some other password"


def disabled_user(services: FakeServices) -> tuple[str, str]:
    user_id = account(services, "disabled@example.com", None).user_id
    services.administration.disable(user_id, ACTOR)
    return "disabled@example.com", PASSWORD


def disabled_user_with_wrong_password(services: FakeServices) -> tuple[str, str]:
    name, _ = disabled_user(services)
    return name, "some other password"


def corrupt_hash(services: FakeServices) -> tuple[str, str]:
    store_hash(services, "not a hash at all")
    return EMAIL, PASSWORD


def deleted_account_of_a_name(services: FakeServices) -> tuple[str, str]:
    services.adapters.store.accounts.clear()
    return EMAIL, PASSWORD


OUTCOMES = [
    unknown_name,
    wrong_password,
    disabled_user,
    disabled_user_with_wrong_password,
    corrupt_hash,
    deleted_account_of_a_name,
]


def store_hash(services: FakeServices, text: str) -> None:
    store = services.adapters.store
    for user_id in store.accounts:
        store.hashes[user_id] = PasswordHash(text)


def fail(services: FakeServices, outcome: Outcome) -> InvalidGrant:
    account(services)
    name, password = outcome(services)
    services.adapters.hasher.calls.clear()
    services.adapters.store.calls.clear()
    services.adapters.store.round_trips = 0
    with pytest.raises(InvalidGrant) as refusal:
        sign_in(services, name, password)
    return refusal.value


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_failure_has_one_answer(services: FakeServices, outcome: Outcome) -> None:
    error = fail(services, outcome)
    assert (error.status, error.code) == (400, "invalid_grant")
    assert error.public_description == InvalidGrant.description
    assert error.headers == {}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_failure_costs_one_check_and_the_same_calls(services: FakeServices, outcome: Outcome) -> None:
    fail(services, outcome)
    in_vain = outcome in {disabled_user, disabled_user_with_wrong_password}
    assert services.adapters.hasher.calls == ["check in vain" if in_vain else "check"]
    assert services.adapters.store.calls == {"begin": 1}
    assert services.adapters.store.round_trips == 2
    assert not services.adapters.store.live


def test_the_log_knows_what_the_answer_does_not(services: FakeServices) -> None:
    reasons = {
        outcome.__name__: fail(FakeServices(services.settings, type(services.adapters)()), outcome).reason
        for outcome in OUTCOMES
    }
    assert reasons["unknown_name"] == "unknown_user"
    assert reasons["wrong_password"] == reasons["disabled_user_with_wrong_password"] == "wrong_password"
    assert reasons["disabled_user"] == "disabled_user"
    assert reasons["corrupt_hash"] == "corrupt_hash"


def test_a_corrupt_hash_is_audited_since_its_owner_is_locked_out(services: FakeServices) -> None:
    fail(services, corrupt_hash)
    ((name, user_id),) = services.adapters.audit.events
    assert (name, user_id) == ("corrupt_hash", next(iter(services.adapters.store.accounts)))


def test_a_hash_cheaper_than_the_setting_is_replaced_by_the_sign_in_that_it_let_in(
    services: FakeServices,
) -> None:
    services.adapters.hasher.cost = 10
    user = account(services)
    services.adapters.hasher.cost = 12
    services.adapters.hasher.calls.clear()
    sign_in(services)
    assert services.adapters.hasher.calls == ["check", "hash"]
    store = services.adapters.store
    assert store.hashes[user.user_id].reveal().startswith("$fake$12$")
    assert store.accounts[user.user_id].password_version == user.password_version

    services.adapters.hasher.calls.clear()
    sign_in(services)
    assert services.adapters.hasher.calls == ["check"]


def test_a_hash_is_not_replaced_by_a_wrong_password(services: FakeServices) -> None:
    services.adapters.hasher.cost = 10
    user = account(services)
    services.adapters.hasher.cost = 12
    before = services.adapters.store.hashes[user.user_id].reveal()
    services.adapters.hasher.calls.clear()
    with pytest.raises(InvalidGrant):
        sign_in(services, password="some other password")
    assert services.adapters.hasher.calls == ["check"]
    assert services.adapters.store.hashes[user.user_id].reveal() == before


def test_two_sign_ins_that_both_replace_the_hash_both_succeed(services: FakeServices) -> None:
    services.adapters.hasher.cost = 10
    account(services)
    services.adapters.hasher.cost = 12
    services.adapters.store.before["open"] = lambda: sign_in(services)
    assert sign_in(services).access_token
    assert len(services.adapters.store.live) == 2


def test_an_account_disabled_while_its_password_is_checked_opens_no_session(services: FakeServices) -> None:
    user = account(services)
    services.adapters.store.before["open"] = lambda: services.administration.disable(user.user_id, ACTOR)
    with pytest.raises(InvalidGrant) as refusal:
        sign_in(services)
    assert refusal.value.public_description == InvalidGrant.description
    assert not services.adapters.store.live


def test_an_account_deleted_while_its_password_is_checked_opens_no_session(services: FakeServices) -> None:
    user = account(services)
    services.adapters.store.before["open"] = lambda: services.administration.delete(user.user_id, ACTOR)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    assert not services.adapters.store.live


def test_a_password_changed_while_the_old_one_is_checked_opens_no_session(services: FakeServices) -> None:
    user = account(services)
    store = services.adapters.store

    def change() -> None:
        new = services.adapters.hasher.hash(Password.presented("a wholly new password"))
        store.hashes[user.user_id] = new
        store.accounts[user.user_id] = replace(user, password_version=2)

    store.before["open"] = change
    with pytest.raises(InvalidGrant):
        sign_in(services)
    assert not store.live
    assert sign_in(services, password="a wholly new password").access_token


def test_a_sign_in_with_a_lost_response_leaves_a_harmless_session(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    second = sign_in(services)
    assert refresh(services, first.refresh_token).access_token
    assert refresh(services, second.refresh_token).access_token
