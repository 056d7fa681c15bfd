"""Another request that comes between two calls of one, told by hand rather than left to threads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.sessions.session import EndReason
from tests.adapters.conftest import Store
from tests.adapters.records import NOW, account, id_of, session
from tests.fake_aws import AwsServices

ADA = id_of("ada")


@pytest.fixture
def store(aws_services: AwsServices) -> Store:
    store = Store.of(aws_services)
    store.create(account())
    return store


@pytest.fixture
def after_next(aws_services: AwsServices) -> Callable[[str, Callable[[], object]], None]:
    """Return what lets something happen once, right after the next call of an operation."""

    def plan(operation: str, interlude: Callable[[], object]) -> None:
        left = [interlude]

        def happen(**_: object) -> None:
            if left:
                left.pop()()

        aws_services.dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", happen)

    return plan


def test_two_sign_ins_that_see_the_same_free_place_do_not_both_take_it(
    store: Store, after_next: Callable[[str, Callable[[], object]], None]
) -> None:
    for number in range(3):
        store.open(session(f"{number}", at=NOW + number), limit=3)
    store.sessions.end([session("0", at=NOW)], EndReason.SIGNED_OUT, NOW + 5)
    after_next("Query", lambda: store.open(session("rival", at=NOW + 6), limit=3))
    store.open(session("late", at=NOW + 7), limit=3)
    assert len(store.live(ADA)) == 3
    assert id_of("late") in store.live(ADA)


def test_two_sign_ins_that_see_no_place_both_find_one(
    store: Store, after_next: Callable[[str, Callable[[], object]], None]
) -> None:
    for number in range(3):
        store.open(session(f"{number}", at=NOW + number), limit=3)
    after_next("Query", lambda: store.open(session("rival", at=NOW + 6), limit=3))
    store.open(session("late", at=NOW + 7), limit=3)
    assert len(store.live(ADA)) == 3
    assert id_of("late") in store.live(ADA)
    assert len(store.ended(ADA)) == 2


def test_a_session_that_ends_while_it_gives_way_ends_once(
    store: Store, after_next: Callable[[str, Callable[[], object]], None]
) -> None:
    for number in range(2):
        store.open(session(f"{number}", at=NOW + number), limit=2)
    oldest = session("0", at=NOW)
    after_next("Query", lambda: store.sessions.end([oldest], EndReason.SIGNED_OUT, NOW + 6))
    assert store.open(session("late", at=NOW + 7), limit=2) == ()
    assert store.live(ADA) == {id_of("1"), id_of("late")}
    assert [one.reason for one in store.ended(ADA)] == [EndReason.SIGNED_OUT]


def test_an_account_deleted_after_its_name_was_read_is_not_found(
    store: Store, after_next: Callable[[str, Callable[[], object]], None]
) -> None:
    after_next("BatchGetItem", lambda: store.accounts.delete(account()))
    assert store.begin().candidate is None
    assert store.accounts.account(ADA) is None
