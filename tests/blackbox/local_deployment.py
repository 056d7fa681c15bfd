"""A local stack in this process, with apps at its API and an operator at its command line."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, closing, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib import observability
from chalicelib.domain.accounts.passwords import Password
from chalicelib.services import AwsAdapters, Services, get_services
from chalicelib.settings import Settings
from infra.__main__ import main
from infra.local.environment import HOST
from infra.local.stack.local_stack import LocalStack
from infra.operate.api_client import ApiClient
from infra.operate.deployment import Deployment, open_deployment

PASSWORD = "correct horse battery staple"
QUICK = {"BCRYPT_COST": "4"}
TIMEOUT_SECONDS = 20
_NUMBERS = itertools.count()

Answer = tuple[int, Message, bytes]


@dataclass
class LocalDeployment:
    """A running stack, and the folder in which its operator sits."""

    stack: LocalStack
    folder: Path
    _closing: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Return where the API is."""
        return self.stack.api_url

    @property
    def port(self) -> int:
        """Return the port of the API."""
        return int(self.url.rpartition(":")[2])

    @cached_property
    def deployment(self) -> Deployment:
        """Return what a command of the operator would find."""
        with chdir(self.folder):
            return open_deployment("local")

    @cached_property
    def services(self) -> Services:
        """Return services beside that of the stack, with its settings."""
        settings = Settings.from_environment(self.stack.environment)
        return Services(settings, AwsAdapters(settings))

    def account(self, permissions: Sequence[str] = ()) -> str:
        """Create an account that nobody else has, and return its address."""
        email = f"user{next(_NUMBERS)}@example.com"
        self.services.create_account(email=email, password=Password(PASSWORD), permissions=permissions)
        return email

    def visitor(self, email: str | None = None, permissions: Sequence[str] = ()) -> ApiClient:
        """Return an app with an account, of its own unless one is named."""
        visitor = ApiClient(self.url, email or self.account(permissions), PASSWORD)
        return self._closing.enter_context(closing(visitor))

    def signed_in(self, email: str | None = None, permissions: Sequence[str] = ()) -> ApiClient:
        """Return an app that has signed in."""
        visitor = self.visitor(email, permissions)
        assert visitor.sign_in().status_code == 200
        return visitor

    def operate(self, *arguments: str, stdin: str | bytes = "") -> Result:
        """Run a command as `python -m infra` does, in the operator's folder."""
        handler = observability.get_logger().registered_handler
        stream = handler.stream  # type: ignore[attr-defined]
        try:
            with chdir(self.folder):
                return CliRunner().invoke(main, arguments, input=stdin, prog_name="python -m infra")
        finally:
            handler.setStream(stream)  # type: ignore[attr-defined]

    def say(self, data: bytes) -> Answer:
        """Send bytes as they are, and return the first answer."""
        with socket.create_connection((HOST, self.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(data)
            return read_answer(connection, data.partition(b" ")[0].decode("latin-1"))

    def close(self) -> None:
        """Close the apps' connections."""
        self._closing.close()


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Read one answer from a connection."""
    with closing(HTTPResponse(connection, method=method)) as response:
        response.begin()
        return response.status, response.headers, response.read()


@contextmanager
def staged(
    folder: Path,
    clock: Callable[[], int] | None = None,
    stack_class: type[LocalStack] = LocalStack,
    **environment: Any,
) -> Iterator[LocalDeployment]:
    """Bring a stack up with cheap password hashes, unless `environment` says otherwise."""
    settings = {**QUICK, **{name: str(value) for name, value in environment.items()}}
    file = folder / ".local" / "stack.json"
    stack = stack_class(environment=settings, clock=clock, file=file)
    with pytest.MonkeyPatch.context() as operators_shell:
        for name, value in settings.items():
            operators_shell.setenv(name, value)
        with stack, closing(LocalDeployment(stack, folder)) as stage:
            # A rotation that waits for late reads of the secret need not wait for moto.
            operators_shell.setattr(get_services().adapters, "sleep", lambda _: None)
            yield stage
