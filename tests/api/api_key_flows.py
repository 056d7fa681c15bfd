"""Every flow of API keys, each to be run with services in which it succeeds."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.events import Answer, Gateway
from tests.api.json_requests import as_user
from tests.api.key_requests import Key, created, exchanged, owner, shown
from tests.oauth.actors import PASSWORD

Flow = Callable[[], Answer]


def _with_key(gateway: Gateway, flow: Callable[[str, Key], Answer], *permissions: str) -> Flow:
    token = owner(gateway, *permissions)
    key = created(gateway, token)
    return lambda: flow(token, key)


def create_key(gateway: Gateway) -> Flow:
    token = owner(gateway)
    body = {"name": "server", "current_password": PASSWORD}
    return lambda: as_user(gateway, "POST", "/me/api-keys", token, **body)


def list_keys(gateway: Gateway) -> Flow:
    return _with_key(gateway, lambda token, _: gateway.protected("GET", "/me/api-keys", token))


def revoke_key(gateway: Gateway) -> Flow:
    def revoke(token: str, key: Key) -> Answer:
        return gateway.protected("DELETE", f"/me/api-keys/{key.id}", token)

    return _with_key(gateway, revoke)


def me_with_a_key(gateway: Gateway) -> Flow:
    return _with_key(gateway, lambda _, key: shown(key.basic))


def exchange_a_key(gateway: Gateway) -> Flow:
    return _with_key(gateway, lambda _, key: exchanged(gateway, key))


def introspect(gateway: Gateway) -> Flow:
    def ask(token: str, key: Key) -> Answer:
        return gateway.form("/oauth/introspect", {"Authorization": key.basic}, token=token)

    return _with_key(gateway, ask, "tokens:introspect")


API_KEY_FLOWS: dict[Callable[[Gateway], Flow], int] = {
    create_key: 201,
    list_keys: 200,
    revoke_key: 204,
    me_with_a_key: 200,
    exchange_a_key: 200,
    introspect: 200,
}
