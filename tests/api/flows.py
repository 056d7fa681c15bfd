"""Every flow through the routes, each with services in which it succeeds."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.accounts.passwords import PasswordHash
from tests.api.account_flows import ACCOUNT_FLOWS
from tests.api.admin_flows import ADMIN_FLOWS
from tests.api.api_key_flows import API_KEY_FLOWS
from tests.api.events import Answer, Gateway
from tests.oauth.actors import EMAIL, PASSWORD, account

WINDOW_AND_MORE = 11
Flow = Callable[[], Answer]
Prepare = Callable[[Gateway], Flow]


def _credentials(gateway: Gateway) -> Flow:
    return lambda: gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)


def sign_in(gateway: Gateway) -> Flow:
    account(gateway.services)
    return _credentials(gateway)


def sign_in_at_the_limit(gateway: Gateway) -> Flow:
    flow = sign_in(gateway)
    for _ in range(gateway.services.settings.max_sessions):
        flow()
    return flow


def sign_in_with_an_outdated_hash(gateway: Gateway) -> Flow:
    gateway.services.adapters.hasher.cost = 4
    flow = sign_in(gateway)
    gateway.services.adapters.hasher.cost = 12
    return flow


def sign_in_of_nobody(gateway: Gateway) -> Flow:
    return _credentials(gateway)


def sign_in_with_a_corrupt_hash(gateway: Gateway) -> Flow:
    flow = sign_in(gateway)
    store = gateway.services.adapters.store
    for user_id in store.accounts:
        store.hashes[user_id] = PasswordHash("$2b$12$corrupt")
    return flow


def refresh(gateway: Gateway) -> Flow:
    token = sign_in(gateway)().json["refresh_token"]
    return lambda: gateway.token(grant_type="refresh_token", refresh_token=token)


def repeated_refresh(gateway: Gateway) -> Flow:
    flow = refresh(gateway)
    flow()
    return flow


def refresh_with_a_stolen_token(gateway: Gateway) -> Flow:
    flow = refresh(gateway)
    flow()
    gateway.services.adapters.clock.advance(WINDOW_AND_MORE)
    return flow


def _protected(gateway: Gateway, method: str, path: str) -> Flow:
    token = sign_in(gateway)().json["access_token"]
    return lambda: gateway.protected(method, path, token)


def me(gateway: Gateway) -> Flow:
    return _protected(gateway, "GET", "/me")


def list_sessions(gateway: Gateway) -> Flow:
    return _protected(gateway, "GET", "/me/sessions")


def sign_out_everywhere(gateway: Gateway) -> Flow:
    return _protected(gateway, "DELETE", "/me/sessions")


def sign_out(gateway: Gateway) -> Flow:
    token = sign_in(gateway)().json["access_token"]
    session_id = next(session_id for _, session_id in gateway.services.adapters.store.live)
    return lambda: gateway.protected("DELETE", f"/me/sessions/{session_id}", token)


def look_at_an_account(gateway: Gateway) -> Flow:
    user = account(gateway.services, permissions=["users:read"])
    token = _credentials(gateway)().json["access_token"]
    return lambda: gateway.protected("GET", f"/admin/users/{user.user_id}", token)


def revoke_refresh_token(gateway: Gateway) -> Flow:
    token = sign_in(gateway)().json["refresh_token"]
    return lambda: gateway.form("/oauth/revoke", token=token)


def revoke_access_token(gateway: Gateway) -> Flow:
    token = sign_in(gateway)().json["access_token"]
    return lambda: gateway.form("/oauth/revoke", token=token)


FLOWS: dict[Prepare, int] = {
    sign_in: 200,
    sign_in_at_the_limit: 200,
    sign_in_with_an_outdated_hash: 200,
    sign_in_of_nobody: 400,
    sign_in_with_a_corrupt_hash: 400,
    refresh: 200,
    repeated_refresh: 200,
    refresh_with_a_stolen_token: 400,
    me: 200,
    list_sessions: 200,
    sign_out: 204,
    sign_out_everywhere: 204,
    look_at_an_account: 200,
    revoke_refresh_token: 200,
    revoke_access_token: 200,
    **ACCOUNT_FLOWS,
    **ADMIN_FLOWS,
    **API_KEY_FLOWS,
}
"""Each flow, and the status that it ends with where nothing fails."""
