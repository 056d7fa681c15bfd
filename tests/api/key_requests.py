"""API keys as a test creates and shows them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from tests.api.events import Answer, Denied, Gateway, authorize, invoke, proxy_event, stringified
from tests.api.json_requests import as_user
from tests.oauth.actors import EMAIL, PASSWORD, account


@dataclass(frozen=True)
class Key:
    """A key with its secret."""

    id: str
    secret: str

    @property
    def basic(self) -> str:
        """Its Authorization header."""
        return basic(f"{self.id}:{self.secret}")


def basic(credentials: str | bytes, scheme: str = "Basic") -> str:
    raw = credentials if isinstance(credentials, bytes) else credentials.encode()
    return f"{scheme} {base64.b64encode(raw).decode()}"


def owner(gateway: Gateway, *permissions: str) -> str:
    """Create an account, sign in, and return the access token."""
    account(gateway.services, permissions=permissions)
    return signed_in(gateway)


def signed_in(gateway: Gateway, password: str = PASSWORD) -> str:
    answer = gateway.token(grant_type="password", username=EMAIL, password=password)
    return str(answer.json["access_token"])


def create(gateway: Gateway, token: str, **body: Any) -> Answer:
    body = {"name": "server", "current_password": PASSWORD, **body}
    return as_user(gateway, "POST", "/me/api-keys", token, **body)


def created(gateway: Gateway, token: str, **body: Any) -> Key:
    answer = create(gateway, token, **body)
    assert answer.status == 201, answer.text
    return Key(answer.json["id"], answer.json["secret"])


def shown(authorization: str, method: str = "GET", path: str = "/me", body: str | None = None) -> Answer:
    """Ask the authorizer with a header, then the function. Raises Denied."""
    policy = authorize(authorization, method, path)
    (statement,) = policy["policyDocument"]["Statement"]
    if statement["Effect"] != "Allow":
        raise Denied(policy["context"])
    context = stringified(policy["context"], policy["principalId"])
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    return invoke(proxy_event(method, path, headers=headers, body=body, context=context))


def exchanged(gateway: Gateway, key: Key, **parameters: str) -> Answer:
    """Ask for an access token with the key in a Basic header."""
    return gateway.token({"Authorization": key.basic}, grant_type="client_credentials", **parameters)


def exchanged_token(gateway: Gateway, key: Key, **parameters: str) -> str:
    answer = exchanged(gateway, key, **parameters)
    assert answer.status == 200, answer.text
    return str(answer.json["access_token"])
