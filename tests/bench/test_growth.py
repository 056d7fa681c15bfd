"""What an operation asks of AWS does not grow with the users of the table, and users do not share items."""

from __future__ import annotations

import pytest

from tests.bench.bench import Bench
from tests.bench.operations import Operations, recorded_operations
from tests.bench.rows.growth import OPERATIONS, SIZES, Cost, costs, grown
from tests.bench.rows.trips import fewest

_SHARE = 0.02
"""How much the bytes may differ: numbers in a request have more or fewer digits."""


def alike(few: dict[str, Cost], many: dict[str, Cost]) -> None:
    for name in OPERATIONS:
        one, other = few[name], many[name]
        assert (one.round_trips, one.calls, one.items_read) == (
            other.round_trips,
            other.calls,
            other.items_read,
        ), name
        assert one.bytes == pytest.approx(other.bytes, rel=_SHARE), name


def compare(bench: Bench, users: int) -> None:
    with grown(bench.tree, users) as large:
        alike(costs(bench.tree), costs(large))


def test_a_hundred_times_the_users_cost_an_operation_nothing_more(bench: Bench) -> None:
    compare(bench, SIZES[1])


@pytest.mark.soak
def test_ten_thousand_times_the_users_cost_an_operation_nothing_more(bench: Bench) -> None:
    compare(bench, SIZES[2])


def keys(operations: Operations, *, written: bool) -> set[tuple[str, str]]:
    names = [*OPERATIONS, "fail"]
    return {key for name in names for key in fewest(operations, name).keys(written=written)}


def test_two_users_write_no_item_in_common_and_read_none_that_either_writes(bench: Bench) -> None:
    """So whoever's partition is throttled, for too many requests, slows nobody else."""
    with (
        recorded_operations(bench.tree, 5, delay=0) as one,
        recorded_operations(bench.tree, 6, delay=0) as two,
    ):
        written = [keys(user, written=True) for user in (one, two)]
        read = [keys(user, written=False) for user in (one, two)]
    assert written[0]
    assert not {pk for pk, _ in written[0]} & {pk for pk, _ in written[1]}
    assert not {pk for pk, _ in read[0]} & {pk for pk, _ in written[1]}
    shared = {pk for pk, _ in read[0]} & {pk for pk, _ in read[1]}
    assert all(pk.startswith("EPOCH#") for pk in shared), shared
