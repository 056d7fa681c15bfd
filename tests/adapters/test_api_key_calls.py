"""How often API keys ask AWS, and what happens if it does not answer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.oauth.clients import PresentedClient
from chalicelib.oauth.requests import TokenRequest
from tests.adapters.asking import EMAIL, ISSUER, PASSWORD, sign_in
from tests.adapters.aws_calls import Calls, answer_with
from tests.adapters.conftest import Store
from tests.adapters.test_outages import FAILURES
from tests.adapters.test_store_contract_api_keys import ADA, add, key
from tests.changes import changed
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock


@pytest.fixture
def services(aws: Aws, clock: FakeClock) -> AwsServices:
    services = aws.services(clock)
    services.create_account(
        email=EMAIL, password=Password.presented(PASSWORD), permissions=["tokens:introspect"]
    )
    return services


@pytest.fixture
def basic(services: AwsServices) -> str:
    """Return the header of a key."""
    user_id = claims_of(services).subject
    made, secret = services.api_key_administration.create(user_id, ApiKeyOrder("server"), "operator")
    credentials = f"{made.key_id}:{secret.serialize()}"
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@pytest.fixture
def calls(services: AwsServices, basic: str) -> Calls:
    return Calls.of(services)


def exchange(services: AwsServices, basic: str) -> str:
    parameters = {"grant_type": "client_credentials"}
    request = TokenRequest(parameters, ISSUER, ISSUER, authorization=basic)
    return services.token_endpoint(request).access_token


def claims_of(services: AwsServices) -> VerifiedClaims:
    return services.verifier(ISSUER).verify(sign_in(services).access_token)


def test_the_authorizer_reads_a_key_its_owner_and_the_epoch_in_one_call(
    services: AwsServices, aws: Aws, basic: str
) -> None:
    authorizer = aws.services(FakeClock())
    calls = Calls.of(authorizer)
    authorizer.verifier(ISSUER).authenticate(basic)
    assert [one.operation for one in calls.dynamodb] == ["BatchGetItem"]
    assert calls.counts == (1, 1)
    authorizer.verifier(ISSUER).authenticate(basic)
    assert calls.counts == (2, 1)


def test_a_typo_asks_nothing(services: AwsServices, calls: Calls) -> None:
    for typo in ("Basic", "Basic eA==", "Basic Z2hrX3g6Z2hzX3k="):
        with pytest.raises(InvalidToken):
            services.verifier(ISSUER).authenticate(typo)
    assert calls.counts == (0, 0)


def test_an_exchange_is_one_read_and_so_is_each_use_of_its_token(
    services: AwsServices, calls: Calls, basic: str
) -> None:
    token = exchange(services, basic)
    assert calls.counts == (1, 0)
    calls.forget()
    claims = services.verifier(ISSUER).verify(token)
    assert calls.counts == (1, 0)
    calls.forget()
    services.api_key_owners.load(claims)
    assert [one.operation for one in calls.dynamodb] == ["BatchGetItem"]


def test_an_introspection_is_two_reads(services: AwsServices, calls: Calls, basic: str) -> None:
    client = PresentedClient.of({}, basic)
    token = exchange(services, basic)
    calls.forget()
    services.api_key_clients(client, ISSUER)
    services.verifier(ISSUER).verify(token)
    assert calls.counts == (2, 0)


def test_without_any_key_a_password_change_asks_as_often_as_before(services: AwsServices) -> None:
    claims = claims_of(services)
    calls = Calls.of(services)
    services.change_password(claims, PASSWORD, "a tin of green paint", "")
    assert "KEYS#" not in str(calls.dynamodb)


KEY_METHODS: dict[str, Callable[[Store], Any]] = {
    "api_key": lambda store: store.api_keys.api_key(key().key_id),
    "api_key_and_account": lambda store: store.api_keys.api_key_and_account(key().key_id),
    "stored_keys": lambda store: store.api_keys.stored_keys(ADA),
    "all_stored_keys": lambda store: list(store.api_keys.all_stored_keys()),
    "remove_key": lambda store: store.api_keys.remove_key(key(), changed(ADA)),
    "remove_keys": lambda store: store.api_keys.remove_keys(ADA),
    "set_expiry": lambda store: store.api_keys.set_expiry(key(), 1, changed(ADA)),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_table_is_unavailable_and_no_negative(
    stocked: Store, either_client: AwsServices, failure: str
) -> None:
    assert add(stocked, key())
    account = stocked.known(ADA)
    answer_with(either_client.dynamodb, FAILURES[failure])
    methods: dict[str, Callable[[Store], Any]] = {
        **KEY_METHODS,
        "add_key": lambda store: store.api_keys.add_key(account, key(2), changed(ADA)),
    }
    for name, method in methods.items():
        with pytest.raises(Unavailable) as outage:
            method(stocked)
        assert "PRIVATE" not in str(outage.value) + outage.value.public_description, name
