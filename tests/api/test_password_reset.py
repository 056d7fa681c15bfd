"""Forgotten passwords over the function."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.mail import MailKind
from tests.api.events import Denied, Gateway
from tests.api.json_requests import NEW_PASSWORD, ask, post, signed_up, wrong
from tests.fakes import START
from tests.oauth.actors import EMAIL, PASSWORD, account

NEW = "new@example.com"


def reset(gateway: Gateway, verification: str, code: str, password: str = NEW_PASSWORD) -> tuple[int, str]:
    answer = post(gateway, "/password/reset", verification=verification, code=code, new_password=password)
    return answer.status, str(answer.json.get("error") or answer.json["device_key"])


def sign_in(gateway: Gateway, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return dict(gateway.token(grant_type="password", username=EMAIL, password=password, **more).json)


@pytest.fixture
def user(gateway: Gateway) -> Account:
    return account(gateway.services)


def test_a_reset_sets_the_password_and_ends_every_session_and_device(gateway: Gateway, user: Account) -> None:
    before = sign_in(gateway)
    verification, code = ask(gateway, "/password/forgot", email="ALICE@Example.com")
    status, device_key = reset(gateway, verification, code)
    assert (status, device_key[:4]) == (200, "ghd_")
    store, adapters = gateway.services.adapters.store, gateway.services.adapters
    assert gateway.token(grant_type="refresh_token", refresh_token=before["refresh_token"]).status == 400
    with pytest.raises(Denied):
        gateway.protected("GET", "/me", before["access_token"])
    assert sign_in(gateway)["error"] == "invalid_grant"
    assert [one.digest for one in store.devices_of(user.user_id)] != []
    assert sign_in(gateway, NEW_PASSWORD, device_key=device_key)["device_key"] == device_key
    assert sign_in(gateway, NEW_PASSWORD, device_key=before["device_key"])["device_key"] != device_key
    stored = store.accounts[user.user_id]
    assert (stored.password_version, stored.security_version) == (2, 2)
    assert adapters.audit.changes[-1].kind == "password_reset"
    assert [one.reason for one in store.past.values()] == ["password_reset"]
    assert [(one.kind, one.user_id) for one in adapters.mail_queue.requests] == [
        (MailKind.PASSWORD_RESET, user.user_id),
        (MailKind.PASSWORD_CHANGED, user.user_id),
    ]


def test_no_answer_tells_whether_there_is_an_account(gateway: Gateway, user: Account) -> None:
    off = account(gateway.services, "off@example.com", None)
    gateway.services.administration.disable(off.user_id, "somebody")
    adapters, seen = gateway.services.adapters, []
    for _ in range(6):
        post(gateway, "/password/forgot", email="blocked@example.com")
    for email in (EMAIL, "nobody@example.com", "off@example.com", "blocked@example.com"):
        adapters.store.calls.clear()
        adapters.mail_queue.calls.clear()
        round_trips = adapters.store.round_trips
        answer = post(gateway, "/password/forgot", email=email)
        text = answer.text.replace(answer.json["verification"], "")
        calls = dict(adapters.store.calls), dict(adapters.mail_queue.calls)
        seen.append(
            (answer.status, text, dict(answer.headers), calls, adapters.store.round_trips - round_trips)
        )
    assert seen.count(seen[0]) == len(seen)
    assert (seen[0][0], seen[0][4]) == (202, 3)


def test_wrong_codes_of_any_kind_are_answered_alike(gateway: Gateway, user: Account) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    nobody, its_code = ask(gateway, "/password/forgot", email="nobody@example.com")
    sign_up, another = ask(gateway, "/accounts", email=NEW)
    for token, guess in (
        (verification, wrong(code)),
        (nobody, wrong(its_code)),
        (nobody, its_code),
        (sign_up, another),
        ("ghv_unknown", code),
    ):
        assert reset(gateway, token, guess) == (400, "invalid_code")
    assert post(
        gateway, "/accounts/verify", verification=verification, code=code, password=NEW_PASSWORD
    ).error == (400, "invalid_code")
    assert sign_in(gateway)["scope"]


@pytest.mark.parametrize("change", ["reset", "disable", "disable and enable", "delete", "breach"])
def test_what_changes_an_account_voids_its_codes(gateway: Gateway, user: Account, change: str) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    administration, adapters = gateway.services.administration, gateway.services.adapters
    if change == "reset":
        other, its_code = ask(gateway, "/password/forgot", email=EMAIL)
        assert reset(gateway, other, its_code, "yet another password")[0] == 200
    elif change == "breach":
        adapters.store.advance_epoch(adapters.keys.breach())
    elif change == "delete":
        administration.delete(user.user_id, "somebody")
    else:
        administration.disable(user.user_id, "somebody")
        if "enable" in change:
            administration.enable(user.user_id, "somebody")
    assert reset(gateway, verification, code) == (400, "invalid_code")


def test_an_old_code_does_not_open_an_account_that_has_the_address_since(gateway: Gateway) -> None:
    first = account(gateway.services)
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    gateway.services.administration.delete(first.user_id, "somebody")
    signed_up(gateway, EMAIL, "password of the second owner")
    assert reset(gateway, verification, code) == (400, "invalid_code")
    assert "access_token" in sign_in(gateway, "password of the second owner")


def test_a_refused_password_costs_no_try_and_no_code(gateway: Gateway, user: Account) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    for _ in range(9):
        assert reset(gateway, verification, code, "short") == (400, "password_too_short")
        assert reset(gateway, verification, code, "alicealicealice") == (400, "password_contains_name")
    assert reset(gateway, verification, wrong(code), "alicealicealice") == (400, "invalid_code")
    assert reset(gateway, verification, code)[0] == 200


def test_a_sign_in_that_comes_between_is_ended_as_well(gateway: Gateway, user: Account) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    store = gateway.services.adapters.store
    store.before["set_password"] = lambda: sign_in(gateway)
    assert reset(gateway, verification, code)[0] == 200
    assert store.live == {}
    assert len(store.devices) == 1


def test_a_disabling_that_comes_between_wins(gateway: Gateway, user: Account) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    store, administration = gateway.services.adapters.store, gateway.services.administration
    store.before["set_password"] = lambda: administration.disable(user.user_id, "somebody")
    assert reset(gateway, verification, code) == (400, "invalid_code")
    assert store.accounts[user.user_id].password_version == 1


def test_nothing_is_changed_while_the_owner_cannot_be_told(gateway: Gateway, user: Account) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    queue = gateway.services.adapters.mail_queue
    queue.down = {"enqueue"}
    assert reset(gateway, verification, code) == (503, "temporarily_unavailable")
    queue.down = set()
    assert reset(gateway, verification, code)[0] == 200


def test_the_language_of_the_mail_is_that_of_the_request(gateway: Gateway, user: Account) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": "fr;q=0.1, de-CH"}
    gateway.send("POST", "/password/forgot", headers=headers, body='{"email": "alice@example.com"}')
    (message,) = gateway.services.adapters.mail_queue.requests
    assert (message.language, message.created_at) == ("de-ch,fr", START)
