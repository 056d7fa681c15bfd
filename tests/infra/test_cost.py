"""The cost estimate: its arithmetic, its assumptions against the code, and the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.passwords import Password
from chalicelib.oauth.requests import TokenRequest
from infra.cost import (
    FIXED,
    GB,
    OPERATIONS,
    OTHERS,
    PRICES,
    READ,
    SOURCES,
    Line,
    bill,
    cost,
    miss_share,
    month,
)
from tests.adapters.aws_calls import Calls
from tests.fake_aws import AwsServices
from tests.infra.template.packaged import transformed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cost.md").read_text("utf-8")
ISSUER = "https://auth.example.com"


def usd(lines: list[Line], part: str = "", item: str = "") -> float:
    return sum(line.usd for line in lines if part in {"", line.part} and item in {"", line.item})


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cost, arguments)


def test_each_step_of_a_price_applies_only_within_it() -> None:
    assert PRICES["API Gateway requests"].cost(433e6) == pytest.approx(333 * 3.50 + 100 * 2.80)
    assert PRICES["Cognito Lite"].cost(1e6) == pytest.approx(90_000 * 0.0055 + 900_000 * 0.0046)
    assert PRICES["Supabase Pro"].cost(160_000) == pytest.approx(25 + 60_000 * 0.00325)


def test_an_idle_month_is_a_secret_alarms_and_a_dashboard() -> None:
    assert usd(bill(month(0))) == pytest.approx(0.40 + 17 * 0.10 + 3.00)


def test_one_sign_in() -> None:
    lines = bill({"sign-ins": OPERATIONS["sign-ins"].usage()})
    assert usd(lines, item="Lambda duration") == pytest.approx(1769 / 1024 * 0.307 * 0.0000166667)
    assert usd(lines, item="DynamoDB writes") == pytest.approx(OPERATIONS["sign-ins"].writes * 0.625e-6)
    assert usd(lines, item="Logs written") == pytest.approx(1900 / GB * 0.50)


@pytest.mark.parametrize(("seconds", "misses"), [(0, 20), (10, 20), (11, 10), (60, 4), (61, 3), (300, 1)])
def test_a_visit_of_twenty_calls_ten_seconds_apart(seconds: int, misses: int) -> None:
    assert miss_share(seconds) == misses / 20


def test_the_secret_is_read_once_a_minute_and_at_most_once_an_invocation() -> None:
    assert month(10_000)["key reads"]["Secret reads"] == pytest.approx(2 * 365 / 12 * 1440)
    assert month(0, calls=1, cache_seconds=0)["key reads"]["Secret reads"] == 1


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 3600), st.integers(0, 10**8))
def test_more_never_costs_less_and_allowances_and_caching_never_cost_more(
    users: int, calls: int, cache_seconds: int, more: int
) -> None:
    usual = usd(bill(month(users, calls, cache_seconds))) + 1e-6
    assert usd(bill(month(users + more, calls + more, cache_seconds))) >= usual - 2e-6
    assert usd(bill(month(users, calls, 3600))) <= usual
    assert 0 <= usd(bill(month(users, calls, cache_seconds), free_tier=True)) <= usual


def test_operations_ask_dynamodb_for_as_many_units_as_assumed(aws_services: AwsServices) -> None:
    aws_services.create_account(email="ada@example.com", password=Password.presented("correct horse battery"))
    calls = Calls.of(aws_services)

    def token(**parameters: str) -> Any:
        return aws_services.token_endpoint(TokenRequest(parameters, ISSUER, ISSUER))

    def units(name: str, ask: Callable[[], Any]) -> Any:
        calls.forget()
        answer = ask()
        reads, writes = (sum(column) for column in zip(*map(capacity, calls.dynamodb), strict=True))
        assert (reads, writes) == (OPERATIONS[name].reads, OPERATIONS[name].writes), name
        return answer

    secret = {"username": "ada@example.com", "password": "correct horse battery"}
    # A device that has signed in before; a new one is one write more, of two units, and one read less.
    secret["device_key"] = str(token(grant_type="password", **secret).to_wire()["device_key"])
    signed_in = units("sign-ins", lambda: token(grant_type="password", **secret))
    again = {"grant_type": "refresh_token", "refresh_token": str(signed_in.refresh_token)}
    refreshed = units("refreshes", lambda: token(**again))
    units("authorizer", lambda: aws_services.verifier(ISSUER).verify(refreshed.access_token))


def capacity(call: Any) -> tuple[int, int]:
    """Return read and write units of a call, for items of at most 1 KB, consistently read."""
    keys = [
        key for table in call.parameters.get("RequestItems", {}).values() for key in table.get("Keys", [])
    ]
    found = {
        "BatchGetItem": (len(keys), 0),
        "GetItem": (1, 0),
        "Query": (1, 0),
        "TransactWriteItems": (0, 2 * len(call.parameters.get("TransactItems", []))),
    }
    return found.get(call.operation, (0, 1))


def test_what_the_project_decides_is_not_assumed_otherwise() -> None:
    functions = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))["lambda_functions"]
    assert functions["api_handler"]["lambda_memory_size"] == OPERATIONS["sign-ins"].memory_mb
    assert functions["bearer"]["lambda_memory_size"] == OPERATIONS["authorizer"].memory_mb
    resources = transformed()["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"].endswith("::Alarm")]
    # A query is charged for each metric that it names; an expression over other queries of the alarm is free.
    charged = sum(
        1 if "MetricStat" in one else "SELECT" in str(one) and (str(one).count("outcome = ") or 1)
        for alarm in alarms
        for one in alarm.get("Metrics", [{"MetricStat": alarm}])
    )
    assert charged == FIXED["Alarm metrics"]


def test_the_command_prints_lines_a_total_and_assumptions() -> None:
    text = run("--users", "10000", "--calls", "12000000").stdout
    assert text.strip() in PAGE
    found = json.loads(run("--users", "10000", "--json").stdout)
    assert found["total"] == pytest.approx(sum(line["usd"] for line in found["lines"]))
    assert f"{found['total']:.2f}" in text


def test_bad_input_ends_with_status_2() -> None:
    assert [run(*arguments).exit_code for arguments in ([], ["--users", "-1"], ["--users", "x"])] == [2, 2, 2]


def test_the_page_has_every_price_with_its_source_and_date() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \|(.+)\|$", PAGE, re.MULTILINE))
    assert {name for name, row in rows.items() if row.endswith(" no ")} == {
        name for name, price in PRICES.items() if not price.confirmed
    }
    assert all(f"[{price.source}]" in rows[name] for name, price in PRICES.items())
    assert READ in PAGE
    assert all(f"[{name}]: {url}\n" in PAGE for name, url in SOURCES.items())


def test_the_page_and_the_readme_have_the_amounts_that_are_computed() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    authorizer = {seconds: usd(bill(month(0, 10**6, seconds)), "authorizer") for seconds in (0, 60, 300)}
    for seconds, amount in authorizer.items():
        assert f"| {seconds} | {amount:.2f} |" in PAGE
    assert f"costs {authorizer[0]:.2f} US$ per million calls instead of {authorizer[60]:.2f}" in readme
    for name in ("sign-ins", "refreshes"):
        assert f"| 1,000 {name} | {usd(bill({name: OPERATIONS[name].usage(1000)})):.4f} |" in PAGE
    for users in (10_000, 100_000, 1_000_000):
        lines = bill(month(users))
        own = usd(lines) - usd(lines, "calls")
        others = " | ".join(f"{PRICES[name].cost(users):,.2f}" for name in OTHERS)
        assert f"| {users:,} | {own:,.2f} | {others} | {usd(lines, 'calls'):,.2f} |" in PAGE
    idle = bill(month(0))
    assert f"costs {usd(idle):.2f} with nobody" in PAGE
    assert f"| {usd(idle, item='Secrets'):.2f} US$ a month |" in readme
    assert (
        f"| {usd(idle, item='Alarm metrics') + usd(idle, item='Dashboards'):.2f} US$ a month, less" in readme
    )
