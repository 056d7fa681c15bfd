"""The figures of docs/scale.md follow from the assumptions of infra/cost.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cost import ASSUMED, MONTH_SECONDS, OPERATIONS, month
from tests.infra.template.packaged import document

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
YOUR_SECONDS = 0.05
HOUR = 3600

PEAK = ASSUMED["peak"].value / MONTH_SECONDS
REQUESTS = month(1)
COUNTS = {
    "sign-ins": REQUESTS["sign-ins"]["API Gateway requests"] * PEAK,
    "refreshes": REQUESTS["refreshes"]["API Gateway requests"] * PEAK,
    "authorizer": REQUESTS["authorizer"]["Lambda requests"] * PEAK,
    "calls": REQUESTS["calls"]["API Gateway requests"] * PEAK,
}
SECONDS = {name: operation.seconds for name, operation in OPERATIONS.items()} | {"calls": YOUR_SECONDS}


def rounded(number: float) -> str:
    return f"{float(f'{number:.2g}'):,.10g}"


def total(field: str, counts: dict[str, float]) -> float:
    return float(sum(count * getattr(OPERATIONS[name], field) for name, count in counts.items()))


def busy(counts: dict[str, float]) -> float:
    return sum(count * SECONDS[name] for name, count in counts.items())


def test_the_load_of_a_million_users() -> None:
    for name, count in COUNTS.items():
        rate, environments = rounded(count * 1e6), rounded(count * 1e6 * SECONDS[name])
        assert f"| {name} | {rate} | {environments} |" in PAGE


@pytest.mark.parametrize(
    ("limit", "ordinary", "at_once"),
    [
        ("100/s", 100 / sum(COUNTS.values()), 100 * HOUR),
        ("10 at a time", 10 / busy(COUNTS), 10 / SECONDS["sign-ins"] * HOUR),
        ("10,000/s", 10_000 / sum(COUNTS.values()), 10_000 * HOUR),
        ("1,000 at a time", 1000 / busy(COUNTS), 1000 / SECONDS["sign-ins"] * HOUR),
        ("10,000/s, bucket 5,000", 10_000 / total("requests", COUNTS), 10_000 * HOUR),
        ("200/s, bucket 200", 200 / (COUNTS["sign-ins"] + COUNTS["refreshes"]), 200 * HOUR),
        *(
            (f"{most:,} {unit}/s", most / total(field, COUNTS), most / total(field, {"sign-ins": 1}) * HOUR)
            for most, unit, field in [
                (4_000, "WRU", "writes"),
                (12_000, "RRU", "reads"),
                (40_000, "WRU", "writes"),
                (40_000, "RRU", "reads"),
            ]
        ),
    ],
)  # fmt: skip
def test_the_users_at_which_a_limit_is_met(limit: str, ordinary: float, at_once: float) -> None:
    assert f"| {limit} | {rounded(ordinary)} | {rounded(at_once)} |" in PAGE


def test_the_throttles_let_the_busiest_minute_of_a_million_users_through() -> None:
    defaults = {name: one["Default"] for name, one in document()["Parameters"].items()}
    token = (COUNTS["sign-ins"] + COUNTS["refreshes"]) * 1e6
    assert token < defaults["TokenRequestsPerSecond"] == defaults["TokenRequestsBurst"] == 200
    assert COUNTS["calls"] * 1e6 < defaults["RequestsPerSecond"] == defaults["RequestsBurst"] == 2_000
    assert f"has {token:.0f} sign-ins and refreshes a second" in PAGE
    assert f"keep {200 * SECONDS['sign-ins']:.0f} environments busy" in PAGE.replace("\n", " ")
    assert f"| 2,000/s, bucket 2,000 | {rounded(2_000 / COUNTS['calls'])} |" in PAGE


@pytest.mark.parametrize("cost", range(10, 15))
def test_the_pace_of_sign_ins(cost: int) -> None:
    seconds = 0.25 * 2.0 ** (cost - 12) + SECONDS["sign-ins"] - 0.25
    assert f"| {cost} | {seconds:.2f} s | {10 / seconds:,.0f} | {1000 / seconds:,.0f} |" in PAGE
