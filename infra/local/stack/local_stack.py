"""Run Gatehouse in this process: moto as AWS, the gateway, and the functions behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from typing import TYPE_CHECKING, Self

from infra.local.environment import HOST, REGION, STAGE, local_credentials, stack_file
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Gateway
from infra.local.gateway.lambda_function import LambdaFunction, Limits
from infra.local.gateway.wsgi import GatewayApplication
from infra.local.inbox.application import WithInbox
from infra.local.inbox.poller import MailPoller
from infra.local.stack.application import MAIL, Application, Clock, gatehouse
from infra.local.stack.aws import LocalAws
from infra.local.stack.resources import allow_sender, client, create_resources
from infra.local.stack.server import HttpServer, listen
from infra.local.stack.template import Template

if TYPE_CHECKING:
    from pathlib import Path

_THREADS = 32
MAIL_FROM = "no-reply@gatehouse.example"
"""Sender of mails where none is set."""
Opening = Callable[[Mapping[str, str], Clock | None], AbstractContextManager[Application]]


class LocalStack:
    """Gatehouse on loopback, while the context lasts.

    A port of 0 selects a free one. `environment` provides the settings, as in Lambda; the stack adds table,
    secret, issuer and endpoint. `clock` returns Unix seconds, for the services and the authorizer cache.
    `file` receives the description of the stack. A process can run one stack of the real application at a
    time. Entering raises PortInUseError before anything is created, BadSetting and OSError.
    """

    gateway: Gateway
    api_url: str
    aws_endpoint_url: str
    users_table: str
    signing_secret_id: str
    environment: dict[str, str]

    def __init__(
        self,
        *,
        port: int = 0,
        aws_port: int = 0,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        application: Opening = gatehouse,
        file: Path | None = None,
    ) -> None:
        self._ports = (port, aws_port)
        self._given = dict(environment or {})
        self._clock = clock
        self._opening = application
        self._file = file
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
        listeners = [undo.enter_context(closing(listen(port))) for port in self._ports]
        self.api_url = f"http://{HOST}:{listeners[0].getsockname()[1]}"
        undo.enter_context(local_credentials())
        aws = LocalAws(listeners[1], self.flush, self._poll_mail)
        undo.callback(aws.stop)
        aws.start()
        template = self._create(aws.url)
        application = undo.enter_context(self._opening(self.environment, self._clock))
        self._start_mail(application, undo)
        self.gateway = self._gateway(application, template)
        wsgi = GatewayApplication(self.gateway)
        server = HttpServer(WithInbox(wsgi, aws.sent_mails), listeners[0], _THREADS, wsgi.refuse)
        undo.callback(server.stop)
        server.start()
        if self._file:
            undo.enter_context(stack_file(self._file, self.describe()))

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
            "ISSUER": self.api_url,
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_REGION": REGION,
            # Nothing like CloudFront is in front of this gateway.
            "ENDPOINT_TYPE": "REGIONAL",
            "MAIL_QUEUE_URL": physical["MailQueue"],
            "MAIL_FROM": self._given.get("MAIL_FROM") or MAIL_FROM,
            "MAIL_CONFIGURATION_SET": "",
        }
        allow_sender(overrides["MAIL_FROM"], aws_url)
        self.environment = {**self._given, **template.environment(physical, overrides)}
        # It would make the settings refer to another running stack.
        self.environment.pop("GATEHOUSE_STACK_FILE", None)
        return template

    def _start_mail(self, application: Application, undo: ExitStack) -> None:
        if application.mail is None:
            return
        function = LambdaFunction(MAIL, application.mail, application.limits.get(MAIL, Limits()))
        queue = client("sqs", self.aws_endpoint_url)
        self._poller = MailPoller(queue, self.environment["MAIL_QUEUE_URL"], function.invoke)
        undo.callback(self._poller.stop)
        self._poller.start()

    def _poll_mail(self) -> None:
        if self._poller:
            self._poller.wake()

    def _gateway(self, application: Application, template: Template) -> Gateway:
        clock = self._clock or time.monotonic
        authorizers = {
            name: TokenAuthorizer(
                name, function, template.authorizer(name), clock, application.limits.get(name)
            )
            for name, function in application.authorizers.items()
        }
        return Gateway(application.api, authorizers, template.gateway_responses())
