"""How often each way through the services asks AWS, and how."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest

from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.errors import InvalidGrant, InvalidScope, InvalidToken, TooManyAttempts
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.requests import TokenRequest
from tests.adapters.aws_calls import Calls, expressions
from tests.changes import ACTOR, changed
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock

ISSUER = "https://auth.example.com"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
FREE, LIMIT = 3, 2


@pytest.fixture
def services(aws: Aws, clock: FakeClock) -> AwsServices:
    services = aws.services(clock, sign_in_free_failures=FREE, sign_in_wait_seconds=60, max_sessions=LIMIT)
    services.create_account(email=EMAIL, password=Password.presented(PASSWORD))
    return services


@pytest.fixture
def calls(services: AwsServices) -> Calls:
    return Calls.of(services)


def ask(services: AwsServices, **parameters: str) -> TokenResponse:
    return services.token_endpoint(TokenRequest(parameters, ISSUER, ISSUER))


def sign_in(services: AwsServices, username: str = EMAIL, password: str = PASSWORD) -> TokenResponse:
    return ask(services, grant_type="password", username=username, password=password)


def refused(services: AwsServices, username: str = EMAIL) -> None:
    with pytest.raises(InvalidGrant):
        sign_in(services, username, "wrong " + PASSWORD)


def test_a_sign_in_asks_three_times_and_for_the_key_once_a_process(
    services: AwsServices, calls: Calls
) -> None:
    sign_in(services)
    assert calls.counts == (3, 1)
    sign_in(services)
    assert calls.counts == (6, 1)


def test_at_the_bound_on_sessions_a_sign_in_asks_once_more(services: AwsServices, calls: Calls) -> None:
    for _ in range(LIMIT):
        sign_in(services)
    calls.forget()
    sign_in(services)
    assert calls.counts == (4, 0)


def test_a_sign_in_that_stores_a_better_hash_asks_no_more(
    services: AwsServices, aws: Aws, calls: Calls
) -> None:
    better = aws.services(FakeClock(), bcrypt_cost=5)
    new_calls = Calls.of(better)
    sign_in(better)
    assert new_calls.counts == (3, 1)


@pytest.mark.parametrize("username", [EMAIL, "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_name_ask_alike(
    services: AwsServices, calls: Calls, username: str
) -> None:
    refused(services, username)
    assert calls.counts == (2, 1)
    assert [call.operation for call in calls.dynamodb] == ["BatchGetItem", "UpdateItem"]


def test_a_right_password_with_a_scope_that_is_not_held_asks_once_more(
    services: AwsServices, calls: Calls
) -> None:
    with pytest.raises(InvalidScope):
        ask(services, grant_type="password", username=EMAIL, password=PASSWORD, scope="nothing:held")
    assert calls.counts == (3, 1)


def test_a_disabled_account_asks_as_a_wrong_password_does(services: AwsServices, calls: Calls) -> None:
    services.administration.disable(str(sign_in_user(services)), ACTOR)
    calls.forget()
    with pytest.raises(InvalidGrant):
        sign_in(services)
    assert calls.counts[0] == 2


@pytest.mark.parametrize("username", [EMAIL, "nobody@example.com"])
def test_a_name_that_has_to_wait_asks_twice_whether_it_is_known_or_not(
    services: AwsServices, calls: Calls, username: str
) -> None:
    for _ in range(FREE):
        refused(services, username)
    calls.forget()
    with pytest.raises(TooManyAttempts):
        sign_in(services, username)
    assert calls.counts == (2, 0)


def sign_in_user(services: AwsServices) -> str:
    """Sign in, and return the user's id."""
    return services.verifier(ISSUER).verify(sign_in(services).access_token).subject


def test_the_authorizer_asks_once_and_for_the_key_once_a_process(services: AwsServices, aws: Aws) -> None:
    token = sign_in(services).access_token
    authorizer = aws.services(FakeClock())
    calls = Calls.of(authorizer)
    authorizer.verifier(ISSUER).verify(token)
    assert calls.counts == (1, 1)
    authorizer.verifier(ISSUER).verify(token)
    assert calls.counts == (2, 1)


def test_a_token_that_is_not_ours_is_refused_without_asking_the_table(
    services: AwsServices, calls: Calls
) -> None:
    token = sign_in(services).access_token
    calls.forget()
    for bad in (token[:-4] + "AAAA", "a.b.c", ""):
        with pytest.raises(InvalidToken):
            services.verifier(ISSUER).verify(bad)
    assert calls.counts == (0, 0)


def test_the_own_account_is_one_read(services: AwsServices, calls: Calls) -> None:
    claims = services.verifier(ISSUER).verify(sign_in(services).access_token)
    calls.forget()
    services.own_account.load(claims)
    assert calls.counts == (1, 0)


def test_a_refresh_is_one_read_and_one_write(services: AwsServices, calls: Calls) -> None:
    token = sign_in(services).refresh_token
    calls.forget()
    ask(services, grant_type="refresh_token", refresh_token=token)
    assert [call.operation for call in calls.dynamodb] == ["BatchGetItem", "PutItem"]
    assert calls.counts == (2, 0)


def test_a_refresh_that_was_only_repeated_is_one_read(services: AwsServices, calls: Calls) -> None:
    token = sign_in(services).refresh_token
    ask(services, grant_type="refresh_token", refresh_token=token)
    calls.forget()
    ask(services, grant_type="refresh_token", refresh_token=token)
    assert calls.counts == (1, 0)


def test_a_malformed_refresh_token_asks_nothing(services: AwsServices, calls: Calls) -> None:
    with pytest.raises(InvalidGrant):
        ask(services, grant_type="refresh_token", refresh_token="ghr_nothing")
    assert calls.counts == (0, 0)


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
    accounts.set_permissions(account, account.permissions, changed(account.user_id))
    accounts.set_disabled(account.user_id, changed(account.user_id), disabled=False)
    services.adapters.system.epoch(account.user_id)
    services.adapters.system.state()
    services.adapters.system.advance_epoch(1)
    services.adapters.system.record_replaced(["k" * 36], 1)
    found = accounts.find(account.sign_in_names[0])
    assert found is not None
    sessions.open(session, found, PasswordHash("x"), LIMIT)
    accounts.reset_failures(account.user_id, session.created_at)
    accounts.delete(account, changed(account.user_id))
    accounts.record(changed(account.user_id))
    assert accounts.changes(account.user_id, 10)
    return calls


def test_nothing_is_scanned_and_no_index_is_asked(every_call: Calls) -> None:
    operations = {call.operation for call in every_call.dynamodb}
    assert operations == {
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    }
    assert all("IndexName" not in call.parameters for call in every_call.dynamodb)


def test_every_read_is_strongly_consistent(every_call: Calls) -> None:
    for call in every_call.dynamodb:
        if call.operation in {"GetItem", "Query"}:
            assert call.parameters["ConsistentRead"] is True
        if call.operation == "BatchGetItem":
            assert all(one["ConsistentRead"] is True for one in call.parameters["RequestItems"].values())


def test_no_expression_has_a_reserved_word_in_it(every_call: Calls) -> None:
    """AWS refuses those; the imitation overlooks some."""
    reserved = files("moto.dynamodb.parsing").joinpath("reserved_keywords.txt").read_text("utf-8").split()
    syntax = {"ADD", "AND", "OR", "REMOVE", "SET", "SIZE", "ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"}
    said = {one for call in every_call.dynamodb for one in expressions(call.parameters)}
    words = {word for one in said for word in re.findall(r"(?<![:#\w])[A-Za-z_]+", one)}
    assert {"last_attempt_at", "session_count", "generation"} <= words
    assert {word.upper() for word in words} & set(reserved) <= syntax


def test_every_attribute_that_is_written_has_a_bounded_key(every_call: Calls) -> None:
    keys = [call.parameters["Key"] for call in every_call.dynamodb if "Key" in call.parameters]
    assert keys
    assert all(len(key["pk"]["S"]) <= 80 and len(key["sk"]["S"]) <= 80 for key in keys)


def test_clients_are_impatient_and_try_twice(services: AwsServices) -> None:
    for config in (services.dynamodb.meta.config, services.secretsmanager.meta.config):
        options = vars(config)
        assert (options["connect_timeout"], options["read_timeout"]) == (1, 2)
        assert options["retries"] == {"total_max_attempts": 2, "mode": "standard"}
