"""User names over the function."""

from __future__ import annotations

import pytest

from tests.api.account_flows import signed_in
from tests.api.events import Gateway
from tests.api.json_requests import as_user
from tests.oauth.actors import PASSWORD, account

DAY = 86_400


@pytest.fixture
def alice(gateway: Gateway) -> str:
    return signed_in(gateway)


def rename(gateway: Gateway, token: str, username: object) -> tuple[int, object]:
    answer = as_user(gateway, "PATCH", "/me", token, username=username)
    return answer.status, answer.json.get("error") or answer.json.get("username")


def finds(gateway: Gateway, name: str) -> bool:
    return gateway.token(grant_type="password", username=name, password=PASSWORD).status == 200


def bob(gateway: Gateway) -> str:
    account(gateway.services, "bob@example.com", None)
    answer = gateway.token(grant_type="password", username="bob@example.com", password=PASSWORD)
    return str(answer.json["access_token"])


def test_a_user_name_is_set_changed_and_removed(gateway: Gateway, alice: str) -> None:
    answer = as_user(gateway, "PATCH", "/me", alice, username="Ada.L")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json.items() <= gateway.protected("GET", "/me", alice).json.items()
    assert (answer.json["username"], answer.json["email"]) == ("Ada.L", "alice@example.com")
    assert (finds(gateway, "ada.l"), finds(gateway, "alice")) == (True, False)
    assert rename(gateway, alice, "ADA.L") == (200, "ADA.L")
    assert rename(gateway, alice, None) == (200, None)
    assert (finds(gateway, "ada.l"), finds(gateway, "alice@example.com")) == (False, True)
    adapters = gateway.services.adapters
    assert [one.kind for one in adapters.audit.changes[1:]] == ["username_changed"] * 3
    assert [one.kind for one in adapters.mail_queue.requests] == ["username_changed"] * 3


def test_a_taken_name_is_a_conflict_and_a_given_up_one_stays_reserved_for_90_days(
    gateway: Gateway, alice: str
) -> None:
    other, clock = bob(gateway), gateway.services.adapters.clock
    assert rename(gateway, other, "ALICE") == (409, "conflict")
    assert gateway.services.adapters.mail_queue.requests == []
    assert rename(gateway, alice, "ada") == (200, "ada")
    assert rename(gateway, other, "alice") == (409, "conflict")
    assert rename(gateway, alice, "alice") == (200, "alice")
    assert rename(gateway, alice, None) == (200, None)
    clock.advance(30)
    store = gateway.services.adapters.store
    (reserved,) = [one for one in store.reserved if one.canonical == "alice"]
    assert store.reserved[reserved][1] == clock.now - 30 + 90 * DAY
    assert rename(gateway, other, "alice") == (409, "conflict")


def test_a_name_can_be_changed_five_times_a_day(gateway: Gateway, alice: str) -> None:
    clock = gateway.services.adapters.clock
    for number in range(5):
        assert rename(gateway, alice, f"name{number}")[0] == 200
        clock.advance(60)
    answer = as_user(gateway, "PATCH", "/me", alice, username="another")
    assert answer.error == (429, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == str(DAY - 300)
    assert rename(gateway, alice, "name4") == (200, "name4")
    store = gateway.services.adapters.store
    assert len(next(iter(store.accounts.values())).username_changes) == 5


@pytest.mark.parametrize("username", ["", "a b", "a@b", "0" * 32, "x" * 65, 1, True, {}])
def test_what_is_no_user_name_is_refused(gateway: Gateway, alice: str, username: object) -> None:
    assert rename(gateway, alice, username) == (400, "invalid_request")
    assert gateway.services.adapters.mail_queue.requests == []


def test_a_change_that_comes_between_is_seen(gateway: Gateway, alice: str) -> None:
    store = gateway.services.adapters.store
    store.before["set_username"] = lambda: rename(gateway, alice, "between")
    assert rename(gateway, alice, "after") == (200, "after")
    assert not finds(gateway, "between")
    assert finds(gateway, "after")
