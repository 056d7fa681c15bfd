"""What every store promises of the system's state, and what the table makes of copies that differ."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.system_state import MAX_REPLACED_KEYS, SystemState
from tests.adapters.aws_calls import Calls, answer_with
from tests.adapters.conftest import Store
from tests.adapters.records import NOW, account, id_of, session
from tests.fake_aws import Aws, AwsServices
from tests.fakes import FakeClock

ADA = id_of("ada")


def kid(number: int) -> str:
    return f"{number:032x}"


def test_a_new_store_has_seen_nothing(store: Store) -> None:
    assert store.system.state() == SystemState()
    assert store.system.epoch(ADA) == 0


def test_the_first_time_at_which_a_key_was_replaced_stays(store: Store) -> None:
    first = store.system.record_replaced([kid(1)], NOW)
    assert first == store.system.record_replaced([], NOW + 5) == store.system.state()
    store.system.record_replaced([kid(1), kid(2)], NOW + 9)
    assert store.system.state().replaced_at == {kid(1): NOW, kid(2): NOW + 9}


def test_epoch_and_replaced_keys_do_not_touch_each_other(store: Store) -> None:
    store.system.record_replaced([kid(1)], NOW)
    store.system.advance_epoch(4)
    store.system.record_replaced([kid(2)], NOW + 1)
    assert not store.system.advance_epoch(3)
    assert store.system.state() == SystemState(4, {kid(1): NOW, kid(2): NOW + 1})


def test_the_latest_of_the_replaced_keys_are_kept(store: Store) -> None:
    for number in range(MAX_REPLACED_KEYS + 3):
        # A clock may be behind that of the rotation before.
        store.system.record_replaced([kid(number)], NOW - number)
    assert set(store.system.state().replaced_at) == {kid(one) for one in range(3, MAX_REPLACED_KEYS + 3)}


def test_every_read_of_a_session_returns_the_system_state(store: Store) -> None:
    for label in ("ada", "bob", "carol"):
        store.create(account(label))
        store.open(session(label, user=label))
    store.system.advance_epoch(2)
    store.system.record_replaced([kid(1)], NOW)
    for label in ("ada", "bob", "carol"):
        read = (
            store.sessions.session(id_of(label), id_of(label)),
            store.sessions.session_and_account(id_of(label), id_of(label)),
        )
        assert {view.epoch for view in read} == {2}
        assert all(view.system.replaced_at == {kid(1): NOW} for view in read)
        assert store.system.epoch(id_of(label)) == 2


def copies(aws: Aws) -> list[dict[str, Any]]:
    """Return the copies in the table."""
    return [item for item in aws.items() if item["pk"]["S"].startswith("EPOCH#")]


def restore(aws: Aws, items: list[dict[str, Any]]) -> None:
    """Write copies back as they were."""
    for item in items:
        aws.dynamodb.put_item(TableName=aws.settings.users_table, Item=item)


def test_users_are_spread_over_sixty_four_copies_and_one_transaction_writes_them(
    aws: Aws, aws_services: AwsServices
) -> None:
    calls = Calls.of(aws_services)
    aws_services.adapters.system.advance_epoch(1)
    assert [call.operation for call in calls.dynamodb] == ["TransactWriteItems"]
    found = copies(aws)
    assert {item["pk"]["S"] for item in found} == {f"EPOCH#{number:02x}" for number in range(64)}
    calls.forget()
    for first in (0x00, 0x3F, 0x40, 0xFF):
        aws_services.adapters.system.epoch(f"{first:02x}" + "0" * 30)
    keys = [call.parameters["Key"]["pk"]["S"] for call in calls.dynamodb]
    assert keys == ["EPOCH#00", "EPOCH#3f", "EPOCH#00", "EPOCH#3f"]


def test_copies_that_differ_add_up_to_the_strictest_and_are_equal_after_the_next_write(
    aws: Aws, aws_services: AwsServices
) -> None:
    system = aws_services.adapters.system
    system.record_replaced([kid(1)], NOW)
    before = copies(aws)
    system.advance_epoch(1)
    system.record_replaced([kid(2)], NOW + 1)
    restore(aws, before[:40])
    aws.dynamodb.delete_item(
        TableName=aws.settings.users_table, Key={name: before[50][name] for name in ("pk", "sk")}
    )
    strictest = SystemState(1, {kid(1): NOW, kid(2): NOW + 1})
    assert aws_services.adapters.system.state() == strictest
    # Another process, which has seen nothing; a role that may not read.
    other = aws.services(FakeClock()).adapters.system
    other.record_replaced([kid(3)], NOW + 2)
    contents = [(item["epoch"], item["replaced_at"]) for item in copies(aws)]
    assert len(contents) == 64
    assert all(one == contents[0] for one in contents)
    assert other.state() == SystemState(1, {**strictest.replaced_at, kid(3): NOW + 2})


def test_a_write_goes_by_what_is_there_and_not_by_what_it_saw(aws: Aws, aws_services: AwsServices) -> None:
    early, late = aws_services.adapters.system, aws.services(FakeClock()).adapters.system
    early.state()
    late.advance_epoch(5)
    assert not early.advance_epoch(3)
    early.record_replaced([kid(1)], NOW)
    assert late.state() == SystemState(5, {kid(1): NOW})


def test_a_write_that_never_meets_what_it_saw_is_unavailable(aws: Aws, aws_services: AwsServices) -> None:
    other = aws.services(FakeClock()).adapters.system
    busy = iter(range(1, 99))

    def interfere(*_: Any, **__: Any) -> None:
        other.record_replaced([kid(next(busy))], NOW)

    answer_with(aws_services.dynamodb, interfere, "TransactWriteItems")
    with pytest.raises(Unavailable):
        aws_services.adapters.system.advance_epoch(1)


def test_the_issuer_is_in_every_read_of_a_session_and_stays_there(store: Store) -> None:
    for label in ("ada", "bob"):
        store.create(account(label))
        store.open(session(label, user=label))
    assert store.system.record_issuer("https://api.example.com/v1")
    assert not store.system.record_issuer("https://api.example.com/v1")
    assert store.system.state() == SystemState(), "neither a breach nor a replaced key"
    store.system.record_replaced([kid(1)], NOW)
    store.system.advance_epoch(2)
    assert store.system.state() == SystemState(2, {kid(1): NOW})
    for label in ("ada", "bob"):
        view = store.sessions.session(id_of(label), id_of(label))
        assert (view.system.issuer, view.epoch) == ("https://api.example.com/v1", 2)
    assert store.system.record_issuer("https://auth.example.com")
    assert store.system.epoch(ADA) == 2


def test_a_rotation_that_has_read_nothing_writes_beside_the_issuer(
    aws: Aws, aws_services: AwsServices
) -> None:
    """Its role may not read; the copies are there without having ever been written by a rotation."""
    aws.services(FakeClock()).adapters.system.record_issuer("https://api.example.com/v1")
    aws_services.adapters.system.record_replaced([kid(1)], NOW)
    assert {item["issuer"]["S"] for item in copies(aws)} == {"https://api.example.com/v1"}
    assert aws_services.adapters.system.state() == SystemState(0, {kid(1): NOW})


def test_only_the_copies_that_lack_the_issuer_are_written(aws: Aws, aws_services: AwsServices) -> None:
    system = aws_services.adapters.system
    system.record_issuer("https://old.example.com")
    before = copies(aws)
    system.record_issuer("https://new.example.com")
    restore(aws, before[:3])
    calls = Calls.of(aws_services)
    assert system.record_issuer("https://new.example.com")
    assert [call.operation for call in calls.dynamodb] == ["BatchGetItem", "TransactWriteItems"]
    assert len(calls.dynamodb[1].parameters["TransactItems"]) == 3
