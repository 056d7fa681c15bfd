"""Writes that meet a transaction of somebody else's; moto knows no such meeting."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from tests.adapters.aws_calls import answer_with, let_hang
from tests.adapters.conftest import Store
from tests.adapters.test_outages import STORE_METHODS, refusal
from tests.fake_aws import Aws, AwsServices

WRITES = {
    "begin": "PutItem",
    "begin again": "UpdateItem",
    "begin on a device": "UpdateItem",
    "unlock": "DeleteItem",
    "rotate": "PutItem",
}
REFUNDS: dict[str, Callable[[Store], object]] = {
    "withdraw": STORE_METHODS["withdraw"],
    "refund of a code": lambda store: store.verifications.refund("0" * 64),
}


class InTheWay:
    """Refuses so many plain writes because a transaction holds the item, then lets them through."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, request: Any, **_: Any) -> Any:
        if self.left == 0:
            return None
        self.left -= 1
        return refusal("TransactionConflictException")(request)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_a_transaction_is_in_the_way_of_is_tried_again_later_each_time(
    stocked: Store, aws: Aws, either_client: AwsServices, name: str
) -> None:
    conflict = InTheWay(4)
    answer_with(either_client.dynamodb, conflict, WRITES[name])
    STORE_METHODS[name](stocked)
    assert conflict.left == 0
    assert aws.slept == sorted(aws.slept)
    assert len(aws.slept) == 4
    assert 0.01 <= aws.slept[0] < aws.slept[-1] <= 0.16


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_never_gets_through_is_unavailable(
    stocked: Store, either_client: AwsServices, name: str
) -> None:
    answer_with(either_client.dynamodb, InTheWay(99), WRITES[name])
    with pytest.raises(Unavailable):
        STORE_METHODS[name](stocked)


@pytest.mark.parametrize("name", REFUNDS)
def test_a_charge_is_taken_back_by_a_request_that_counts_once_however_often_it_is_sent(
    stocked: Store, either_client: AwsServices, name: str
) -> None:
    """A request is sent again if its response was lost; only a token tells that it is the same."""
    sent: list[dict[str, Any]] = []
    let_hang(either_client.dynamodb, lambda request, **_: sent.append(json.loads(request.body)))
    REFUNDS[name](stocked)
    assert [bool(request.get("ClientRequestToken")) for request in sent] == [True]
