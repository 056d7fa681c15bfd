"""moto on its single thread, and the resources of the template in it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import get_ident
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.mail_delivery import CLAIM_SECONDS
from infra.local.stack import resources
from infra.local.stack.aws import LocalAws
from infra.local.stack.resources import create_resources
from infra.local.stack.server import HttpServer, listen
from infra.local.stack.template import Template


@contextmanager
def running_aws(seen: list[str] | None = None) -> Iterator[LocalAws]:
    """Run it; `seen` gets what it notices."""
    seen = [] if seen is None else seen
    with closing(listen(0)) as listener:
        aws = LocalAws(listener, lambda: seen.append("flush"), lambda: seen.append("message"))
        aws.start()
        try:
            yield aws
        finally:
            aws.stop()


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with running_aws() as running:
        yield running


@pytest.fixture(scope="module")
def made(aws: LocalAws) -> dict[str, str]:
    return create_resources(Template.load({}), aws.url)


def client(service: str, aws: LocalAws) -> closing[Any]:
    return closing(resources.client(service, aws.url))


def test_the_table_is_created_as_in_the_template(aws: LocalAws, made: dict[str, str]) -> None:
    name = made["UsersTable"]
    with client("dynamodb", aws) as dynamodb:
        table = dynamodb.describe_table(TableName=name)["Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    assert keys == [("pk", "HASH"), ("sk", "RANGE")]
    assert {one["AttributeType"] for one in table["AttributeDefinitions"]} == {"S"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert "SSEDescription" not in table
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["accounts"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_secret_is_created_as_in_the_template(aws: LocalAws, made: dict[str, str]) -> None:
    with client("secretsmanager", aws) as secrets:
        document = json.loads(secrets.get_secret_value(SecretId=made["SigningSecret"])["SecretString"])
    assert set(document) == {"alg", "key"}
    assert document["alg"] == "HS256"
    assert len(document["key"]) == 64
    assert document["key"].isalnum()


def test_two_stacks_are_isolated(aws: LocalAws, made: dict[str, str]) -> None:
    with running_aws() as other:
        again = create_resources(Template.load({}), other.url)
        assert again["UsersTable"] == made["UsersTable"]
        with client("dynamodb", other) as dynamodb:
            dynamodb.delete_table(TableName=again["UsersTable"])
    with client("dynamodb", aws) as dynamodb:
        assert dynamodb.list_tables()["TableNames"] == [made["UsersTable"]]


def test_one_of_many_concurrent_conditional_writes_succeeds(aws: LocalAws, made: dict[str, str]) -> None:
    """As in DynamoDB, and unlike moto under several threads."""

    def write(key: str) -> str:
        item = {"pk": {"S": key}, "sk": {"S": "race"}}
        try:
            dynamodb.put_item(
                TableName=made["UsersTable"], Item=item, ConditionExpression="attribute_not_exists(pk)"
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "written"

    with client("dynamodb", aws) as dynamodb, ThreadPoolExecutor(16) as pool:
        for number in range(10):
            outcomes = sorted(pool.map(write, [f"race-{number}"] * 16))
            assert outcomes == ["ConditionalCheckFailedException"] * 15 + ["written"]


def test_a_single_thread_serves_and_idle_connections_do_not_block_it() -> None:
    seen: set[int] = set()

    def remember(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.add(get_ident())
        start_response("204 No Content", [])
        return []

    def ask(_: int) -> bytes:
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(100)

    with closing(listen(0)) as listener:
        address = listener.getsockname()
        server = HttpServer(remember, listener, threads=1)
        server.start()
        with socket.create_connection(address), ThreadPoolExecutor(16) as pool:
            assert all(answer.startswith(b"HTTP/1.1 204") for answer in pool.map(ask, range(64)))
        server.stop()
    assert len(seen) == 1


def test_flush_stage_authorizers_cache_is_passed_on() -> None:
    seen: list[str] = []
    with running_aws(seen) as aws, client("apigateway", aws) as apigateway:
        answer = apigateway.flush_stage_authorizers_cache(restApiId="gatehouse0", stageName="local")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert seen == ["flush"]


def test_a_message_to_a_queue_is_noticed() -> None:
    seen: list[str] = []
    with running_aws(seen) as aws, client("sqs", aws) as sqs:
        url = sqs.create_queue(QueueName="mail")["QueueUrl"]
        assert seen == []
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert seen == ["message"]


def test_the_queue_keeps_a_failed_message_back_longer_than_a_claim_holds(
    aws: LocalAws, made: dict[str, str]
) -> None:
    with client("sqs", aws) as sqs:
        answer = sqs.get_queue_attributes(QueueUrl=made["MailQueue"], AttributeNames=["VisibilityTimeout"])
    assert int(answer["Attributes"]["VisibilityTimeout"]) > CLAIM_SECONDS
