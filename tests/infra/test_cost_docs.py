"""The pages say what the script computes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.cost.assumptions import Assumptions
from infra.cost.bill import bill
from infra.cost.cost_page import CACHE_SECONDS, cost_page
from infra.cost.limits import ROUTE_BURST, ROUTE_RATE, TOKEN_BURST, TOKEN_RATE
from infra.cost.model import Part, Workload
from infra.cost.prices import plans, prices
from infra.cost.scale_page import scale_page
from infra.cost.text import columns, count, markdown, rate, usd
from infra.cost.usage import Meter
from tests.infra.template.packaged import transformed

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "text"), [("cost.md", cost_page()), ("scale.md", scale_page())])
def test_the_page_is_what_the_script_writes(name: str, text: str) -> None:
    """If this fails: python -m infra cost --write-docs."""
    assert (DOCS / name).read_text(encoding="utf-8") == text


def test_every_assumption_price_and_plan_is_a_row() -> None:
    page = cost_page()
    assert all(f"| `{name}` |" in page for name, *_ in Assumptions().rows())
    assert all(f"| {price.title} (us-east-1) |" in page for price in prices("us-east-1").values())
    assert all(page.count(f"| {plan.title}") == 2 for plan in plans())


def test_the_readme_says_the_same() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    for seconds in CACHE_SECONDS:
        amount = bill(Workload(calls=1_000_000, cache_seconds=seconds), Assumptions()).usd([Part.AUTHORIZER])
        (row,) = [line for line in readme.splitlines() if re.match(rf"\| {seconds}( \(default\))? \|", line)]
        assert row.endswith(f"| {amount:.2f} US$ |")
    idle = {line.price.meter: line.usd for line in bill(Workload(), Assumptions()).lines}
    assert f"| {idle[Meter.SECRETS]:.2f} US$ a month |" in readme
    assert f"| {idle[Meter.ALARMS] + idle[Meter.DASHBOARDS]:.2f} US$ a month, less" in readme


def test_what_the_project_decides_is_not_assumed_otherwise() -> None:
    config = json.loads((DOCS.parent / ".chalice" / "config.json").read_text(encoding="utf-8"))
    memory = {name: one["lambda_memory_size"] for name, one in config["lambda_functions"].items()}
    assumed = Assumptions()
    assert (memory["api_handler"], memory["bearer"]) == (assumed.api_memory_mb, assumed.authorizer_memory_mb)
    template = transformed()
    alarms = [one["Properties"] for one in template["Resources"].values() if one["Type"].endswith("::Alarm")]
    looked_at = [one.get("Metrics", [{"MetricStat": one}]) for one in alarms]
    # An expression over metrics of the same alarm is none, and a query looks at one or at those it names.
    charged = sum(
        1 if "MetricStat" in one else "SELECT" in str(one) and (str(one).count("outcome = ") or 1)
        for metrics in looked_at
        for one in metrics
    )
    assert charged == assumed.alarms
    throttles = {name: one["Default"] for name, one in template["Parameters"].items()}
    assert (throttles["TokenRequestsPerSecond"], throttles["TokenRequestsBurst"]) == (TOKEN_RATE, TOKEN_BURST)
    assert (throttles["RequestsPerSecond"], throttles["RequestsBurst"]) == (ROUTE_RATE, ROUTE_BURST)
    assert template["Parameters"]["LogRetentionDays"]["Default"] == assumed.log_days
    assert template["Parameters"]["KeyCacheSeconds"]["Default"] == assumed.key_cache_seconds


def test_every_source_of_the_limits_is_linked() -> None:
    page = scale_page()
    used = {
        cell.strip(" []")
        for line in page.splitlines()
        if line.endswith("] |")
        for cell in line.split("|")[-2:-1]
    }
    assert used
    assert all(f"[{name}]: https://" in page for name in used)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (0.01803, "0.0180"), (4.2, "4.20"), (99.994, "99.99"), (1234.5, "1,234")],
)
def test_dollars(amount: float, text: str) -> None:
    assert usd(amount) == text


def test_prices_are_written_without_an_exponent() -> None:
    assert [rate(0.0000166667), rate(0.0055), rate(3.5), rate(0)] == ["0.0000166667", "0.0055", "3.5", "0"]


def test_quantities() -> None:
    assert [count(0.007), count(8), count(530.4), count(12_000_000)] == ["0.007", "8", "530", "12,000,000"]


def test_tables() -> None:
    assert markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"
    assert columns(["a", "bb"], [["xyz", "1"]]) == "a    bb\n---  --\nxyz   1"
