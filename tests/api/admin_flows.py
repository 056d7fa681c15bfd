"""Every flow of an administrator, each to be run in services in which it succeeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.domain.accounts.account import Account
from tests.api.events import Answer, Gateway
from tests.api.json_requests import as_user
from tests.oauth.actors import EMAIL, PASSWORD, account, sign_in

Flow = Callable[[], Answer]

ADMIN, HELD = "admin@example.com", ("users:read", "users:write", "reports:read")


def administrator(gateway: Gateway, permissions: tuple[str, ...] = HELD, email: str = ADMIN) -> str:
    """Create an administrator; return an access token."""
    account(gateway.services, email, None, permissions)
    return str(gateway.token(grant_type="password", username=email, password=PASSWORD).json["access_token"])


def subject(gateway: Gateway, permissions: tuple[str, ...] = ("things:read",)) -> Account:
    """Create an account with a session, to be administered."""
    made = account(gateway.services, EMAIL, "alice", permissions)
    sign_in(gateway.services)
    return made


def _on_subject(gateway: Gateway, method: str, rest: str = "", **body: Any) -> Flow:
    token, path = administrator(gateway), f"/admin/users/{subject(gateway).user_id}{rest}"
    return lambda: as_user(gateway, method, path, token, **body)


def list_users(gateway: Gateway) -> Flow:
    token = administrator(gateway)
    return lambda: gateway.protected("GET", "/admin/users", token)


def invite_user(gateway: Gateway) -> Flow:
    token = administrator(gateway)
    body = {"email": "new@example.com", "permissions": ["reports:read"]}
    return lambda: as_user(gateway, "POST", "/admin/users", token, **body)


def change_user(gateway: Gateway) -> Flow:
    permissions = ["things:read", "reports:read"]
    return _on_subject(gateway, "PATCH", permissions=permissions, disabled=True, metadata={"plan": "pro"})


def delete_user(gateway: Gateway) -> Flow:
    return _on_subject(gateway, "DELETE")


def end_sessions(gateway: Gateway) -> Flow:
    return _on_subject(gateway, "POST", "/logout")


def request_reset(gateway: Gateway) -> Flow:
    return _on_subject(gateway, "POST", "/password-reset")


ADMIN_FLOWS: dict[Callable[[Gateway], Flow], int] = {
    list_users: 200,
    invite_user: 201,
    change_user: 200,
    delete_user: 204,
    end_sessions: 204,
    request_reset: 202,
}
