"""The flows of API keys whose log is searched for secrets."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

from chalicelib.domain.errors import Unavailable
from tests.api.events import Denied, Gateway
from tests.api.json_requests import as_user
from tests.api.key_requests import Key, shown


def use_api_keys(gateway: Gateway, token: str, password: str, wrong: str) -> set[str]:
    """Create a key, use it rightly and wrongly, and end it. Return what must stay secret."""
    body = {"name": "a server", "current_password": password}
    for misplaced in ("name", "current_password", "scope", "password"):
        as_user(gateway, "POST", "/me/api-keys", token, **{**body, misplaced: f"{wrong}\n"})
    made: dict[str, Any] = as_user(gateway, "POST", "/me/api-keys", token, **body).json
    key = Key(made["id"], made["secret"])
    _show(gateway, key, wrong)
    gateway.protected("GET", "/me/api-keys", token)
    gateway.protected("DELETE", f"/me/api-keys/{key.secret}", token)
    gateway.protected("DELETE", f"/me/api-keys/{key.id}", token)
    _show(gateway, key, wrong)
    encoded = base64.b64encode(f"{key.id}:{key.secret}".encode()).decode()
    return {key.secret, encoded}


def _show(gateway: Gateway, key: Key, wrong: str) -> None:
    shapes = (
        key,
        Key(key.secret, key.id),
        Key(key.id, key.secret[:-2]),
        Key(key.id, wrong),
        Key(wrong, wrong),
    )
    for header in ("Basic", "Basic x", f"Basic {wrong}"):
        with suppress(Denied, Unavailable):
            shown(header)
    for one in shapes:
        for path in ("/me", "/me/sessions"):
            with suppress(Denied, Unavailable):
                shown(one.basic, "GET", path)
        for form in ({}, {"client_id": one.id, "client_secret": one.secret}):
            headers = {} if form else {"Authorization": one.basic}
            gateway.token(headers, grant_type="client_credentials", **form)
            gateway.form("/oauth/introspect", headers, token=one.secret, **form)
            gateway.form("/oauth/revoke", headers, token=one.secret, **form)
