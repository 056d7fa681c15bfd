"""The loads at which limits are met, by hand."""

from __future__ import annotations

import pytest

from infra.cost.assumptions import Assumptions
from infra.cost.limits import Limit, demand, limits
from infra.cost.model import MONTH_SECONDS

ASSUMED = Assumptions()


def limit(name: str) -> Limit:
    return next(one for one in limits(ASSUMED) if one.name == name)


def test_the_demand_of_one_user_at_the_peak() -> None:
    usual = demand(ASSUMED, 60)
    assert usual.calls == pytest.approx(1200 * 4 / MONTH_SECONDS)
    assert usual.misses == pytest.approx(usual.calls / 5)


def test_sign_ins_a_second_are_concurrency_by_their_duration() -> None:
    """1,000 / 0.3 s for an hour is twelve million."""
    assert limit("Lambda concurrency, default").storm == pytest.approx(1000 / 0.3 * 3600)
    assert limit("Lambda concurrency, new account").storm == pytest.approx(10 / 0.3 * 3600)


def test_the_gateway_counts_calls_refreshes_and_sign_ins() -> None:
    met = limit("API Gateway, all APIs of the account").ordinary
    assert met == pytest.approx(10_000 / ((1200 + 60 + 1) * 4 / MONTH_SECONDS))


@pytest.mark.parametrize(("seconds", "reads"), [(0, 1200 + 60 + 1), (60, 240 + 60 + 1), (300, 60 + 60 + 1)])
def test_the_hot_item_is_read_by_misses_refreshes_and_sign_ins(seconds: int, reads: int) -> None:
    met = limit(f"one hot item (`SYSTEM`), cache {seconds} s").ordinary
    assert met == pytest.approx(3000 / (reads * 4 / MONTH_SECONDS))


def test_a_new_table_writes_seven_units_a_sign_in() -> None:
    assert limit("DynamoDB, writes of a new table").storm == pytest.approx(4000 / 7 * 3600)


def test_limits_come_in_the_order_in_which_they_are_met() -> None:
    met = [one.first_met for one in limits(ASSUMED)]
    assert met == sorted(met)


def test_the_throttles_let_the_busiest_minute_of_a_million_users_through() -> None:
    assert limit("token endpoint of a stage").ordinary > 1_000_000
    assert limit("any other route of a stage, if all calls go there").ordinary > 1_000_000
