"""How often each way through the accounts of people asks AWS, whoever an address belongs to."""

from __future__ import annotations

import pytest

from chalicelib.accounts.verification.requests import Requester
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.profiles import Profile
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.preconditions import Precondition
from chalicelib.domain.tokens.claims import VerifiedClaims
from tests.adapters.asking import EMAIL, ISSUER, PASSWORD, sign_in
from tests.adapters.aws_calls import Calls
from tests.changes import ACTOR
from tests.fake_aws import Aws, AwsServices
from tests.fake_mail import FakeMailQueue
from tests.fakes import FakeClock

NEW, OTHER = "new@example.com", "a tin of green paint"
REQUESTER = Requester("192.0.2.1")


@pytest.fixture
def queue() -> FakeMailQueue:
    return FakeMailQueue()


@pytest.fixture
def services(aws: Aws, clock: FakeClock, queue: FakeMailQueue) -> AwsServices:
    services = aws.services(clock)
    vars(services.adapters)["mail_queue"] = queue
    for email in (EMAIL, "off@example.com"):
        services.create_account(email=email, password=Password.presented(PASSWORD))
    off = services.adapters.accounts.find(SignInName.of("off@example.com"))
    assert off is not None
    services.administration.disable(off.user_id, ACTOR)
    for _ in range(5):
        services.registration.begin("blocked@example.com", None, REQUESTER)
    services.registration.begin("pending@example.com", None, REQUESTER)
    return services


@pytest.fixture
def calls(services: AwsServices) -> Calls:
    return Calls.of(services)


def code_of(queue: FakeMailQueue) -> str:
    code = queue.requests[-1].code
    assert code is not None
    return code.reveal()


def claims_of(services: AwsServices) -> VerifiedClaims:
    return services.verifier(ISSUER).verify(sign_in(services).access_token)


ADDRESSES = [NEW, EMAIL, "off@example.com", "pending@example.com", "blocked@example.com"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_request_for_a_code_asks_alike_for_every_address(
    services: AwsServices, calls: Calls, queue: FakeMailQueue, address: str
) -> None:
    queue.requests.clear()
    operations = ["BatchGetItem", "GetItem", "TransactWriteItems"]
    token = services.registration.begin(address, None, REQUESTER)
    assert [call.operation for call in calls.dynamodb] == operations
    calls.forget()
    services.registration.resend(token, REQUESTER)
    assert [call.operation for call in calls.dynamodb] == ["GetItem", *operations]
    calls.forget()
    services.password_reset.begin(address, REQUESTER)
    assert [call.operation for call in calls.dynamodb] == operations
    assert len(queue.requests) == 3


@pytest.mark.parametrize("address", [NEW, EMAIL, "off@example.com", "blocked@example.com"])
def test_a_change_of_address_asks_alike_for_every_address(
    services: AwsServices, calls: Calls, address: str
) -> None:
    claims = claims_of(services)
    calls.forget()
    services.email_change.begin(claims, address, PASSWORD, REQUESTER)
    assert calls.counts[0] == 9


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wrong_code_is_one_call_whatever_is_wrong(
    services: AwsServices, calls: Calls, address: str
) -> None:
    sign_up = services.registration.begin(address, None, REQUESTER)
    reset = services.password_reset.begin(address, REQUESTER)
    for complete, token in (
        (services.registration.complete, sign_up),
        (services.registration.complete, reset),
        (services.password_reset.complete, reset),
        (services.password_reset.complete, sign_up),
    ):
        calls.forget()
        with pytest.raises(InvalidCode):
            complete(token, "wrong", OTHER)
        assert [call.operation for call in calls.dynamodb] == ["UpdateItem"]


def test_each_change_of_an_account_has_a_bounded_number_of_calls(
    services: AwsServices, calls: Calls, queue: FakeMailQueue
) -> None:
    token = services.registration.begin(NEW, None, REQUESTER)
    calls.forget()
    services.registration.complete(token, code_of(queue), OTHER)
    assert calls.counts[0] == 3
    token = services.password_reset.begin(EMAIL, REQUESTER)
    calls.forget()
    services.password_reset.complete(token, code_of(queue), PASSWORD)
    assert calls.counts[0] == 6
    claims = claims_of(services)
    token = services.email_change.begin(claims, "next@example.com", PASSWORD, REQUESTER)
    calls.forget()
    services.email_change.complete(claims, token, code_of(queue), "")
    assert calls.counts[0] == 4
    calls.forget()
    services.change_username(claims, "lovelace", "")
    assert calls.counts[0] == 2
    for expected, count in ((Precondition(), 2), (Precondition(frozenset({Profile("{}").tag})), 3)):
        calls.forget()
        services.own_profile.replace(claims, Profile("{}"), expected)
        assert calls.counts[0] == count
    calls.forget()
    services.own_profile.read(claims, Precondition())
    assert calls.counts[0] == 2
    calls.forget()
    services.own_export(claims, None)
    assert calls.counts[0] == 8
    calls.forget()
    services.delete_account(claims, PASSWORD, "")
    assert calls.counts[0] <= 16
