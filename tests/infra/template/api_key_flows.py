"""Every way through API keys: created, used, exchanged, introspected, refused and ended."""

from __future__ import annotations

import base64
import json
from typing import Any

from infra.local.gateway.messages import Response
from tests.infra.template.recorded import FunctionHarness

PASSWORD = "open the gate, please"


def api_key_flows(stage: FunctionHarness, email: str) -> None:
    """Drive them all. The account is left with a key, which its deletion ends."""
    token = stage.sign_in(email)["access_token"]
    key, other = _create(stage, token), _create(stage, token)
    _use(stage, key)
    _exchange(stage, key)
    _refuse(stage, key)
    assert len(json.loads(stage.ask("GET", "/me/api-keys", token).body)["api_keys"]) == 2
    assert stage.ask("DELETE", f"/me/api-keys/{key['id']}", token).status == 204
    assert stage.ask("DELETE", f"/me/api-keys/{key['id']}", token).status == 404
    assert stage.ask("GET", "/me", _basic(key)).status == 401
    assert stage.ask("GET", "/me", _basic(other)).status == 200


def _create(stage: FunctionHarness, token: str) -> dict[str, Any]:
    body = {"name": "a server", "current_password": PASSWORD}
    answer = stage.ask("POST", "/me/api-keys", token, body=body)
    assert answer.status == 201
    return dict(json.loads(answer.body))


def _use(stage: FunctionHarness, key: dict[str, Any]) -> None:
    assert stage.ask("GET", "/me", _basic(key)).status == 200
    assert stage.ask("GET", "/me/sessions", _basic(key)).status == 403


def _exchange(stage: FunctionHarness, key: dict[str, Any]) -> None:
    client = {"client_id": key["id"], "client_secret": key["secret"]}
    token = stage.token(grant_type="client_credentials", **client)["access_token"]
    assert stage.ask("GET", "/me", token).status == 200
    assert stage.token(grant_type="client_credentials")["error"] == "unauthorized_client"
    assert stage.token(grant_type="refresh_token", **client)["error"] == "unauthorized_client"
    assert _introspect(stage, token=token, **client).status == 403
    assert _introspect(stage, token=token).status == 401
    assert stage.ask("GET", "/oauth/introspect").status == 405


def _refuse(stage: FunctionHarness, key: dict[str, Any]) -> None:
    for bad in ("Basic", "Basic x", _basic({**key, "secret": "ghs_x"})):
        assert stage.ask("GET", "/me", bad if " " in bad else f"{bad} ").status == 401


def _introspect(stage: FunctionHarness, **form: str) -> Response:
    return stage.ask("POST", "/oauth/introspect", form=form)


def _basic(key: dict[str, Any]) -> str:
    credentials = f"{key['id']}:{key['secret']}"
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"
