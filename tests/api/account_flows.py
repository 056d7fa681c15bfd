"""Every flow of people's own accounts, each to be run in services in which it succeeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.events import Answer, Gateway
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, mailed_code, post
from tests.oauth.actors import EMAIL, PASSWORD, account

Flow = Callable[[], Answer]


def signed_in(gateway: Gateway) -> str:
    """Create an account; return an access token."""
    account(gateway.services)
    answer = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)
    return str(answer.json["access_token"])


def sign_up(gateway: Gateway) -> Flow:
    return lambda: post(gateway, "/accounts", email="new@example.com", password=NEW_PASSWORD)


def _with_code(gateway: Gateway, asked: str, path: str, **body: Any) -> Flow:
    verification, code = ask(gateway, asked, email=body.pop("email"))
    return lambda: post(gateway, path, verification=verification, code=code, **body)


def verify(gateway: Gateway) -> Flow:
    email = "new@example.com"
    return _with_code(gateway, "/accounts", "/accounts/verify", email=email, password=NEW_PASSWORD)


def resend(gateway: Gateway) -> Flow:
    verification, _ = ask(gateway, "/accounts", email="new@example.com")
    return lambda: post(gateway, "/accounts/resend", verification=verification)


def forgot(gateway: Gateway) -> Flow:
    account(gateway.services)
    return lambda: post(gateway, "/password/forgot", email=EMAIL)


def reset(gateway: Gateway) -> Flow:
    signed_in(gateway)
    return _with_code(gateway, "/password/forgot", "/password/reset", email=EMAIL, new_password=NEW_PASSWORD)


def change_password(gateway: Gateway) -> Flow:
    token = signed_in(gateway)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return lambda: as_user(gateway, "POST", "/me/password", token, **body)


def change_username(gateway: Gateway) -> Flow:
    token = signed_in(gateway)
    return lambda: as_user(gateway, "PATCH", "/me", token, username="another")


def change_email(gateway: Gateway) -> Flow:
    token = signed_in(gateway)
    body = {"email": "new@example.com", "current_password": PASSWORD}
    return lambda: as_user(gateway, "POST", "/me/email", token, **body)


def verify_email(gateway: Gateway) -> Flow:
    token = signed_in(gateway)
    body = {"email": "new@example.com", "current_password": PASSWORD}
    verification = as_user(gateway, "POST", "/me/email", token, **body).json["verification"]
    code = mailed_code(gateway)
    return lambda: as_user(gateway, "POST", "/me/email/verify", token, verification=verification, code=code)


def delete_account(gateway: Gateway) -> Flow:
    token = signed_in(gateway)
    return lambda: as_user(gateway, "POST", "/me/delete", token, current_password=PASSWORD)


ACCOUNT_FLOWS: dict[Callable[[Gateway], Flow], int] = {
    sign_up: 202,
    verify: 200,
    resend: 202,
    forgot: 202,
    reset: 200,
    change_password: 204,
    change_username: 200,
    change_email: 202,
    verify_email: 204,
    delete_account: 204,
}
