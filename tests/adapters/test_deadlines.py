"""No attempt to reach AWS begins that could outlast its request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from chalicelib.adapters.aws_errors import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    SHORTEST_READ_SECONDS,
)
from chalicelib.adapters.bcrypt_hasher import TEST_COST, BcryptHasher
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.deadline import seconds_left, time_limit
from chalicelib.domain.errors import Unavailable
from tests.adapters.aws_calls import answer_with, let_hang
from tests.adapters.conftest import Store
from tests.adapters.test_conflicts import InTheWay
from tests.adapters.test_outages import ADA, SECRET_METHODS, STORE_METHODS, refusal
from tests.fake_aws import Aws, AwsServices

SHORTEST = CONNECT_TIMEOUT_SECONDS + SHORTEST_READ_SECONDS


class Moments:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Hangs:
    """Lets attempts hang for as long as they would wait, while `when` says so; then has AWS answer."""

    def __init__(self, moments: Moments, when: Callable[[int], bool]) -> None:
        self._moments, self._when = moments, when
        self.waited: list[float] = []

    def __call__(self, request: Any, **_: Any) -> None:
        self.waited.append(request.context.get("read_timeout", READ_TIMEOUT_SECONDS))
        if self._when(len(self.waited) - 1):
            self._moments.now += self.waited[-1]
            raise ReadTimeoutError(endpoint_url="https://aws")


@pytest.fixture
def moments() -> Moments:
    return Moments()


def test_four_calls_that_each_hang_once_end_within_the_budget(
    stocked: Store, either_client: AwsServices, moments: Moments
) -> None:
    hangs = Hangs(moments, lambda attempt: attempt % 2 == 0)
    let_hang(either_client.dynamodb, hangs)
    began = moments.now
    with time_limit(8, moments):
        for _ in range(3):
            assert stocked.accounts.account(ADA) is not None
        with pytest.raises(Unavailable, match="out of time"):
            stocked.accounts.account(ADA)
    assert moments.now - began <= 8
    assert hangs.waited == [2, 2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize("left", [SHORTEST, 0.5, 0, -1])
def test_an_attempt_that_has_no_time_is_not_begun(
    stocked: Store, either_client: AwsServices, moments: Moments, left: float
) -> None:
    hangs = Hangs(moments, lambda _: False)
    for client in (either_client.dynamodb, either_client.secretsmanager, either_client.secret_reader):
        answer_with(client, hangs)
    with time_limit(left, moments):
        for method in STORE_METHODS.values():
            with pytest.raises(Unavailable, match="out of time"):
                method(stocked)
        for ask in SECRET_METHODS.values():
            with pytest.raises(Unavailable, match="out of time"):
                ask(either_client)


@pytest.mark.parametrize(("left", "waited"), [(SHORTEST + 0.5, 0.75), (2.5, 1.5), (3, 2), (100, 2)])
def test_an_attempt_waits_no_longer_than_its_request(
    stocked: Store, either_client: AwsServices, moments: Moments, left: float, waited: float
) -> None:
    hangs = Hangs(moments, lambda _: False)
    let_hang(either_client.dynamodb, hangs)
    with time_limit(left, moments):
        stocked.accounts.account(ADA)
    assert hangs.waited == [waited]


def test_without_a_deadline_nothing_is_shortened(
    stocked: Store, either_client: AwsServices, moments: Moments
) -> None:
    hangs = Hangs(moments, lambda _: False)
    let_hang(either_client.dynamodb, hangs)
    assert seconds_left() is None
    stocked.accounts.account(ADA)
    assert hangs.waited == [READ_TIMEOUT_SECONDS]


def test_waiting_for_a_transaction_ends_with_the_deadline(
    stocked: Store, aws: Aws, either_client: AwsServices, moments: Moments
) -> None:
    answer_with(either_client.dynamodb, InTheWay(99), "PutItem")
    let_hang(either_client.dynamodb, lambda **_: moments.pass_time(3))
    with time_limit(7, moments), pytest.raises(Unavailable, match="out of time"):
        STORE_METHODS["rotate"](stocked)
    assert len(aws.slept) == 2


def test_a_hash_is_not_begun_after_the_deadline(moments: Moments) -> None:
    hasher, password = BcryptHasher(TEST_COST), Password("open the gate, please")
    stored = hasher.hash(password)
    with time_limit(1, moments):
        hasher.check(password, stored)
        moments.now += 1
        for work in (lambda: hasher.hash(password), lambda: hasher.check(password, None)):
            with pytest.raises(Unavailable, match="out of time"):
                work()


def test_aws_cannot_ask_for_a_longer_pause(aws_services: AwsServices) -> None:
    answer: AWSResponse = refusal("InternalServerError", 500)(type("Request", (), {"url": ""})())
    answer.headers["x-amz-retry-after"] = "5000"
    aws_services.dynamodb.meta.events.emit(
        "needs-retry.dynamodb.GetItem",
        response=(answer, {}),
        endpoint=None,
        operation=None,
        attempts=1,
        caught_exception=None,
        request_dict={"context": {}},
    )
    assert "x-amz-retry-after" not in answer.headers
