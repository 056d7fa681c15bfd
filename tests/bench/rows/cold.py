"""Cold starts: a new process of the packaged tree, from the import of a function to its first answer.

INIT runs at full speed, as on Lambda; then the process gets its share of a vCPU. The start of Python and of
Lambda's runtime client is not counted: it is the same for every function.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.bench.bench import API, AUTHORIZER, Bench, Tree, bearer_event, refresh_event, sign_in_event
from tests.bench.measure import Measured, Row, interleaved
from tests.bench.processes import LOWEST_COST, Timing
from tests.bench.quota import share_of
from tests.infra.lambda_runtime.interpreter import PROJECT


def memory_of(function: str) -> int:
    """Return the megabytes that a function is deployed with."""
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
    return int(config["lambda_functions"][function]["lambda_memory_size"])


def cold(
    bench: Bench, tree: Tree, handler: str, memory_mb: int, event: dict[str, Any]
) -> tuple[Timing, Timing]:
    """Return INIT and first answer of a new process."""
    with tree.worker(handler) as worker:
        init = worker.run("load", handler=handler)
        if bench.quota:
            bench.quota.set_share(share_of(memory_mb))
            bench.quota.add(worker.pid)
        first = worker.run("invoke", handler=handler, event=event)
    return init, first


@cache
def _authorizer(bench: Bench) -> list[tuple[tuple[Timing, Timing], tuple[Timing, Timing], float]]:
    """Return for each round: this version, the version before, and the CPU of boto3 with two clients."""
    events = []
    for tree in (bench.tree, bench.before):
        with tree.worker(API) as worker:
            worker.run("load", handler=API)
            worker.run("load", handler=AUTHORIZER)
            events.append(bearer_event(tree.sign_in(worker).access_token))
    memory = memory_of("bearer")
    return [
        (
            cold(bench, bench.tree, AUTHORIZER, memory, events[0]),
            cold(bench, bench.before, AUTHORIZER, memory, events[1]),
            _clients_alone(bench),
        )
        for _ in range(bench.rounds)
    ]


def _clients_alone(bench: Bench) -> float:
    with bench.tree.worker(AUTHORIZER) as worker:
        return worker.run("boto3_clients").cpu


def _in_turn(ours: list[float], theirs: list[float]) -> Measured:
    pairs = iter(zip(ours, theirs, strict=True))
    current: list[tuple[float, float]] = []

    def subject() -> float:
        current.append(next(pairs))
        return current[-1][0]

    return interleaved(subject, lambda: current[-1][1], len(ours))


def _wall(bench: Bench) -> Callable[[tuple[Timing, Timing]], float]:
    """Return how a cold start is counted: wall time under a quota, else CPU time at the function's share."""
    share = share_of(memory_of("bearer"))
    if bench.quota:
        return lambda one: one[0].wall + one[1].wall
    return lambda one: one[0].cpu + one[1].cpu / share


def authorizer_wall(bench: Bench) -> Measured:
    """Measure INIT plus the first answer of the authorizer."""
    rounds, count = _authorizer(bench), _wall(bench)
    measured = _in_turn([count(now) for now, _, _ in rounds], [count(before) for _, before, _ in rounds])
    now = [one for one, _, _ in rounds]
    measured.details.update(
        init_ms=_median_ms([init.wall for init, _ in now]),
        first_answer_ms=_median_ms([first.wall for _, first in now]),
        by="wall time under a CPU quota" if bench.quota else "CPU time; this machine allows no quota",
    )
    return measured


def _median_ms(seconds: list[float]) -> float:
    return round(1e3 * sorted(seconds)[len(seconds) // 2], 1)


def authorizer_cpu(bench: Bench) -> Measured:
    """Measure the CPU time of the same."""
    rounds = _authorizer(bench)
    return _in_turn(
        [init.cpu + first.cpu for (init, first), _, _ in rounds], [floor for _, _, floor in rounds]
    )


def _api(bench: Bench, events: tuple[dict[str, Any], dict[str, Any]], less: float) -> Measured:
    memory = memory_of("api_handler")

    def total(tree: Tree, event: dict[str, Any]) -> float:
        init, first = cold(bench, tree, API, memory, event)
        assert first.value["statusCode"] == 200, first.value
        return init.wall + first.wall if bench.quota else init.cpu + first.cpu

    return interleaved(
        lambda: total(bench.tree, events[0]), lambda: total(bench.before, events[1]), bench.rounds, less=less
    )


def first_refresh(bench: Bench) -> Measured:
    """Measure the API from nothing to the answer of a refresh. Each start repeats the same refresh."""
    events = []
    for tree in (bench.tree, bench.before):
        with tree.worker(API) as worker:
            worker.run("load", handler=API)
            worker.run("load", handler=AUTHORIZER)
            event = refresh_event(tree.sign_in(worker, 1).refresh_token)
            event["headers"]["Idempotency-Key"] = "bench"
            event["multiValueHeaders"]["Idempotency-Key"] = ["bench"]
            worker.run("invoke", handler=API, event=event)
            events.append(event)
    return _api(bench, (events[0], events[1]), 0)


def first_sign_in(bench: Bench) -> Measured:
    """Measure the API from nothing to the answer of a sign-in, less the password hash."""
    with bench.tree.worker(API) as worker:
        worker.run("bcrypt_alone", cost=LOWEST_COST)
        hashing = worker.run("bcrypt_alone", cost=LOWEST_COST, times=20).wall
    return _api(bench, (sign_in_event(2), sign_in_event(2)), hashing)


_TODAY = "boto3 clients created in the handler"
ROWS = [
    Row(
        "cold-authorizer",
        "authorizer, cold, 512 MB: INIT plus first answer",
        _TODAY,
        0.30,
        "ms",
        authorizer_wall,
        1e3,
    ),
    Row(
        "cold-authorizer-cpu",
        "the same, CPU",
        "import of boto3 and two clients",
        0.75,
        "ms",
        authorizer_cpu,
        1e3,
    ),
    Row("cold-refresh", "API, cold, to the first refresh", _TODAY, 0.40, "ms", first_refresh, 1e3),
    Row(
        "cold-sign-in",
        "API, cold, to the first sign-in, less bcrypt",
        _TODAY,
        0.40,
        "ms",
        first_sign_in,
        1e3,
    ),
]
