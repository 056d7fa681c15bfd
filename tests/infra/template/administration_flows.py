"""Every way through the administration of accounts."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.template.recorded import FunctionHarness


def drive(stage: FunctionHarness, token: str, user_id: str) -> None:
    """Drive them all, with the token of an administrator, on a user and on a new account."""
    for query in ("", "email=invited@example.com"):
        assert stage.ask("GET", "/admin/users", token, query=query).status == 200
    path = f"/admin/users/{user_id}"
    for disabled in (True, False):
        body: dict[str, Any] = {"disabled": disabled, "metadata": {"plan": "pro"}, "permissions": []}
        assert stage.ask("PATCH", path, token, body=body).status == 200
    assert stage.ask("POST", f"{path}/logout", token).status == 204
    assert stage.ask("POST", f"{path}/password-reset", token).status == 202
    asked = stage.ask("POST", "/admin/users", token, body={"email": "invited@example.com"})
    assert asked.status == 201
    assert stage.ask("POST", "/admin/users", token, body={"email": "invited@example.com"}).status == 409
    path = f"/admin/users/{json.loads(asked.body)['id']}"
    assert stage.ask("DELETE", path, token).status == 204
    assert stage.ask("DELETE", path, token).status == 404
