"""Whatever AWS does instead of answering, the adapters say that it cannot be told: never a no."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.sign_in.attempts import NameCharge
from chalicelib.domain.sign_in.device_keys import DeviceKey
from tests.adapters.aws_calls import Answer, answer_with
from tests.adapters.conftest import Store
from tests.adapters.records import NAME, NOW, account, id_of, rotated, session
from tests.changes import changed
from tests.fake_aws import AwsServices

ADA = id_of("ada")
PHONE = DeviceKey(ADA, Secret(bytes.fromhex(session().session_id * 2)))
URL = "https://dynamodb.us-east-1.amazonaws.com"

STORE_METHODS: dict[str, Callable[[Store], Any]] = {
    "create": lambda store: store.create(account("bob")),
    "account": lambda store: store.accounts.account(ADA),
    "find": lambda store: store.accounts.find(NAME),
    "begin": lambda store: store.begin(SignInName.of("nobody")),
    "begin again": lambda store: store.begin(),
    "begin on a device": lambda store: store.begin(device=PHONE),
    "withdraw": lambda store: store.sign_ins.withdraw(NameCharge("id", "network", NOW)),
    "unlock": lambda store: store.sign_ins.unlock(["id"]),
    "forget_devices": lambda store: store.sign_ins.forget_devices(ADA),
    "administer": lambda store: store.accounts.administer(account(), account(), [changed(ADA)]),
    "page": lambda store: store.accounts.page(None, 1),
    "account_state": lambda store: store.own.account_state(ADA),
    "record": lambda store: store.accounts.record(changed(ADA)),
    "changes": lambda store: store.accounts.changes(ADA, 10),
    "session": lambda store: store.sessions.session(ADA, session().session_id),
    "session_and_account": lambda store: store.sessions.session_and_account(ADA, session().session_id),
    "open": lambda store: store.open(session("b"), account=account(), limit=20),
    "open at the limit": lambda store: store.open(session("b"), account=account(session_count=1), limit=1),
    "rotate": lambda store: store.sessions.rotate(session(), rotated(session())),
    "active": lambda store: store.sessions.stored(ADA),
    "ended": lambda store: store.sessions.ended(ADA, limit=20),
    "end": lambda store: store.sessions.end([session()], EndReason.SIGNED_OUT, NOW),
    "all_stored": lambda store: list(store.sessions.all_stored()),
    "state": lambda store: store.system.state(),
    "epoch": lambda store: store.system.epoch(ADA),
    "advance_epoch": lambda store: store.system.advance_epoch(1),
    "record_replaced": lambda store: store.system.record_replaced(["k" * 36], NOW),
}
SECRET_METHODS: dict[str, Callable[[AwsServices], Any]] = {
    "current": lambda services: services.adapters.keys.current(),
    "current of an epoch": lambda services: services.adapters.keys.current(epoch=1),
    "for_kid": lambda services: services.adapters.keys.for_kid("k" * 36, NOW),
    "labels": lambda services: services.adapters.key_versions.labels(),
    "key": lambda services: services.adapters.key_versions.key("k" * 36),
    "promote": lambda services: services.adapters.key_versions.promote("k" * 36, instead_of="c" * 36),
    "remove_label": lambda services: services.adapters.key_versions.remove_label("k" * 36, "AWSPENDING"),
}


def refusal(code: str, status: int = 400) -> Answer:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "PRIVATE detail of AWS"}
    return Answer(status, json.dumps(body).encode())


FAILURES = {
    "throttled": refusal("ThrottlingException"),
    "over capacity": refusal("ProvisionedThroughputExceededException"),
    "over the request limit": refusal("RequestLimitExceeded"),
    "denied": refusal("AccessDeniedException"),
    "credentials expired": refusal("ExpiredTokenException"),
    "unknown client": refusal("UnrecognizedClientException"),
    "key of KMS gone": refusal("KMSAccessDeniedException"),
    "refused as malformed": refusal("ValidationException"),
    "transaction in progress": refusal("TransactionInProgressException"),
    "an error of AWS": refusal("InternalServerError", 500),
    "no service": refusal("ServiceUnavailable", 503),
    "a page of a proxy": Answer(502, b"<html>Bad gateway</html>"),
    "read timeout": Answer(failure=ReadTimeoutError(endpoint_url=URL)),
    "connect timeout": Answer(failure=ConnectTimeoutError(endpoint_url=URL)),
    "no connection": Answer(failure=EndpointConnectionError(endpoint_url=URL)),
    "connection closed": Answer(failure=ConnectionClosedError(endpoint_url=URL)),
    "bad certificate": Answer(failure=SSLError(endpoint_url=URL, error=ValueError("PRIVATE"))),
    "broken HTTP": Answer(failure=HTTPClientError(error="PRIVATE")),
    "no credentials": Answer(failure=NoCredentialsError()),
    "nothing": Answer(200, b""),
    "no JSON": Answer(200, b"<html>Welcome to the hotel</html>"),
    "half of it": Answer(200, b'{"Item": {"pk": {"S": "ACC'),
    "no UTF-8": Answer(200, b'{"Item": "\xff\xfe"}'),
    "a list": Answer(200, b"[]"),
    "null": Answer(200, b"null"),
    "a number": Answer(200, b"7"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_table_is_unavailable(stocked: Store, either_client: AwsServices, failure: str) -> None:
    answer_with(either_client.dynamodb, FAILURES[failure])
    for name, method in STORE_METHODS.items():
        with pytest.raises(Unavailable) as outage:
            method(stocked)
        assert "PRIVATE" not in str(outage.value) + outage.value.public_description, name


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_secrets_manager_is_unavailable(either_client: AwsServices, failure: str) -> None:
    for client in (either_client.secretsmanager, either_client.secret_reader):
        answer_with(client, FAILURES[failure])
    for name, method in SECRET_METHODS.items():
        with pytest.raises(Unavailable) as outage:
            method(either_client)
        assert "PRIVATE" not in str(outage.value) + outage.value.public_description, name


def test_a_table_or_a_secret_that_is_not_there_is_unavailable(either_client: AwsServices) -> None:
    missing = refusal("ResourceNotFoundException")
    answer_with(either_client.dynamodb, missing)
    answer_with(either_client.secret_reader, missing)
    with pytest.raises(Unavailable):
        either_client.adapters.accounts.account(ADA)
    with pytest.raises(Unavailable):
        either_client.adapters.keys.current()


@pytest.mark.parametrize(
    "operation", ["UpdateItem", "BatchGetItem", "Query", "TransactWriteItems", "GetItem"]
)
def test_a_sign_in_at_any_of_whose_calls_aws_fails_is_unavailable(
    stocked: Store, either_client: AwsServices, operation: str
) -> None:
    answer_with(either_client.dynamodb, FAILURES["throttled"], operation)

    def sign_in() -> None:
        stocked.begin()
        # With a password that has changed meanwhile, so that the account is read again.
        stocked.open(session("b"), account=account(session_count=1, password_version=0), limit=1)

    with pytest.raises(Unavailable):
        sign_in()


def test_a_key_that_was_not_looked_at_is_not_a_missing_item(
    stocked: Store, either_client: AwsServices
) -> None:
    key = {"pk": {"S": "x"}, "sk": {"S": "y"}}
    left = {"Responses": {"gatehouse-test": []}, "UnprocessedKeys": {"gatehouse-test": {"Keys": [key]}}}
    answer_with(either_client.dynamodb, Answer(200, json.dumps(left).encode()), "BatchGetItem")
    for name in ("begin", "session", "session_and_account"):
        with pytest.raises(Unavailable):
            STORE_METHODS[name](stocked)


@pytest.mark.parametrize("body", [b"{}", b'{"Responses": {}}', b'{"UnprocessedKeys": {}}'])
def test_an_answer_without_what_was_asked_for_is_no_answer(
    stocked: Store, either_client: AwsServices, body: bytes
) -> None:
    answer_with(either_client.dynamodb, Answer(200, body), "BatchGetItem")
    for name in ("begin", "session", "session_and_account"):
        with pytest.raises(Unavailable):
            STORE_METHODS[name](stocked)


class Cancelled:
    """Cancels so many transactions for one reason, then lets them through."""

    def __init__(self, times: int, *codes: str) -> None:
        self.left = times
        self._body = json.dumps(
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "Transaction cancelled",
                "CancellationReasons": [{"Code": code} for code in codes],
            }
        ).encode()

    def __call__(self, request: Any, **_: Any) -> Any:
        if self.left == 0:
            return None
        self.left -= 1
        return Answer(400, self._body)(request)


TRANSACTIONS = ["create", "administer", "open", "open at the limit", "end"]


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_that_another_one_is_in_the_way_of_is_tried_again(
    stocked: Store, either_client: AwsServices, name: str
) -> None:
    conflict = Cancelled(2, "None", "TransactionConflict")
    answer_with(either_client.dynamodb, conflict, "TransactWriteItems")
    STORE_METHODS[name](stocked)
    assert conflict.left == 0


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError"]
)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_that_never_gets_through_is_unavailable(
    stocked: Store, either_client: AwsServices, name: str, code: str
) -> None:
    answer_with(either_client.dynamodb, Cancelled(99, "None", code), "TransactWriteItems")
    with pytest.raises(Unavailable):
        STORE_METHODS[name](stocked)


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_canceled_for_no_reason_is_unavailable(
    stocked: Store, either_client: AwsServices, name: str
) -> None:
    answer_with(either_client.dynamodb, Cancelled(99), "TransactWriteItems")
    with pytest.raises(Unavailable):
        STORE_METHODS[name](stocked)


def test_a_condition_that_fails_beside_a_conflict_is_an_answer(
    stocked: Store, either_client: AwsServices
) -> None:
    both = Cancelled(1, "TransactionConflict", "ConditionalCheckFailed")
    answer_with(either_client.dynamodb, both, "TransactWriteItems")
    assert STORE_METHODS["end"](stocked) == []


def test_an_outage_leaves_no_trace_once_it_is_over(stocked: Store, either_client: AwsServices) -> None:
    once = Cancelled(5, "TransactionConflict")
    answer_with(either_client.dynamodb, once, "TransactWriteItems")
    with pytest.raises(Unavailable):
        STORE_METHODS["open"](stocked)
    assert STORE_METHODS["open"](stocked) == ()
    assert stocked.live(ADA) == {session().session_id, session("b").session_id}
