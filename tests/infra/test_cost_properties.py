"""What must hold for any month."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.cost.assumptions import Assumptions
from infra.cost.authorizer_cache import miss_share
from infra.cost.bill import bill
from infra.cost.model import Workload, month, usage_of
from infra.cost.prices import plans
from infra.cost.usage import Architecture

ASSUMED = Assumptions()
amounts = st.integers(0, 10**9)
loads = st.builds(
    Workload,
    users=amounts,
    sign_ins=amounts,
    refreshes=amounts,
    calls=amounts,
    cache_seconds=st.integers(0, 3600),
    architecture=st.sampled_from(Architecture),
)
quickly = settings(max_examples=60, database=None, deadline=None)


@quickly
@given(loads, st.sampled_from(["users", "sign_ins", "refreshes", "calls"]), st.integers(0, 10**8))
def test_more_of_anything_never_costs_less(load: Workload, what: str, more: int) -> None:
    larger = replace(load, **{what: getattr(load, what) + more})
    assert bill(larger, ASSUMED).usd() >= bill(load, ASSUMED).usd() - 1e-6


@quickly
@given(loads, st.integers(0, 3600))
def test_a_longer_cache_never_costs_more(load: Workload, seconds: int) -> None:
    shorter, longer = sorted([load.cache_seconds, seconds])
    bills = [bill(replace(load, cache_seconds=one), ASSUMED).usd() for one in (shorter, longer)]
    assert bills[1] <= bills[0] + 1e-6


@quickly
@given(loads)
def test_the_free_tier_never_adds(load: Workload) -> None:
    assert 0 <= bill(load, ASSUMED, free_tier=True).usd() <= bill(load, ASSUMED).usd() + 1e-6


@quickly
@given(loads)
def test_the_lines_hold_all_of_the_usage(load: Workload) -> None:
    used = {meter: amount for meter, amount in usage_of(month(load, ASSUMED)).items() if amount}
    billed = dict.fromkeys(used, 0.0)
    for line in bill(load, ASSUMED).lines:
        billed[line.price.meter] += line.quantity
    assert billed == pytest.approx(used)


@quickly
@given(st.integers(0, 3600))
def test_the_authorizer_is_asked_for_some_calls_and_at_most_for_all(seconds: int) -> None:
    assert 0 < miss_share(ASSUMED, seconds) <= 1


@quickly
@given(amounts, amounts)
def test_other_vendors_never_ask_less_for_more(users: int, more: int) -> None:
    for plan in plans():
        few, many = plan.cost(users), plan.cost(users + more)
        assert many is None or (few is not None and few <= many)
