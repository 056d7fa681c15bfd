"""What a signed client does that a boto3 client would do by itself."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ReadTimeoutError

from chalicelib.adapters.aws_errors import UnreadableResponse
from chalicelib.adapters.signed.client import SignedClient
from chalicelib.adapters.signed.dynamodb import DYNAMODB, SignedDynamoDB
from chalicelib.adapters.signed.endpoints import endpoint
from chalicelib.adapters.signed.secrets_manager import SECRETS_MANAGER, SignedSecretsManager
from chalicelib.aws_adapters import AwsAdapters
from chalicelib.lambda_environment import AwsCredentials, aws_credentials, needs_boto3
from chalicelib.settings import Settings
from tests.adapters.aws_calls import Answer

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not a secret"}
CREDENTIALS = AwsCredentials("AKIDEXAMPLE", "not a secret", "")
URL = "https://dynamodb.us-east-1.amazonaws.com"
GET = {"TableName": "t", "Key": {"pk": {"S": "x"}}}


def refusal(code: str, status: int = 400, **more: Any) -> Answer:
    return Answer(status, json.dumps({"__type": f"prefix#{code}", **more}).encode())


class Aws:
    """Gives the answers of a test one after the other, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[AWSPreparedRequest] = []

    def sent(self, at: int) -> Any:
        body = self.requests[at].body
        assert isinstance(body, bytes)
        return json.loads(body)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.requests.append(request)
        return self.answers.pop(0)(request)


def client_of(
    aws: Aws,
    credentials: Callable[[], AwsCredentials | None] = lambda: CREDENTIALS,
    pauses: list[int] | None = None,
) -> SignedClient:
    paused: list[int] = [] if pauses is None else pauses
    return SignedClient(DYNAMODB, "us-east-1", URL, credentials, aws, paused.append)


@pytest.mark.parametrize(
    "first",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        refusal("InternalServerError", 500),
        Answer(503, b"<html>busy</html>"),
        Answer(failure=ReadTimeoutError(endpoint_url=URL)),
        Answer(200, b'{"Item": {}}', headers={"x-amz-crc32": "1"}),
    ],
    ids=["throttled", "over capacity", "failed", "a proxy", "no answer", "damaged"],
)
def test_what_may_succeed_later_is_attempted_twice(first: Answer) -> None:
    pauses: list[int] = []
    aws = Aws(first, Answer(200, b'{"Item": {}}'))
    assert client_of(aws, pauses=pauses).call("GetItem", GET) == {"Item": {}}
    assert pauses == [1]
    assert aws.requests[0].body == aws.requests[1].body


@pytest.mark.parametrize("code", ["AccessDeniedException", "ConditionalCheckFailedException"])
def test_what_aws_refuses_for_good_is_not_attempted_again(code: str) -> None:
    pauses: list[int] = []
    with pytest.raises(ClientError):
        client_of(Aws(refusal(code)), pauses=pauses).call("PutItem", GET)
    assert pauses == []


def test_a_second_failure_is_final() -> None:
    with pytest.raises(ReadTimeoutError):
        client_of(Aws(*[Answer(failure=ReadTimeoutError(endpoint_url=URL))] * 2)).call("GetItem", GET)


@pytest.mark.parametrize("body", [b"", b"<html/>", b'{"Item": {"pk"', b"[]", b"null", b"\xff"])
def test_a_body_that_is_no_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnreadableResponse):
        client_of(Aws(Answer(200, body))).call("GetItem", GET)


def test_a_right_checksum_is_accepted_and_a_wrong_one_never() -> None:
    body = b'{"Item": {}}'
    right = Answer(200, body, headers={"x-amz-crc32": str(zlib.crc32(body))})
    assert client_of(Aws(right)).call("GetItem", GET) == {"Item": {}}
    wrong = Answer(200, body[:-1] + b" }", headers={"x-amz-crc32": str(zlib.crc32(body))})
    with pytest.raises(BotoCoreError):
        client_of(Aws(wrong, wrong)).call("GetItem", GET)


def test_binary_values_are_bytes_on_both_sides() -> None:
    stored = {"Item": {"hash": {"B": "AAH/"}, "B": {"S": "B"}, "map": {"M": {"B": {"B": "/w=="}}}}}
    aws = Aws(Answer(200, json.dumps(stored).encode()))
    answer = client_of(aws).call("PutItem", {"Item": {"hash": {"B": b"\x00\x01\xff"}}})
    assert aws.sent(0) == {"Item": {"hash": {"B": "AAH/"}}}
    assert answer["Item"] == {
        "hash": {"B": b"\x00\x01\xff"},
        "B": {"S": "B"},
        "map": {"M": {"B": {"B": b"\xff"}}},
    }


def test_a_refusal_keeps_what_aws_says_about_each_item() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"hash": {"B": "/w=="}}}]
    with pytest.raises(ClientError) as refused:
        client_of(Aws(refusal("TransactionCanceledException", CancellationReasons=reasons))).call("T", {})
    response: Any = refused.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert response["CancellationReasons"][1]["Item"] == {"hash": {"B": b"\xff"}}


def test_credentials_are_read_for_each_call() -> None:
    given = [AwsCredentials("FIRST", "a", "token one"), AwsCredentials("SECOND", "b", "")]
    aws = Aws(*[Answer(200, b"{}")] * 2)
    client = client_of(aws, lambda: given.pop(0))
    client.call("GetItem", GET)
    client.call("GetItem", GET)
    first, second = (request.headers for request in aws.requests)
    assert "Credential=FIRST/" in first["Authorization"]
    assert first["X-Amz-Security-Token"] == "token one"
    assert "Credential=SECOND/" in second["Authorization"]
    assert "X-Amz-Security-Token" not in second


def test_without_credentials_nothing_is_sent() -> None:
    aws = Aws()
    with pytest.raises(NoCredentialsError):
        client_of(aws, lambda: None).call("GetItem", GET)
    assert aws.requests == []


def test_credentials_have_no_text_form() -> None:
    assert "secret" not in repr(CREDENTIALS) + str(CREDENTIALS)


def test_a_transaction_has_a_token_that_its_second_attempt_repeats() -> None:
    aws = Aws(Answer(500, b""), Answer(200, b"{}"), Answer(200, b"{}"))
    numbers = iter([b"1" * 16, b"2" * 16])
    table = SignedDynamoDB(client_of(aws), lambda _: next(numbers))
    table.transact_write_items(TransactItems=[])
    table.transact_write_items(TransactItems=[])
    tokens = [aws.sent(at)["ClientRequestToken"] for at in range(3)]
    assert tokens[0] == tokens[1] != tokens[2]


def test_a_secret_has_the_types_of_boto3() -> None:
    aws = Aws(Answer(200, b'{"SecretString": "s", "CreatedDate": 1700000000.5}'))
    pauses: list[int] = []
    client = SignedClient(SECRETS_MANAGER, "us-east-1", URL, lambda: CREDENTIALS, aws, pauses.append)
    answer = SignedSecretsManager(client).get_secret_value(SecretId="x")
    assert answer["CreatedDate"].timestamp() == 1_700_000_000.5
    assert aws.requests[0].headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-gov-west-1", "amazonaws.com"),
        ("eusc-de-east-1", "amazonaws.eu"),
    ],
)
def test_each_partition_has_its_endpoints(region: str, suffix: str) -> None:
    assert endpoint("dynamodb", region) == f"https://dynamodb.{region}.{suffix}"
    assert endpoint("secretsmanager", region) == f"https://secretsmanager.{region}.{suffix}"


def test_boto3_serves_an_environment_that_asks_for_more() -> None:
    assert aws_credentials({}) is None
    assert needs_boto3({})
    assert not needs_boto3(KEYS)
    for name in ("AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"):
        assert needs_boto3({**KEYS, name: "x"}), name


def test_a_function_signs_its_own_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    adapters = AwsAdapters.of_function(Settings())
    clients: list[Any] = [adapters._dynamodb, adapters._secret_reader]
    assert [type(client) for client in clients] == [SignedDynamoDB, SignedSecretsManager]
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    other: Any = AwsAdapters.of_function(Settings())._dynamodb
    assert not isinstance(other, SignedDynamoDB)
