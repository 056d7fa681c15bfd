"""Run Gatehouse in this process: moto as AWS, the gateway, and the functions behind it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from infra.local.environment import HOST, REGION, STAGE, local_credentials, stack_file
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Gateway
from infra.local.gateway.lambda_function import LambdaFunction, Limits
from infra.local.gateway.wsgi import GatewayApplication
from infra.local.inbox.application import WithInbox
from infra.local.inbox.poller import MailPoller
from infra.local.own.fragment import Fragment
from infra.local.own.resources import create_own_resources, own_variables
from infra.local.stack import kept_state
from infra.local.stack.application import MAIL, Application, Clock, gatehouse
from infra.local.stack.aws import LocalAws
from infra.local.stack.reloading import imported_anew
from infra.local.stack.resources import allow_sender, client, create_resources
from infra.local.stack.server import HttpServer, listen
from infra.local.stack.template import Template

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

_THREADS = 32
MAIL_FROM = "no-reply@gatehouse.example"
"""Sender of mails if `MAIL_FROM` is empty."""
Opening = Callable[[Mapping[str, str], Clock | None], AbstractContextManager[Application]]


class LocalStack:
    """Gatehouse on loopback, while the context lasts.

    A port of 0 selects a free one; `aws_port` may be a socket that listens. `environment` provides the
    settings, as in Lambda; the stack adds table, secret, issuer and endpoint. `clock` returns Unix seconds,
    for the services and the authorizer cache. `file` receives the description of the stack. With KEEP=1,
    tables and secrets are written to `kept.json` beside it at the end, and read at the start. `own` is the
    template of own resources, by default `infra/functions.yaml`. A process can run one stack of the real
    application at a time, and has its variables in `os.environ`, as in Lambda. Entering raises PortInUseError
    before anything is created, OwnResourcesError, BadSetting and OSError.
    """

    gateway: Gateway
    api_url: str
    aws_endpoint_url: str
    users_table: str
    signing_secret_id: str
    environment: dict[str, str]
    issuer = ""
    """Issuer of tokens; empty: `api_url`."""
    notices: list[str]
    """Messages for the developer about this start."""

    def __init__(
        self,
        *,
        port: int = 0,
        aws_port: int | socket = 0,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        application: Opening = gatehouse,
        file: Path | None = None,
        own: Path | None = None,
    ) -> None:
        self._ports = (port, aws_port)
        self._given = dict(environment or {})
        self._clock = clock
        self._opening = application
        self._file = file
        is_kept = self._given.get("KEEP") == "1"
        self._kept = file.with_name("kept.json") if file and is_kept else None
        self._own = own
        self._mail: LambdaFunction | None = None
        self.notices = []
        self._undo = ExitStack()
        self._poller: MailPoller | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def flush(self) -> None:
        """Flush the authorizer cache."""
        self.gateway.flush()

    def _start(self, undo: ExitStack) -> None:
        listeners = [undo.enter_context(closing(_listener(port))) for port in self._ports]
        self.api_url = f"http://{HOST}:{listeners[0].getsockname()[1]}"
        undo.enter_context(local_credentials())
        aws = LocalAws(listeners[1], self.flush, self._poll_mail)
        undo.callback(aws.stop)
        aws.start()
        self._template = self._create(aws.url)
        if self._kept:
            self._keep(self._kept, undo)
        # Undone together with the credentials. The variable would refer to another stack.
        os.environ.update(self.environment)
        os.environ.pop("GATEHOUSE_STACK_FILE", None)
        wsgi = GatewayApplication(self._load(undo))
        self._wsgi = wsgi
        self._start_mail(undo)
        server = HttpServer(WithInbox(wsgi, aws.sent_mails), listeners[0], _THREADS, wsgi.refuse)
        undo.callback(server.stop)
        server.start()
        if self._file:
            undo.enter_context(stack_file(self._file, self.describe()))

    def reload(self) -> None:
        """Import the functions again, and pass further requests to them; the state of AWS stays.

        Passes on any exception from the import; the former functions then continue to serve.
        """
        # A request that arrives meanwhile would mix new and former modules.
        with self._wsgi.paused(), imported_anew(), ExitStack() as undo:
            self._wsgi.replace(self._load(undo))
            # Undone at the end: requests that began before still use the services of the former functions.
            self._undo.push(undo.pop_all())

    def _load(self, undo: ExitStack) -> Gateway:
        """Build the application, and return the gateway in front of it."""
        application = undo.enter_context(self._opening(self.environment, self._clock))
        if application.mail:
            limits = application.limits.get(MAIL, Limits())
            self._mail = LambdaFunction(MAIL, application.mail, limits)
        self.gateway = self._gateway(application, self._template)
        return self.gateway

    def _keep(self, file: Path, undo: ExitStack) -> None:
        clients = partial(client, url=self.aws_endpoint_url)
        self.notices += kept_state.restore(clients, file)
        undo.callback(kept_state.save, clients, file)

    def describe(self) -> dict[str, str]:
        """Return the addresses and names that other programs need."""
        return {
            "api_url": self.api_url,
            "aws_endpoint_url": self.aws_endpoint_url,
            "region": REGION,
            "users_table": self.users_table,
            "signing_secret_id": self.signing_secret_id,
        }

    def _create(self, aws_url: str) -> Template:
        template = Template.load({**self._given, "STAGE": STAGE})
        physical = create_resources(template, aws_url)
        self.aws_endpoint_url = aws_url
        self.users_table = physical["UsersTable"]
        self.signing_secret_id = physical["SigningSecret"]
        overrides = {
            "ISSUER": self.issuer or self.api_url,
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_REGION": REGION,
            # There is no CloudFront in front of this gateway.
            "ENDPOINT_TYPE": "REGIONAL",
            "MAIL_QUEUE_URL": physical["MailQueue"],
            "MAIL_FROM": self._given.get("MAIL_FROM") or MAIL_FROM,
            "MAIL_CONFIGURATION_SET": "",
        }
        allow_sender(overrides["MAIL_FROM"], aws_url)
        own = self._create_own(partial(client, url=aws_url), aws_url)
        self.environment = {**self._given, **own, **template.environment(physical, overrides)}
        # It would make the settings refer to another running stack.
        self.environment.pop("GATEHOUSE_STACK_FILE", None)
        return template

    def _create_own(self, clients: Callable[[str], Any], aws_url: str) -> dict[str, str]:
        """Create the resources of own functions, and return their environment variables."""
        fragment = Fragment.load(self._given, self._own)
        if fragment.is_empty():
            return {}
        create_own_resources(fragment, clients)
        self.notices += fragment.omitted
        return own_variables(clients, aws_url)

    def _start_mail(self, undo: ExitStack) -> None:
        if self._mail is None:
            return
        queue = client("sqs", self.aws_endpoint_url)
        self._poller = MailPoller(queue, self.environment["MAIL_QUEUE_URL"], self._send_mails)
        undo.callback(self._poller.stop)
        self._poller.start()

    def _send_mails(self, event: dict[str, Any]) -> Any:
        # Looked up for each message, since a reload replaces the function.
        return self._mail.invoke(event) if self._mail else {"batchItemFailures": []}

    def _poll_mail(self) -> None:
        if self._poller:
            self._poller.wake()

    def _gateway(self, application: Application, template: Template) -> Gateway:
        clock = self._clock or time.monotonic
        authorizers = {
            name: TokenAuthorizer(name, function, template.rules(name), clock, application.limits.get(name))
            for name, function in application.authorizers.items()
        }
        return Gateway(application.api, authorizers, template.gateway_responses())


def _listener(port: int | socket) -> socket:
    return listen(port) if isinstance(port, int) else port
