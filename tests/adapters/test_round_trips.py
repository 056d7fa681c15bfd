"""How often each way through the services asks AWS, and how."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import InvalidGrant, InvalidScope, InvalidToken, TooManyAttempts
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES
from tests.adapters.asking import EMAIL, ISSUER, PASSWORD, ask, refused, sign_in
from tests.adapters.aws_calls import Calls
from tests.changes import ACTOR
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


def test_a_sign_in_asks_three_times_and_for_the_key_once_a_process(
    services: AwsServices, calls: Calls
) -> None:
    sign_in(services)
    assert calls.counts == (3, 1)
    sign_in(services)
    assert calls.counts == (6, 1)


def test_at_the_limit_of_sessions_and_of_devices_a_sign_in_asks_no_more(
    services: AwsServices, calls: Calls
) -> None:
    for _ in range(MAX_DEVICES):
        sign_in(services)
    calls.forget()
    sign_in(services)
    assert calls.counts == (3, 0)


def test_where_sessions_have_ended_at_the_limit_they_are_counted_again_once(
    services: AwsServices, calls: Calls
) -> None:
    """What is read beside the account may be older than it, and so does not show that places are free."""
    tokens = [sign_in(services) for _ in range(LIMIT)]
    services.own_account.sign_out_everywhere(services.verifier(ISSUER).verify(tokens[0].access_token))
    calls.forget()
    sign_in(services)
    assert calls.counts == (5, 0)
    calls.forget()
    sign_in(services)
    assert calls.counts == (3, 0)


def test_a_known_device_signs_in_with_as_many_calls(services: AwsServices, calls: Calls) -> None:
    key = sign_in(services).to_wire()["device_key"]
    calls.forget()
    ask(services, grant_type="password", username=EMAIL, password=PASSWORD, device_key=str(key))
    assert calls.counts == (3, 0)


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
    reads = ["BatchGetItem", "BatchGetItem", "Query", "Query"]
    for write in ("PutItem", "UpdateItem"):
        calls.dynamodb.clear()
        refused(services, username)
        assert calls.counts == (2, 1)
        assert [call.operation for call in calls.dynamodb] == [*reads, write]


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
def test_a_name_that_has_to_wait_asks_once_whether_it_is_known_or_not(
    services: AwsServices, calls: Calls, username: str
) -> None:
    for _ in range(FREE):
        refused(services, username)
    calls.forget()
    with pytest.raises(TooManyAttempts):
        sign_in(services, username)
    assert calls.counts == (1, 0)


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


def test_clients_are_impatient_and_try_twice(services: AwsServices) -> None:
    for config in (services.dynamodb.meta.config, services.secretsmanager.meta.config):
        options = vars(config)
        assert (options["connect_timeout"], options["read_timeout"]) == (1, 2)
        assert options["retries"] == {"total_max_attempts": 2, "mode": "standard"}
