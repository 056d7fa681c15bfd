"""A small Chalice app behind the local gateway, with a fake authorizer and a fake clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.app import Chalice
from chalice.app import Response as ChaliceResponse

from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Api, Gateway
from infra.local.gateway.messages import Request, Response
from infra.local.gateway.wsgi import GatewayApplication
from infra.local.stack.server import HttpServer, listen
from infra.local.stack.template import Template
from tests.fakes import FakeClock

EVERYTHING = "arn:aws:execute-api:us-east-1:123456789012:gatehouse0/local/*/*"


def policy(effect: str, resource: str = EVERYTHING, **context: Any) -> dict[str, Any]:
    """Return the response of an authorizer."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "someone", "policyDocument": document, "context": context}


@dataclass
class FakeAuthorizer:
    """Responds by token, or raises an exception that is given as the response. Records its events."""

    answers: dict[str, Any] = field(default_factory=lambda: {"Bearer good": policy("Allow", sub="u1")})
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        self.events.append(event)
        answer = self.answers.get(event["authorizationToken"], policy("Deny"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def toy_app() -> Chalice:
    """Return an app whose routes return the event that they received."""
    app = Chalice("toy")
    app.api.binary_types = ["image/png"]

    def received() -> Any:
        assert app.current_request is not None
        return app.current_request.to_original_event()

    @app.authorizer(name="bearer")  # type: ignore[untyped-decorator,unused-ignore]
    def bearer(request: Any) -> Any:
        raise AssertionError

    @app.route("/open", methods=["GET", "POST", "HEAD"], content_types=["*/*"])  # type: ignore[untyped-decorator,unused-ignore]
    def open_route() -> Any:
        return received()

    @app.route("/guarded", authorizer=bearer)  # type: ignore[untyped-decorator,unused-ignore]
    def guarded() -> Any:
        return received()

    @app.route("/guarded/{name}", authorizer=bearer)  # type: ignore[untyped-decorator,unused-ignore]
    def guarded_name(name: str) -> Any:
        return {"name": name}

    @app.route("/empty")  # type: ignore[untyped-decorator,unused-ignore]
    def empty() -> Any:
        return ChaliceResponse(None, status_code=204)

    return app


@dataclass
class GatewayHarness:
    """A gateway with the fakes that it uses."""

    gateway: Gateway
    authorizer: FakeAuthorizer
    clock: FakeClock

    def ask(self, target: str, token: str | None = None, **changes: Any) -> Response:
        """Send a request. `changes` are fields of Request; headers are added to the token's."""
        parts = urlsplit(target)
        headers = {"Host": "localhost", **changes.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = token
        method, body = changes.pop("method", "GET"), changes.pop("body", b"")
        return self.gateway.handle(Request(method, parts.path, parts.query, headers, body, "192.0.2.7"))

    def event(self, target: str, token: str | None = None, **changes: Any) -> dict[str, Any]:
        """Send a request to a route that returns its event, and return the event."""
        response = self.ask(target, token, **changes)
        assert response.status == 200
        event: dict[str, Any] = json.loads(response.body)
        return event


def make_harness(
    cache_seconds: int = 60, function: Callable[[dict[str, Any], Any], Any] | None = None
) -> GatewayHarness:
    """Return a gateway for the toy app, or for `function` with the toy app's routes."""
    app = toy_app()
    template = Template.load({"AUTHORIZER_CACHE_SECONDS": str(cache_seconds)})
    authorizer, clock = FakeAuthorizer(), FakeClock(1_000)
    guard = TokenAuthorizer("bearer", authorizer, template.authorizer("bearer"), clock)
    api = Api(function or app, app.routes, tuple(app.api.binary_types))
    return GatewayHarness(Gateway(api, {"bearer": guard}, template.gateway_responses()), authorizer, clock)


@pytest.fixture
def harness() -> GatewayHarness:
    return make_harness()


@pytest.fixture
def port() -> Iterator[int]:
    """Serve the toy app over HTTP, and return the port."""
    with closing(listen(0)) as listener:
        application = GatewayApplication(make_harness().gateway)
        server = HttpServer(application, listener, 32, application.refuse)
        server.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.stop()


def error_of(response: Response) -> str:
    """Return the code of an error body, which has only a code and a description."""
    body = json.loads(response.body)
    assert set(body) == {"error", "error_description"}
    return str(body["error"])


@pytest.fixture
def moved() -> FakeClock:
    """Begin now: the operator's clock is the machine's, and moto dates its versions by that too."""
    return FakeClock(int(time.time()))
