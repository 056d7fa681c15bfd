"""The limits of the services below, and the number of users at which each is met."""

from __future__ import annotations

from dataclasses import dataclass

from infra.cost.assumptions import Assumptions
from infra.cost.authorizer_cache import miss_share
from infra.cost.model import MONTH_SECONDS

STORM_SECONDS = 3600
"""Everybody signs in again within this time: what a breach of the key, or a bug in an app, brings about."""
NEW_CONCURRENCY, CONCURRENCY = 10, 1000
INVOCATIONS_PER_CONCURRENCY = 10
GATEWAY_RATE, GATEWAY_BURST = 10_000, 5_000
TOKEN_RATE, TOKEN_BURST = 200, 200
ROUTE_RATE, ROUTE_BURST = 2_000, 2_000
"""The throttles that the template sets by default: the token endpoint's, and that of every other method."""
PARTITION_READS, PARTITION_WRITES = 3_000, 1_000
NEW_TABLE_READS, NEW_TABLE_WRITES = 12_000, 4_000
TABLE_UNITS = 40_000


@dataclass(frozen=True, slots=True)
class Demand:
    """What one active user asks for in a second of the busiest minute."""

    sign_ins: float
    refreshes: float
    calls: float
    misses: float

    @property
    def gateway(self) -> float:
        """Requests that API Gateway counts."""
        return self.sign_ins + self.refreshes + self.calls

    @property
    def invocations(self) -> float:
        """Starts of any function, yours included."""
        return self.gateway + self.misses

    @property
    def epoch_reads(self) -> float:
        """Reads of the one item that every sign-in, refresh and miss reads."""
        return self.sign_ins + self.refreshes + self.misses

    def concurrency(self, assumed: Assumptions) -> float:
        """Return how many environments are busy at a time, yours included."""
        return (
            self.sign_ins * assumed.sign_in_seconds
            + self.refreshes * assumed.refresh_seconds
            + self.misses * assumed.authorizer_seconds
            + self.calls * assumed.own_seconds
        )

    def reads(self, assumed: Assumptions) -> float:
        """Return read units."""
        return (
            self.sign_ins * assumed.sign_in_reads
            + self.refreshes * assumed.refresh_reads
            + self.misses * assumed.authorizer_reads
        )

    def writes(self, assumed: Assumptions) -> float:
        """Return write units."""
        return self.sign_ins * assumed.sign_in_writes + self.refreshes * assumed.refresh_writes


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit, and the users at which it is met: in an ordinary month, and when all sign in at once."""

    name: str
    value: str
    ordinary: float
    storm: float
    lever: str
    source: str

    @property
    def first_met(self) -> float:
        """The users at which it is met one way or the other."""
        return min(self.ordinary, self.storm)


def demand(assumed: Assumptions, cache_seconds: float) -> Demand:
    """Return the demand of one active user at the peak."""
    factor = assumed.peak_factor / MONTH_SECONDS
    calls = assumed.visits * assumed.calls_per_visit * factor
    return Demand(
        sign_ins=assumed.sign_ins_per_user * factor,
        refreshes=assumed.visits * assumed.refreshes_per_visit * factor,
        calls=calls,
        misses=calls * miss_share(assumed, cache_seconds),
    )


def storm() -> Demand:
    """Return the demand of one user when everybody signs in within the storm's time."""
    return Demand(sign_ins=1 / STORM_SECONDS, refreshes=0, calls=0, misses=0)


def limits(assumed: Assumptions) -> list[Limit]:
    """Return the limits in the order in which they are met."""
    found = [*_lambda(assumed), *_gateway(assumed), *_epoch(assumed), *_table(assumed)]
    return sorted(found, key=lambda limit: limit.first_met)


def _lambda(assumed: Assumptions) -> list[Limit]:
    usual, rush = demand(assumed, 60), storm()
    found = []
    for name, most in (("new account", NEW_CONCURRENCY), ("default", CONCURRENCY)):
        rate = most * INVOCATIONS_PER_CONCURRENCY
        lever = "quota *Concurrent executions*"
        found += [
            Limit(
                f"Lambda concurrency, {name}",
                f"{most:,} at a time",
                most / usual.concurrency(assumed),
                most / rush.concurrency(assumed),
                f"{lever}; `BCRYPT_COST`; faster functions of your own",
                "lambda-quotas",
            ),
            Limit(
                f"Lambda invocations, {name}",
                f"{rate:,}/s",
                rate / usual.invocations,
                rate / rush.invocations,
                f"{lever}, ten a second for each; `AUTHORIZER_CACHE_SECONDS`",
                "lambda-concurrency",
            ),
        ]
    return found


def _gateway(assumed: Assumptions) -> list[Limit]:
    usual = demand(assumed, 60)
    return [
        Limit(
            "API Gateway, all APIs of the account",
            f"{GATEWAY_RATE:,}/s, bucket {GATEWAY_BURST:,}",
            GATEWAY_RATE / usual.gateway,
            GATEWAY_RATE / storm().gateway,
            "quota *Throttle rate*; the bucket is AWS's to set; some regions start at 2,500/s",
            "gateway",
        ),
        Limit(
            "token endpoint of a stage",
            f"{TOKEN_RATE:,}/s, bucket {TOKEN_BURST:,}",
            TOKEN_RATE / (usual.sign_ins + usual.refreshes),
            TOKEN_RATE / storm().sign_ins,
            "`TokenRequestsPerSecond`, `TokenRequestsBurst`",
            "throttle",
        ),
        Limit(
            "any other route of a stage, if all calls go there",
            f"{ROUTE_RATE:,}/s, bucket {ROUTE_BURST:,}",
            ROUTE_RATE / usual.calls,
            float("inf"),
            "`RequestsPerSecond`, `RequestsBurst`",
            "throttle",
        ),
    ]


def _epoch(assumed: Assumptions) -> list[Limit]:
    return [
        Limit(
            f"one hot item (`SYSTEM`), cache {seconds} s",
            f"{PARTITION_READS:,} RRU/s",
            PARTITION_READS / demand(assumed, seconds).epoch_reads,
            PARTITION_READS / storm().epoch_reads,
            "`AUTHORIZER_CACHE_SECONDS`; no quota moves it, copies of the item would",
            "partition",
        )
        for seconds in (0, 60, 300)
    ]


def _table(assumed: Assumptions) -> list[Limit]:
    usual, rush = demand(assumed, 60), storm()
    grows = "grows by itself; warm throughput"
    rows = (
        ("reads of a new table", NEW_TABLE_READS, "RRU/s", Demand.reads, grows),
        ("writes of a new table", NEW_TABLE_WRITES, "WRU/s", Demand.writes, grows),
        ("reads of the table", TABLE_UNITS, "RRU/s", Demand.reads, "quota *Table-level read throughput*"),
        ("writes of the table", TABLE_UNITS, "WRU/s", Demand.writes, "quota *Table-level write throughput*"),
    )
    return [
        Limit(
            f"DynamoDB, {name}",
            f"{most:,} {unit}",
            most / units(usual, assumed),
            most / units(rush, assumed),
            lever,
            "warm" if "new" in name else "on-demand",
        )
        for name, most, unit, units, lever in rows
    ]
