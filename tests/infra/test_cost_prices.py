"""The price lists: complete, dated, sourced, and read step by step."""

from __future__ import annotations

from datetime import date

import pytest

from infra.cost.assumptions import Assumptions
from infra.cost.bill import bill, charge
from infra.cost.model import Part, Workload
from infra.cost.prices import Allowance, Plan, Price, allowances, plans, prices, regions
from infra.cost.tiers import Tiers
from infra.cost.usage import Meter

US = prices("us-east-1")
ROWS: list[Price | Allowance | Plan] = [*US.values(), *allowances(), *plans()]


def test_steps_price_only_what_lies_within_them() -> None:
    tiers = Tiers.read({"tiers": [{"up_to": 10, "usd": 3}, {"up_to": 30, "usd": 2}, {"usd": 1}]})
    assert [tiers.cost(amount) for amount in (0, 10, 11, 30, 35)] == [0, 30, 32, 70, 75]


def test_a_price_may_be_for_many_units() -> None:
    assert Tiers.read({"usd": 0.05, "per": 10_000}).cost(20_000) == pytest.approx(0.10)


def test_gateway_requests_get_cheaper_beyond_333_million() -> None:
    assert US[Meter.GATEWAY_REQUESTS].tiers.cost(433e6) == pytest.approx(333 * 3.50 + 100 * 2.80)


def test_parts_share_the_steps_by_quantity() -> None:
    """333 M + 100 M requests cost 1,445.50 together, so the 100 M cost 100/433 of it."""
    parts = {Part.SIGN_INS: {Meter.GATEWAY_REQUESTS: 333e6}, Part.GATEWAY: {Meter.GATEWAY_REQUESTS: 100e6}}
    assert charge(parts, US, ()).usd([Part.GATEWAY]) == pytest.approx(1445.50 * 100 / 433)


@pytest.mark.parametrize("region", regions())
def test_every_region_prices_everything_that_is_metered(region: str) -> None:
    assert set(prices(region)) == set(Meter)


def test_every_number_has_a_source_and_a_date() -> None:
    assert all(row.source.title and row.source.url.startswith("https://") for row in ROWS)
    assert all(date(2026, 1, 1) <= row.source.read for row in ROWS)


def test_what_no_source_states_is_not_called_confirmed() -> None:
    assert not [row.title for row in ROWS if row.source.confirmed and row.source.title.startswith("no ")]


def test_the_free_tier_takes_off_what_lasts_and_nothing_else() -> None:
    load = Workload(refreshes=900_000)
    full, spared = (bill(load, Assumptions(), free_tier=free) for free in (False, True))
    meters = {line.price.meter for line in full.lines}
    cheaper = {meter for meter in meters if spared.usd(meters=[meter]) < full.usd(meters=[meter])}
    assert cheaper == meters - {
        Meter.GATEWAY_REQUESTS,
        Meter.WRITES,
        Meter.READS,
        Meter.SECRETS,
        Meter.SECRET_CALLS,
        Meter.LOGS_KEPT,
    }
    assert spared.usd(meters=[Meter.LAMBDA_REQUESTS]) == 0


@pytest.mark.parametrize(
    ("title", "users", "expected"),
    [
        ("Amazon Cognito Lite", 1_000_000, 90_000 * 0.0055 + 900_000 * 0.0046),
        ("Amazon Cognito Essentials", 10_000, 0),
        ("Amazon Cognito Essentials", 100_000, 90_000 * 0.015),
        ("Amazon Cognito Plus", 10_000, 200),
        ("Firebase Authentication with Identity Platform", 100_000, 50_000 * 0.0055),
        ("Supabase Pro", 160_000, 25 + 195),
        ("Auth0 Free", 25_000, 0),
    ],
)
def test_other_vendors(title: str, users: int, expected: float) -> None:
    plan = next(one for one in plans() if one.title == title)
    assert plan.cost(users) == pytest.approx(expected)


def test_beyond_its_list_a_price_is_by_quote() -> None:
    assert next(one for one in plans() if one.title == "Auth0 Free").cost(25_001) is None
