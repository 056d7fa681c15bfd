"""Fixtures for tests of own functions: a gateway in front of them, callers, and their tables in moto."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.api.application import create_app
from chalicelib.services import override_services
from chalicelib.settings import OWN_ROUTES
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Gateway
from infra.local.gateway.messages import Request
from infra.local.stack.application import Application
from infra.local.stack.template import Template
from infra.local.testing import invoke, own_resources
from tests.fakes import FakeAdapters, FakeClock, fake_services

__all__ = ["invoke", "own_resources"]


@dataclass(frozen=True)
class Answer:
    """What a caller gets."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """Somebody who calls own functions through the gateway, with a token or without."""

    gateway: Gateway
    token: str | None = None

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; `body` is sent as JSON."""
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        raw = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        response = self.gateway.handle(Request(method, path, query, headers, raw, "192.0.2.7"))
        return Answer(response.status, dict(response.headers), response.body)


@pytest.fixture
def gateway(own_resources: dict[str, str]) -> Iterator[Gateway]:
    """Return the own functions behind the gateway, with an authorizer that takes claims for a token."""
    application = Application.of_chalice(create_app(OWN_ROUTES))
    template = Template.load({})
    functions = {**application.authorizers, "bearer": _allow}
    authorizers = {
        name: TokenAuthorizer(name, function, template.rules(name)) for name, function in functions.items()
    }
    with override_services(fake_services(FakeAdapters(FakeClock(int(time.time()))))):
        yield Gateway(application.api, authorizers, template.gateway_responses())


@pytest.fixture
def stranger(gateway: Gateway) -> Caller:
    """Return a caller without a token."""
    return Caller(gateway)


@pytest.fixture
def signed_in(gateway: Gateway) -> Callable[..., Caller]:
    """Return a function that signs somebody else in at each call, with the permissions that it is given."""
    numbers = itertools.count(1)

    def sign_in(*permissions: str) -> Caller:
        subject = f"{next(numbers):032x}"
        claims = {"sub": subject, "sid": subject, "scope": " ".join(permissions), "client_id": "mobile-app"}
        return Caller(gateway, json.dumps(claims))

    return sign_in


def _allow(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    claims = json.loads(event["authorizationToken"].removeprefix("Bearer "))
    now = int(time.time())
    usual = {"iss": "https://api.example.com", "aud": "https://api.example.com", "jti": "a", "iat": now}
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "principalId": claims["sub"],
        "policyDocument": policy,
        "context": {**usual, "exp": now + 3600, **claims},
    }
