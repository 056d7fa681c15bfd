"""The services behind the local gateway, in process or over HTTP."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import urllib3

from app import app
from chalicelib.domain.accounts.passwords import Password
from chalicelib.services import Services, override_services
from chalicelib.settings import Settings
from examples.mobile_client import NetworkError, Request, Response
from infra.local.gateway import messages
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Gateway
from infra.local.stack.application import Application
from infra.local.stack.local_stack import LocalStack
from infra.local.stack.template import Template
from tests.fakes import FakeClock, RecordingAudit, fake_services
from tests.network.adapters import FaultInjection, FaultyAws, FaultyFakes

PASSWORD = "open the gate, please"
ISSUER = "http://127.0.0.1"
MOST_AT_ONCE = 32


@dataclass
class Server:
    """A running service. `carries_keys`: its keys are dated by its clock."""

    services: Services
    clock: FakeClock
    faults: FaultInjection
    audit: RecordingAudit
    send: Callable[[Request], Response]
    flush: Callable[[], None]
    sweep: Callable[[], None]
    carries_keys: bool

    def create_account(self, email: str) -> None:
        """Add an account with PASSWORD."""
        self.services.create_account(email=email, password=Password.presented(PASSWORD))

    def rotate_key(self) -> None:
        """Replace the signing key in the steps of Secrets Manager."""
        version, rotation = str(uuid.uuid4()), self.services.key_rotation
        rotation.create_secret(version)
        rotation.test_secret(version)
        rotation.finish_secret(version)

    def breach(self) -> None:
        """Replace the key and end every session."""
        system = self.services.adapters.system
        replacement = self.services.key_rotation.replace_without_grace(system.state().epoch + 1)
        system.advance_epoch(replacement.key.epoch)
        self.services.key_rotation.tidy_labels(replacement)
        self.flush()


@contextmanager
def in_process() -> Iterator[Server]:
    """Build the services on fakes, and call them with API Gateway's events."""
    adapters = FaultyFakes()
    services = fake_services(adapters, issuer=ISSUER)
    with _quiet(), override_services(services):
        gateway = _gateway(adapters.clock)
        yield Server(
            services,
            adapters.clock,
            adapters.faults,
            adapters.audit,
            lambda request: _from_gateway(gateway.handle(_to_gateway(request))),
            gateway.flush,
            adapters.sweep,
            carries_keys=True,
        )


@contextmanager
def over_http(*, on_fakes: bool = False) -> Iterator[Server]:
    """Call the services through the local stack's HTTP server, on moto or, for speed, on fakes."""
    clock, services_of = FakeClock(), list[Services]()

    @contextmanager
    def opening(environment: Mapping[str, str], _: object) -> Iterator[Application]:
        settings = Settings.from_environment(environment)
        adapters = FaultyFakes(clock) if on_fakes else FaultyAws(settings, clock)
        with override_services(Services(settings, adapters)) as services:
            services_of.append(services)
            yield Application.of_chalice(app)

    stack = LocalStack(port=0, environment={"BCRYPT_COST": "4"}, clock=clock, application=opening)
    with _quiet(), stack, closing(_Connections(stack.api_url)) as connections:
        adapters = services_of[0].adapters
        assert isinstance(adapters, FaultyFakes | FaultyAws)
        yield Server(
            services_of[0],
            clock,
            adapters.faults,
            adapters.audit,
            connections.send,
            stack.flush,
            adapters.sweep,
            carries_keys=on_fakes,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard standard output, which is the log."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


class _Connections:
    """A connection pool for as many connections as there are concurrent requests."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(maxsize=MOST_AT_ONCE, retries=False, timeout=20)

    def send(self, request: Request) -> Response:
        """Send a request. Raises NetworkError if no response arrives."""
        url, headers = self._url + request.path, dict(request.headers)
        try:
            answer = self._pool.request(request.method, url, headers=headers, body=request.body)
        except urllib3.exceptions.HTTPError as error:
            raise NetworkError from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, headers, answer.data)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _gateway(clock: FakeClock) -> Gateway:
    application, template = Application.of_chalice(app), Template.load({"STAGE": "local"})
    authorizers = {
        name: TokenAuthorizer(name, function, template.authorizer(name), clock)
        for name, function in application.authorizers.items()
    }
    return Gateway(application.api, authorizers, template.gateway_responses())


def _to_gateway(request: Request) -> messages.Request:
    return messages.Request(request.method, request.path, "", request.headers, request.body, "192.0.2.7")


def _from_gateway(answer: messages.Response) -> Response:
    return Response(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)


def error_of(answer: Response) -> str:
    """Return the code of an error response."""
    return str(json.loads(answer.body)["error"])
