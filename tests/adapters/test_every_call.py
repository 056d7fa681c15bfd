"""What is true of every call that the services make of AWS."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest

from chalicelib.domain.accounts.passwords import Password
from tests.adapters.asking import EMAIL, ISSUER, PASSWORD, ask, refused, sign_in
from tests.adapters.aws_calls import Calls, expressions
from tests.changes import ACTOR, changed
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock

FREE, LIMIT = 3, 2


@pytest.fixture
def services(aws: Aws, clock: FakeClock) -> AwsServices:
    services = aws.services(clock, sign_in_network_failures=FREE, max_sessions=LIMIT)
    services.create_account(email=EMAIL, password=Password.presented(PASSWORD))
    return services


@pytest.fixture
def calls(services: AwsServices) -> Calls:
    return Calls.of(services)


@pytest.fixture
def every_call(services: AwsServices, calls: Calls) -> Calls:
    """Return the calls of a history in which every method of the store is used."""
    sessions, accounts = services.adapters.sessions, services.adapters.accounts
    services.create_account(
        email="b@example.com", password=Password.presented(PASSWORD), username_="bob", permissions=["x"]
    )
    answers = [sign_in(services) for _ in range(LIMIT + 2)]
    refused(services, "nobody@example.com")
    ask(services, grant_type="refresh_token", refresh_token=answers[-1].refresh_token)
    claims = services.verifier(ISSUER).verify(answers[-1].access_token)
    account, session = services.own_account.load(claims)
    assert sessions.rotate(session, replace(session, family=session.family)) is not None
    (gone,) = sessions.ended(account.user_id, limit=1).sessions
    sessions.end([session], reason=gone.reason, now=session.created_at)
    accounts.administer(account, account, [changed(account.user_id)])
    found = accounts.find(account.sign_in_names[0])
    assert found is not None
    services.unlock("bob", ACTOR)
    answer = sign_in(services, "bob")
    key = str(answer.to_wire()["device_key"])
    ask(services, grant_type="password", username="bob", password=PASSWORD, device_key=key)
    services.adapters.system.epoch(account.user_id)
    services.adapters.system.state()
    services.adapters.system.advance_epoch(1)
    services.adapters.system.record_replaced(["k" * 36], 1)
    assert len(accounts.page(None, 10).accounts) == 2
    services.administration.delete(found.user_id, ACTOR)
    accounts.record(changed(account.user_id))
    assert accounts.changes(account.user_id, 10)
    return calls


def test_nothing_is_scanned_and_the_index_only_lists_accounts(every_call: Calls) -> None:
    operations = {call.operation for call in every_call.dynamodb}
    assert operations == {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    }
    listed = [call for call in every_call.dynamodb if "IndexName" in call.parameters]
    assert len(listed) == 16
    assert {call.parameters["IndexName"] for call in listed} == {"accounts"}


def test_every_read_of_the_table_is_strongly_consistent(every_call: Calls) -> None:
    for call in every_call.dynamodb:
        if call.operation in {"GetItem", "Query"} and "IndexName" not in call.parameters:
            assert call.parameters["ConsistentRead"] is True
        if call.operation == "BatchGetItem":
            assert all(one["ConsistentRead"] is True for one in call.parameters["RequestItems"].values())


def test_no_expression_has_a_reserved_word_in_it(every_call: Calls) -> None:
    """AWS refuses those; the imitation overlooks some."""
    reserved = files("moto.dynamodb.parsing").joinpath("reserved_keywords.txt").read_text("utf-8").split()
    syntax = {"ADD", "AND", "OR", "REMOVE", "SET", "SIZE", "ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"}
    said = {one for call in every_call.dynamodb for one in expressions(call.parameters)}
    words = {word for one in said for word in re.findall(r"(?<![:#\w])[A-Za-z_]+", one)}
    assert {"last_attempt_at", "began_at", "session_count", "generation"} <= words
    assert {word.upper() for word in words} & set(reserved) <= syntax


def test_every_attribute_that_is_written_has_a_bounded_key(every_call: Calls) -> None:
    keys = [call.parameters["Key"] for call in every_call.dynamodb if "Key" in call.parameters]
    assert keys
    assert all(len(key["pk"]["S"]) <= 80 and len(key["sk"]["S"]) <= 80 for key in keys)
