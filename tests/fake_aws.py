"""AWS as moto imitates it: a table and a signing secret, in this process or behind one serving thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from moto import mock_aws
from moto.core.config import DefaultConfig
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from chalicelib.adapters.aws import dynamodb, secretsmanager
from chalicelib.adapters.bcrypt_hasher import TEST_COST
from chalicelib.adapters.signed.client import Transport, http_session
from chalicelib.services import AwsAdapters, Services
from chalicelib.settings import Settings
from infra.local.stack.moto_transactions import copy_written_items_only
from tests.fakes import FakeClock
from tests.transports import InProcessMoto, ListenedTransport, QueuedMoto

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

T = TypeVar("T")

SETTINGS = Settings(
    stage="test", users_table="gatehouse-test", signing_secret_id="gatehouse-test", bcrypt_cost=TEST_COST
)
copy_written_items_only()
# A session that is made anew reads the models of its services anew, which costs a second a test.
_KEEP_SESSION: DefaultConfig = {"core": {"reset_boto3_session": False}}


class Inline:
    """Starts each call at once and on the caller's own thread; `is_at_work` meanwhile."""

    is_at_work = False

    def start(self, call: Callable[[], T], /) -> Future[T]:
        """Make a call."""
        future: Future[T] = Future()
        self.is_at_work = True
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            future.set_exception(error)
        finally:
            self.is_at_work = False
        return future


@dataclass(frozen=True)
class AwsServices(Services):
    """The real services on the real adapters."""

    adapters: AwsAdapters

    @property
    def dynamodb(self) -> DynamoDBClient:
        """Return the client that the adapters share."""
        return self.adapters._table.client

    @property
    def secretsmanager(self) -> SecretsManagerClient:
        """Return the boto3 client of the keys."""
        return self.adapters._secretsmanager

    @property
    def secret_reader(self) -> SecretsManagerClient:
        """Return the client that reads keys; with boto3 the same as the other."""
        return self.adapters._secret_reader

    @property
    def transport(self) -> ListenedTransport | None:
        """Return where signed requests go, or None for services that use boto3."""
        return cast("ListenedTransport | None", self.adapters._transport)


@dataclass
class Aws:
    """One imitation of AWS, with clients of the test's own."""

    settings: Settings
    is_served: bool = False
    """Whether it is behind a socket, where one thread answers; in this process it is not for several."""
    queue: ThreadPoolExecutor | None = None
    """One thread that sends the signed requests in this process, so that several may make them."""
    slept: list[float] = field(default_factory=list)
    """The pauses that the adapters would have made."""
    _closing: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Return a client of the test's own. Do not register events on it: tests share it."""
        if not self.settings.aws_endpoint_url:
            return _shared_dynamodb(self.settings.aws_region)
        client = dynamodb(self.settings.aws_region, self.settings.aws_endpoint_url)
        return self._closing.enter_context(closing(client))

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        """Return a client of the test's own. Do not register events on it: tests share it."""
        if not self.settings.aws_endpoint_url:
            return _shared_secretsmanager(self.settings.aws_region)
        client = secretsmanager(self.settings.aws_region, self.settings.aws_endpoint_url)
        return self._closing.enter_context(closing(client))

    def services(self, clock: FakeClock, *, signed: bool = False, **settings: Any) -> AwsServices:
        """Build services here, with signed requests or boto3; `settings` are those that differ."""
        differing = replace(self.settings, **settings)
        adapters = AwsAdapters(
            differing,
            clock,
            sleep=self.slept.append,
            threads=None if self.is_served or self.queue else Inline(),
            transport=ListenedTransport(self._transport()) if signed else None,
        )
        services = AwsServices(differing, adapters)
        if not signed:
            for client in (services.dynamodb, services.secretsmanager):
                self._closing.enter_context(closing(client))
        return services

    def _transport(self) -> Transport:
        if self.is_served:
            return self._closing.enter_context(closing(http_session()))
        return QueuedMoto(self.queue) if self.queue else InProcessMoto()

    def items(self) -> list[dict[str, Any]]:
        """Return all that is in the table."""
        return list(self.dynamodb.scan(TableName=self.settings.users_table)["Items"])

    def furnish(self) -> None:
        """Make the table and the secret."""
        name = self.settings.users_table
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "listed", "AttributeType": "S"},
                {"AttributeName": "user_id", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "accounts",
                    "KeySchema": [
                        {"AttributeName": "listed", "KeyType": "HASH"},
                        {"AttributeName": "user_id", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        self.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}
        )
        self.secretsmanager.create_secret(
            Name=self.settings.signing_secret_id, SecretString=json.dumps({"alg": "HS256", "key": "k" * 64})
        )

    def close(self) -> None:
        """Close every client."""
        self._closing.close()


@cache
def _shared_dynamodb(region: str) -> DynamoDBClient:
    # A client takes longer to create than a test of the store takes otherwise.
    return dynamodb(region)


@cache
def _shared_secretsmanager(region: str) -> SecretsManagerClient:
    return secretsmanager(region)


@contextmanager
def aws_in_process() -> Iterator[Aws]:
    """Imitate AWS without a socket. Not for several threads: moto lets two of them win one condition."""
    with mock_aws(config=_KEEP_SESSION), closing(Aws(SETTINGS)) as aws:
        aws.furnish()
        yield aws


@contextmanager
def aws_behind_a_queue() -> Iterator[Aws]:
    """Imitate AWS without a socket for several threads' signed requests: every condition has one winner."""
    with (
        mock_aws(config=_KEEP_SESSION),
        ThreadPoolExecutor(1, "moto") as queue,
        closing(Aws(SETTINGS, queue=queue)) as aws,
    ):
        aws.furnish()
        yield aws


@contextmanager
def aws_behind_one_thread() -> Iterator[Aws]:
    """Imitate AWS on a port of loopback, where one thread serves and so every condition has one winner."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with mock_aws(config=_KEEP_SESSION):
        pass  # empties what an earlier test left in the state of this process
    moto = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, moto, threaded=False)
    thread = Thread(target=server.serve_forever, args=(0.01,), name="moto", daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with closing(Aws(replace(SETTINGS, aws_endpoint_url=url), is_served=True)) as aws:
            aws.furnish()
            yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
