"""Sums done by hand, with the script's prices and assumptions."""

from __future__ import annotations

import pytest

from infra.cost.assumptions import Assumptions
from infra.cost.authorizer_cache import misses_per_visit
from infra.cost.bill import Bill, bill
from infra.cost.model import IDENTITY, MONTH_SECONDS, Part, Workload, key_reads
from infra.cost.usage import Architecture, Meter

ASSUMED = Assumptions()


def usd(result: Bill, part: Part, meter: Meter) -> float:
    return result.usd([part], [meter])


def test_idle_is_a_secret_alarms_on_twelve_metrics_and_a_dashboard() -> None:
    assert bill(Workload(), ASSUMED).usd() == pytest.approx(0.40 + 12 * 0.10 + 3.00)


def test_custom_metrics_are_charged_once_anything_happens() -> None:
    assert usd(bill(Workload(calls=1), ASSUMED), Part.STANDING, Meter.METRICS) == pytest.approx(10 * 0.30)


def test_a_thousand_sign_ins() -> None:
    result = bill(Workload(sign_ins=1000), ASSUMED)
    gb_seconds = 1769 / 1024 * (0.30 + 0.01 * 0.7) * 1000
    assert usd(result, Part.SIGN_INS, Meter.GATEWAY_REQUESTS) == pytest.approx(0.0035)
    assert usd(result, Part.SIGN_INS, Meter.LAMBDA_X86_64) == pytest.approx(gb_seconds * 0.0000166667)
    assert usd(result, Part.SIGN_INS, Meter.WRITES) == pytest.approx(7000 * 0.625 / 1e6)
    assert usd(result, Part.SIGN_INS, Meter.READS) == pytest.approx(2000 * 0.125 / 1e6)
    assert usd(result, Part.SIGN_INS, Meter.LOGGED) == pytest.approx(1_900_000 / 1024**3 * 0.50)


def test_arm64_changes_the_price_of_the_duration_only() -> None:
    one, other = (bill(Workload(sign_ins=1000, architecture=kind), ASSUMED) for kind in Architecture)
    saved = one.usd() - other.usd()
    lambda_x86 = usd(one, Part.SIGN_INS, Meter.LAMBDA_X86_64)
    assert saved == pytest.approx(lambda_x86 * (1 - 0.0000133334 / 0.0000166667))


def test_a_refresh_writes_one_unit_and_reads_three() -> None:
    result = bill(Workload(refreshes=1_000_000), ASSUMED)
    assert usd(result, Part.REFRESHES, Meter.WRITES) == pytest.approx(0.625)
    assert usd(result, Part.REFRESHES, Meter.READS) == pytest.approx(3 * 0.125)


@pytest.mark.parametrize(
    ("cache_seconds", "misses"), [(0, 20), (1, 20), (10, 20), (11, 10), (60, 4), (61, 3), (300, 1), (3600, 1)]
)
def test_a_visit_of_twenty_calls_ten_seconds_apart(cache_seconds: int, misses: int) -> None:
    assert misses_per_visit(ASSUMED, cache_seconds) == misses


def test_a_million_calls_with_a_cache_of_a_minute() -> None:
    """A fifth of the calls asks the authorizer: 2 RRU and 5.1 MB-seconds each, and the cold ones."""
    result = bill(Workload(calls=1_000_000, cache_seconds=60), ASSUMED)
    gb_seconds = 200_000 * 0.5 * (0.01 + 0.01 * 0.5)
    assert usd(result, Part.AUTHORIZER, Meter.READS) == pytest.approx(0.4 * 0.125)
    assert usd(result, Part.AUTHORIZER, Meter.LAMBDA_REQUESTS) == pytest.approx(0.2 * 0.20)
    assert usd(result, Part.AUTHORIZER, Meter.LAMBDA_X86_64) == pytest.approx(gb_seconds * 0.0000166667)
    assert usd(result, Part.GATEWAY, Meter.GATEWAY_REQUESTS) == pytest.approx(3.50)
    assert usd(result, Part.GATEWAY, Meter.LOGGED) == pytest.approx(400_000_000 / 1024**3 * 0.50)


def test_a_user_is_a_sign_in_sixty_refreshes_and_twelve_hundred_calls() -> None:
    load = Workload.of(ASSUMED, 10)
    assert (load.sign_ins, load.refreshes, load.calls) == (10, 600, 12_000)


def test_given_numbers_replace_the_assumed_ones() -> None:
    load = Workload.of(ASSUMED, 10, calls=5, sign_ins=0)
    assert (load.sign_ins, load.refreshes, load.calls) == (0, 600, 5)


def test_keys_are_read_once_a_minute_by_each_of_two_warm_functions() -> None:
    load = Workload.of(ASSUMED, 10_000)
    assert key_reads(load, ASSUMED) == pytest.approx(2 * MONTH_SECONDS / 60)


def test_keys_are_not_read_more_often_than_a_function_is_invoked() -> None:
    assert key_reads(Workload(sign_ins=3), ASSUMED) == 3


def test_stored_accounts_are_charged_for_storage_and_for_recovery() -> None:
    result = bill(Workload(users=1_000_000), ASSUMED)
    gigabytes = 2_000_000 * 4000 / 1024**3
    assert result.usd([Part.ACCOUNTS]) == pytest.approx(gigabytes * (0.25 + 0.20))


def test_your_own_functions_stand_beside_the_total() -> None:
    result = bill(Workload(calls=1_000_000), ASSUMED)
    everything = result.usd(frozenset(Part))
    assert result.usd() == pytest.approx(everything - result.usd([Part.OWN]))
    assert result.usd([Part.OWN]) > 0


def test_identity_leaves_out_the_calls_themselves() -> None:
    result = bill(Workload.of(ASSUMED, 1000), ASSUMED)
    assert result.usd(IDENTITY) == pytest.approx(result.usd() - result.usd([Part.GATEWAY]))
