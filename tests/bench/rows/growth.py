"""What an operation costs where the table holds few users, and where it holds many."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.bench.bench import (
    API,
    AUTHORIZER,
    Bench,
    Tree,
    bearer_event,
    me_event,
    refresh_event,
    sign_in_event,
)
from tests.bench.measure import Measured, Row
from tests.bench.operations import Operations, recorded_operations
from tests.bench.rows.trips import fewest

SIZES = (10, 1_000, 100_000)
OPERATIONS = ("authorize", "sign_in", "refresh", "revoke", "me")
_ACCOUNT, _UNUSED_ACCOUNT = 5, 7
_SIGN_INS = 25
"""More than the most sessions and devices of an account: from then on each sign-in replaces the oldest."""
_TIMES = 5


@dataclass(frozen=True)
class Cost:
    """What an operation asks of AWS: round trips in sequence, calls, items read, bytes of all bodies."""

    round_trips: int
    calls: int
    items_read: int
    bytes: int


@contextmanager
def grown(tree: Tree, users: int) -> Iterator[Tree]:
    """Return the same version with another stack, whose table holds so many users."""
    with ExitStack() as undo:
        yield replace(tree, undo=undo, users=users)


def costs(tree: Tree) -> dict[str, Cost]:
    """Return the cost of each operation of an account that has not signed in before."""
    with recorded_operations(tree, _UNUSED_ACCOUNT, delay=0.03) as operations:
        return {name: _cost(operations, name) for name in OPERATIONS}


def _cost(operations: Operations, name: str) -> Cost:
    found = fewest(operations, name)
    return Cost(found.round_trips, len(found.calls), found.items_read, sum(found.bytes))


def growth(bench: Bench) -> Measured:
    """Compare the CPU time of all operations, with many users and with few."""
    with ExitStack() as undo:
        trees = [undo.enter_context(grown(bench.tree, users)) for users in SIZES]
        asked = [costs(tree) for tree in trees]
        samples: list[list[float]] = [[] for _ in SIZES]
        runs = [_one_of_each(tree) for tree in trees]
        for _ in range(bench.rounds):
            for run, found in zip(runs, samples, strict=True):
                found.append(next(run))
    details = {
        str(users): {
            "cpu_us": 1e6 * statistics.median(seconds),
            "asked": {name: vars(cost) for name, cost in one.items()},
        }
        for users, one, seconds in zip(SIZES, asked, samples, strict=True)
    }
    few, many = samples[0], samples[-1]
    return Measured(statistics.median(many), statistics.median(few), (many, few), details)


def _one_of_each(tree: Tree) -> Iterator[float]:
    worker = tree.kept_worker(API, AUTHORIZER)
    worker.run("invoke", handler=API, event=sign_in_event(_ACCOUNT), times=_SIGN_INS)
    who = tree.sign_in(worker, _ACCOUNT - 1)
    worker.run("keep_token", token=who.refresh_token)
    calls = [
        (AUTHORIZER, bearer_event(who.access_token)),
        (API, me_event(who.context)),
        (API, sign_in_event(_ACCOUNT)),
    ]
    while True:
        cpu = worker.run("invoke_all", calls=calls, times=_TIMES).cpu
        yield cpu + worker.run("refresh", handler=API, event=refresh_event(), times=_TIMES).cpu


ROWS = [
    Row(
        "growth",
        f"sign-in, refresh and calls with {SIZES[-1]:,} users, CPU",
        f"with {SIZES[0]} users",
        None,
        "us",
        growth,
        1e6,
    )
]
