"""What becomes of an attempt whose account cannot be read beside its charge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from chalicelib.domain.errors import TooManyAttempts, Unavailable
from tests.adapters.aws_calls import answer_with
from tests.adapters.conftest import Store
from tests.adapters.records import LIMITS, NOW, account
from tests.adapters.test_outages import FAILURES
from tests.fake_aws import Aws, aws_behind_one_thread, aws_in_process
from tests.fakes import FakeClock


class WhileSwitchedOn:
    """Fails requests for a while."""

    def __init__(self) -> None:
        self.is_on = True

    def __call__(self, request: object, **more: object) -> object:
        return FAILURES["throttled"](request, **more) if self.is_on else None


@pytest.mark.parametrize("place", [aws_in_process, aws_behind_one_thread], ids=["in sequence", "in threads"])
def test_an_outage_beside_the_charge_is_told_and_uses_up_nobodys_attempts(
    place: Callable[[], AbstractContextManager[Aws]],
) -> None:
    with place() as aws:
        services = aws.services(FakeClock())
        store, outage = Store.of(services), WhileSwitchedOn()
        store.create(account())
        answer_with(services.dynamodb, outage, "Query")
        for _ in range(LIMITS.network_failures + 5):
            with pytest.raises(Unavailable):
                store.begin()
        outage.is_on = False
        for _ in range(LIMITS.network_failures):
            assert store.begin().candidate is not None
        with pytest.raises(TooManyAttempts):
            store.begin(at=NOW)
