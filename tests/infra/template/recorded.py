"""The four functions on the real adapters, with every AWS call and every line of theirs recorded."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from app import app
from chalicelib import observability
from chalicelib.adapters.mail.ses import SesSender
from chalicelib.adapters.mail.sqs_queue import SqsMailQueue
from chalicelib.api import key_rotation, mail
from chalicelib.api.authorizer import bearer
from chalicelib.services import Services, override_services
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import Api, Gateway
from infra.local.gateway.messages import Request, Response
from infra.local.stack.application import Application
from infra.local.stack.template import Template
from tests.fake_aws import Aws, AwsServices, aws_in_process
from tests.fakes import FakeClock
from tests.infra.template.calls import SENDER, Call, calls_of
from tests.infra.template.packaged import transformed
from tests.infra.template.resolved import ACCOUNT, Resolved

API, AUTHORIZER, ROTATION, MAIL = "APIHandler", "Bearer", "Rotate", "Mail"
QUICK: dict[str, Any] = {
    "bcrypt_cost": 5,
    "max_sessions": 2,
    "sign_in_free_failures": 3,
    "key_cache_seconds": 0,
}
QUICK |= {
    "mail_queue_url": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/gatehouse-prod-mail",
    "mail_from": SENDER,
    "mail_configuration_set": "gatehouse-prod",
}
Line = dict[str, Any]


@dataclass
class FunctionHarness:
    """A deployment in moto: each function stands in services, with clients, of its own."""

    aws: Aws
    clock: FakeClock
    calls: set[Call] = field(default_factory=set)

    @cached_property
    def services_of(self) -> dict[str, AwsServices]:
        """Return the services of each function; every call out of one is recorded as its function's."""
        return {name: self._recorded(name) for name in (API, AUTHORIZER, ROTATION, MAIL)}

    @cached_property
    def operator(self) -> AwsServices:
        """Return the services of somebody at a terminal, whose calls are nobody's."""
        return self.aws.services(self.clock, **{**QUICK, "bcrypt_cost": 4})

    def ask(
        self,
        method: str,
        path: str,
        token: str = "",
        form: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        if_match: str = "",
        query: str = "",
    ) -> Response:
        """Send a request through the gateway, which asks the authorizer anew each time."""
        headers = {"User-Agent": "phone"}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if if_match:
            headers["If-Match"] = if_match
        if token:
            headers["Authorization"] = token if token.startswith("Basic ") else f"Bearer {token}"
        content = json.dumps(body) if body is not None else urlencode(form or {})
        return self._gateway.handle(Request(method, path, query, headers, content.encode(), "192.0.2.7"))

    def token(self, **form: str) -> dict[str, Any]:
        """Ask the token endpoint."""
        answer: dict[str, Any] = json.loads(self.ask("POST", "/oauth/token", form=form).body)
        return answer

    def sign_in(self, name: str, password: str = "open the gate, please") -> dict[str, Any]:
        """Ask for tokens by password."""
        return self.token(grant_type="password", username=name, password=password)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Ask for tokens by refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def rotate(self, step: str, token: str) -> None:
        """Do a step of a rotation, as Secrets Manager asks for it."""
        with override_services(self.services_of[ROTATION]):
            key_rotation.rotate({"Step": step, "ClientRequestToken": token}, None)

    def mail(self, *bodies: str) -> int:
        """Hand over messages, as SQS does, and return how many stay in the queue."""
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        with override_services(self.services_of[MAIL]):
            return len(mail.mail({"Records": records}, None)["batchItemFailures"])

    @contextmanager
    def disturbed(self, function: str, services: Services) -> Iterator[None]:
        """Build a function in another services for a while."""
        before = self.services_of[function]
        self.services_of[function] = services  # type: ignore[assignment]
        try:
            yield
        finally:
            self.services_of[function] = before

    def without_table(self) -> AwsServices:
        """Return services whose table AWS does not find; its calls are not recorded."""
        return self.aws.services(self.clock, **{**QUICK, "users_table": "nowhere"})

    def without_sender(self) -> AwsServices:
        """Return services of a stage that sends no mail."""
        return self.aws.services(self.clock, **{**QUICK, "mail_from": ""})

    def _recorded(self, function: str) -> AwsServices:
        services = self.aws.services(self.clock, **QUICK)

        def record(params: dict[str, Any], model: Any, **_: Any) -> None:
            self.calls.update(calls_of(function, model, params))

        for client in (services.dynamodb, services.secretsmanager, *mail_clients(services)):
            client.meta.events.register("before-parameter-build", record)
        return services

    @cached_property
    def _gateway(self) -> Gateway:
        real = Application.of_chalice(app)
        api = Api(self._inside(API, real.api.function), real.api.routes, real.api.binary_types)
        template = Template.load({"AUTHORIZER_CACHE_SECONDS": "0"})
        guard = TokenAuthorizer("bearer", self._inside(AUTHORIZER, bearer), template.authorizer("bearer"))
        return Gateway(api, {"bearer": guard}, template.gateway_responses())

    def _inside(self, name: str, function: Callable[..., Any]) -> Callable[[dict[str, Any], Any], Any]:
        def run(event: dict[str, Any], context: Any) -> Any:
            with override_services(self.services_of[name]):
                return function(event, context)

        return run


def mail_clients(services: AwsServices) -> tuple[Any, Any]:
    """Return the clients of queue and sender."""
    queue, sender = services.adapters.mail_queue, services.adapters.mail_sender
    assert isinstance(queue, SqsMailQueue)
    assert isinstance(sender, SesSender)
    return queue._client, sender._client


def _create_mail_resources() -> None:
    boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="gatehouse-prod-mail")
    ses = boto3.client("sesv2", region_name="us-east-1")
    ses.create_email_identity(EmailIdentity=SENDER)
    ses.create_configuration_set(ConfigurationSetName="gatehouse-prod")


@dataclass(frozen=True)
class Metric:
    """A metric as CloudWatch would take it from a line."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Recording:
    """All that the functions called and wrote."""

    calls: frozenset[Call]
    logged: list[Line]
    metrics: frozenset[Metric]


@cache
def recording() -> Recording:
    """Drive every flow once, and return what was recorded."""
    from tests.infra.template.flows import every_flow

    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, aws_in_process() as aws, _listening(text):
        for name, value in _powertools().items():
            patch.setenv(name, value)
        _create_mail_resources()
        stage = FunctionHarness(aws, FakeClock())
        every_flow(stage)
    lines = [json.loads(line) for line in text.getvalue().splitlines() if line]
    logged = [line for line in lines if "_aws" not in line]
    return Recording(frozenset(stage.calls), logged, frozenset(_metrics(lines)))


@contextmanager
def _listening(text: io.StringIO) -> Iterator[None]:
    """Have all that is logged and printed in `text`, whatever other tests have done to the logger."""
    handler, logger = observability.get_logger().registered_handler, logging.getLogger("gatehouse")
    stream, level = handler.setStream(text), logger.level  # type: ignore[attr-defined]
    logger.setLevel(logging.INFO)
    try:
        with redirect_stdout(text):
            yield
    finally:
        logger.setLevel(level)
        handler.setStream(stream)  # type: ignore[attr-defined]


def _powertools() -> dict[str, str]:
    """Return what the template tells Powertools; the tests' own environment must not stand in for it."""
    variables = Resolved(transformed()).properties(API)["Environment"]["Variables"]
    ours = {name: value for name, value in variables.items() if name.startswith("POWERTOOLS_")}
    return {name: "" for name in os.environ if name.startswith("POWERTOOLS_")} | ours


def _metrics(lines: list[Line]) -> Iterator[Metric]:
    for line in lines:
        for group in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for dimensions in group["Dimensions"]:
                values = frozenset((name, str(line[name])) for name in dimensions)
                for one in group["Metrics"]:
                    yield Metric(group["Namespace"], one["Name"], values)
