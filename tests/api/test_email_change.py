"""Changing one's address over the function."""

from __future__ import annotations

import pytest

from tests.api.account_flows import signed_in
from tests.api.events import Gateway
from tests.api.json_requests import as_user, mailed_code, post, wrong
from tests.oauth.actors import EMAIL, PASSWORD, account

NEW = "new@example.com"


@pytest.fixture
def token(gateway: Gateway) -> str:
    return signed_in(gateway)


def ask_change(gateway: Gateway, token: str, email: str = NEW, password: str = PASSWORD) -> tuple[str, str]:
    answer = as_user(gateway, "POST", "/me/email", token, email=email, current_password=password)
    assert answer.status == 202
    return answer.json["verification"], mailed_code(gateway)


def verify(gateway: Gateway, token: str, verification: str, code: str) -> tuple[int, str]:
    answer = as_user(gateway, "POST", "/me/email/verify", token, verification=verification, code=code)
    return answer.status, str(answer.json["error"]) if answer.text else ""


def finds(gateway: Gateway, name: str) -> bool:
    return gateway.token(grant_type="password", username=name, password=PASSWORD).status == 200


def test_the_old_address_stays_until_the_code_has_come_back(gateway: Gateway, token: str) -> None:
    verification, code = ask_change(gateway, token)
    assert (finds(gateway, EMAIL), finds(gateway, NEW)) == (True, False)
    assert verify(gateway, token, verification, wrong(code)) == (400, "invalid_code")
    assert verify(gateway, token, verification, code) == (204, "")
    assert (finds(gateway, EMAIL), finds(gateway, NEW)) == (False, True)
    assert verify(gateway, token, verification, code) == (400, "invalid_code")
    assert gateway.protected("GET", "/me", token).json["email"] == NEW
    adapters = gateway.services.adapters
    assert adapters.audit.changes[-1].kind == "email_changed"
    (user,) = adapters.store.accounts
    assert [(one.kind, one.address, one.user_id) for one in adapters.mail_queue.requests] == [
        ("email_change_notice", "", user),
        ("email_change", NEW, user),
        ("email_changed", EMAIL, user),
    ]


def test_a_new_spelling_of_the_address_keeps_its_name(gateway: Gateway, token: str) -> None:
    assert verify(gateway, token, *ask_change(gateway, token, "Alice@example.com")) == (204, "")
    assert gateway.protected("GET", "/me", token).json["email"] == "Alice@example.com"
    assert finds(gateway, EMAIL)


def test_no_code_fits_a_taken_address_and_the_answer_is_the_same(gateway: Gateway, token: str) -> None:
    account(gateway.services, "bob@example.com", None)
    adapters, seen = gateway.services.adapters, []
    for email in ("bob@example.com", NEW):
        adapters.store.calls.clear()
        body = {"email": email, "current_password": PASSWORD}
        answer = as_user(gateway, "POST", "/me/email", token, **body)
        text = answer.text.replace(answer.json["verification"], "")
        seen.append((answer.status, text, dict(answer.headers), dict(adapters.store.calls)))
        if email != NEW:
            taken = answer.json["verification"], mailed_code(gateway)
    assert seen[0] == seen[1]
    assert verify(gateway, token, *taken) == (400, "invalid_code")
    assert finds(gateway, EMAIL)


def test_a_code_is_good_for_the_account_that_asked_alone(gateway: Gateway, token: str) -> None:
    account(gateway.services, "bob@example.com", None)
    bob = gateway.token(grant_type="password", username="bob@example.com", password=PASSWORD)
    verification, code = ask_change(gateway, token)
    assert verify(gateway, bob.json["access_token"], verification, code) == (400, "invalid_code")
    body = {"verification": verification, "code": code, "new_password": "yet another password"}
    assert post(gateway, "/password/reset", **body).error == (400, "invalid_code")
    assert verify(gateway, token, verification, code) == (204, "")


@pytest.mark.parametrize("change", ["password", "another address"])
def test_a_change_in_between_voids_the_code(gateway: Gateway, token: str, change: str) -> None:
    verification, code = ask_change(gateway, token)
    if change == "password":
        body = {"current_password": PASSWORD, "new_password": "a tin of green paint"}
        assert as_user(gateway, "POST", "/me/password", token, **body).status == 204
    else:
        other = ask_change(gateway, token, "other@example.com")
        assert verify(gateway, token, *other) == (204, "")
    assert verify(gateway, token, verification, code) == (400, "invalid_code")


def test_it_takes_the_current_password_and_an_address(gateway: Gateway, token: str) -> None:
    for body, expected in (
        ({"email": NEW, "current_password": "wrong"}, (400, "invalid_grant")),
        ({"email": "none", "current_password": PASSWORD}, (400, "invalid_request")),
        ({"email": NEW}, (400, "invalid_request")),
    ):
        assert as_user(gateway, "POST", "/me/email", token, **body).error == expected
    assert gateway.services.adapters.mail_queue.requests == []
