"""Reads of several items: batches that DynamoDB answers in part, and pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.deadline import time_limit
from chalicelib.domain.errors import Unavailable
from tests.adapters.aws_calls import Answer, Calls, answer_with
from tests.adapters.conftest import Store
from tests.adapters.records import session
from tests.adapters.test_outages import ADA, STORE_METHODS
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock

READS = ("begin", "session", "session_and_account")
Left = Callable[[list[Any]], list[Any]]


class Throttled:
    """Leaves some keys unread, `times` times in a row; reads the others from `aws`."""

    def __init__(self, aws: Aws, times: int, left: Left) -> None:
        self._aws, self.times, self._left = aws, times, left

    def __call__(self, request: Any, **_: Any) -> Any:
        if not self.times:
            return None
        self.times -= 1
        ((table, wanted),) = json.loads(request.body)["RequestItems"].items()
        left = self._left(wanted["Keys"])
        read = [key for key in wanted["Keys"] if key not in left]
        items = [self._aws.dynamodb.get_item(TableName=table, Key=key).get("Item") for key in read]
        answer = {
            # The model of boto3 reads bytes, which JSON has in base64.
            "Responses": {table: [_in_json(item) for item in items if item]},
            "UnprocessedKeys": {table: {**wanted, "Keys": left}} if left else {},
        }
        return Answer(200, json.dumps(answer).encode())(request)


def _in_json(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {kind: base64.b64encode(one).decode() if isinstance(one, bytes) else one}
        for name, value in item.items()
        for kind, one in value.items()
    }


FIRST: Left = lambda keys: keys[:1]  # noqa: E731 - three ways to leave keys, side by side
LAST: Left = lambda keys: keys[-1:]  # noqa: E731
ALL: Left = lambda keys: keys  # noqa: E731


@pytest.mark.parametrize("left", [FIRST, LAST, ALL], ids=["first", "last", "all"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", READS)
def test_what_was_left_unread_is_asked_for_again(
    stocked: Store, aws: Aws, either_client: AwsServices, name: str, times: int, left: Left
) -> None:
    whole = STORE_METHODS[name](stocked)
    answer_with(either_client.dynamodb, Throttled(aws, times, left), "BatchGetItem")
    again = STORE_METHODS[name](stocked)
    assert again == whole
    assert len(aws.slept) == times
    assert aws.slept == sorted(aws.slept)


def test_only_the_unread_keys_are_asked_for_again(
    stocked: Store, aws: Aws, either_client: AwsServices
) -> None:
    answer_with(either_client.dynamodb, Throttled(aws, 2, LAST), "BatchGetItem")
    calls = Calls.of(either_client)
    view = stocked.sessions.session_and_account(ADA, session().session_id)
    assert view.session is not None
    assert view.account is not None
    asked = [call.parameters["RequestItems"]["gatehouse-test"] for call in calls.dynamodb]
    assert [len(one["Keys"]) for one in asked] == [3, 1, 1]
    assert all(one["ConsistentRead"] for one in asked)


@pytest.mark.parametrize("name", READS)
def test_after_three_attempts_it_is_unavailable(
    stocked: Store, aws: Aws, either_client: AwsServices, name: str
) -> None:
    throttled = Throttled(aws, 99, FIRST)
    answer_with(either_client.dynamodb, throttled, "BatchGetItem")
    with pytest.raises(Unavailable, match="aws left keys unread"):
        STORE_METHODS[name](stocked)
    assert throttled.times == 96
    assert len(aws.slept) == 2


def test_no_back_off_outlasts_the_deadline(
    stocked: Store, aws: Aws, either_client: AwsServices, clock: FakeClock
) -> None:
    throttled = Throttled(aws, 99, FIRST)
    answer_with(either_client.dynamodb, throttled, "BatchGetItem")
    answer_with(either_client.dynamodb, lambda **_: clock.advance(10), "BatchGetItem")
    with time_limit(9, clock), pytest.raises(Unavailable, match="out of time"):
        stocked.sessions.session(ADA, session().session_id)
    assert aws.slept == []


def test_a_page_is_one_call_that_reads_no_more_than_one_item_too_many(
    stocked: Store, either_client: AwsServices
) -> None:
    calls = Calls.of(either_client)
    stocked.sessions.ended(ADA, limit=20)
    (query,) = calls.dynamodb
    assert (query.operation, query.parameters["Limit"]) == ("Query", 21)
    assert query.parameters["ConsistentRead"] is True
