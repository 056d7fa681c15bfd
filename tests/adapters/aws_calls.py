"""What the adapters ask of AWS, and AWS's ways of not answering, through botocore's own event hooks."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.adapters.signed.dynamodb import SignedDynamoDB
from chalicelib.adapters.signed.secrets_manager import SignedSecretsManager
from tests.fake_aws import AwsServices
from tests.transports import ListenedTransport


@dataclass(frozen=True)
class Call:
    """One call as boto3 was given it. `is_beside` tells that it does not hold up the calls after it."""

    operation: str
    parameters: Mapping[str, Any]
    is_beside: bool = False


@dataclass
class Calls:
    """The calls that services has made since it was last asked to forget them."""

    dynamodb: list[Call] = field(default_factory=list)
    secretsmanager: list[Call] = field(default_factory=list)

    @classmethod
    def of(cls, services: AwsServices) -> Calls:
        """Begin to listen."""
        calls, threads = cls(), services.adapters._given_threads

        def listen(to: list[Call]) -> Callable[[str, Any], None]:
            return lambda operation, parameters: to.append(
                Call(operation, parameters, getattr(threads, "is_at_work", False))
            )

        listen_to(services.dynamodb, listen(calls.dynamodb))
        for client in {id(one): one for one in (services.secretsmanager, services.secret_reader)}.values():
            listen_to(client, listen(calls.secretsmanager))
        return calls

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many calls there were in sequence: to DynamoDB, and to Secrets Manager."""
        return sum(not call.is_beside for call in self.dynamodb), len(self.secretsmanager)

    def forget(self) -> None:
        """Start anew."""
        self.dynamodb.clear()
        self.secretsmanager.clear()


def expressions(value: Any) -> Iterator[str]:
    """Return every expression in the parameters of a call, at any depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.endswith("Expression") and isinstance(inner, str):
                yield inner
            yield from expressions(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from expressions(inner)


@dataclass
class Answer:
    """What stands in for AWS's answer: a status and a body, or a failure to get one."""

    status: int = 200
    body: bytes = b"{}"
    failure: Exception | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer an HTTP request."""
        if self.failure is not None:
            raise self.failure
        headers = HTTPHeaders()
        for name, value in {"content-type": "application/x-amz-json-1.0", **self.headers}.items():
            headers[name] = value
        # botocore asks every handler, and takes the first answer: this keeps the imitation from acting, too.
        request.url = "http://localhost:1/"
        return AWSResponse(request.url, self.status, headers, _Raw(self.body))


class _Raw(io.BytesIO):
    """A body that can be streamed, as urllib3's can."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Return the body in one piece."""
        yield self.read()


def listen_to(client: Any, listener: Callable[[str, Any], None]) -> None:
    """Call `listener` with operation and parameters of each call of `client`, before it is made."""
    if isinstance(client, SignedDynamoDB | SignedSecretsManager):
        call = client.client.call

        def heard(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
            listener(operation, request)
            return call(operation, request)

        client.client.call = heard  # type: ignore[method-assign]
        return
    client.meta.events.register(
        "before-parameter-build", lambda params, model, **_: listener(model.name, params)
    )


def answer_with(client: Any, answer: Any, operation: str = "") -> None:
    """Let every HTTP request of `client`, or those of one operation, be answered so.

    boto3 retries none of them then, because a retry sleeps. A signed client retries without sleeping.
    """
    if (transport := _transport_of(client)) is not None:
        transport.handlers.insert(0, (operation, answer))
        return
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    where = f"before-send.{service}.{operation}" if operation else f"before-send.{service}"
    client.meta.events.register_first(where, answer)


def let_hang(client: Any, hangs: Any) -> None:
    """Register it behind the adapter's own handler, and before the imitation of AWS."""
    if (transport := _transport_of(client)) is not None:
        transport.handlers.append(("", hangs))
        return
    client.meta.events.register(f"before-send.{client.meta.service_model.service_id.hyphenize()}", hangs)


def _transport_of(client: Any) -> ListenedTransport | None:
    if not isinstance(client, SignedDynamoDB | SignedSecretsManager):
        return None
    assert isinstance(client.client.transport, ListenedTransport)
    return client.client.transport
