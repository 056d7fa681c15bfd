"""Warm functions: CPU time of one call in a process that has answered before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.adapters.dynamodb.items import session_key
from chalicelib.adapters.dynamodb.system_items import system_key
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
from tests.bench.measure import Measured, Row, interleaved
from tests.bench.processes import LOWEST_COST, Worker
from tests.infra.lambda_runtime.events import ISSUER

_MANY, _FEW = 200, 25
_SESSIONS = 25
"""Sign-ins before the first sample: from then on each evicts a session, so that all do the same."""


def _cpu(worker: Worker, times: int, case: str, **arguments: Any) -> Callable[[], float]:
    worker.run(case, **arguments)
    return lambda: worker.run(case, times=times, **arguments).cpu


def decision(bench: Bench) -> Measured:
    """Measure a decision of the authorizer without its read."""
    worker, event, decode = _without_store(bench)
    return interleaved(
        _cpu(worker, _MANY, "invoke", handler=AUTHORIZER, event=event),
        _cpu(worker, _MANY, "decode", **decode),
        bench.rounds,
    )


def own_account(bench: Bench) -> Measured:
    """Measure authorizer and `GET /me`, without their reads."""
    worker, event, decode = _without_store(bench)
    context = worker.run("invoke", handler=AUTHORIZER, event=event).value["context"]
    calls = [(AUTHORIZER, event), (API, me_event(context))]
    answers = worker.run("invoke_all", calls=calls).value
    assert answers[1]["statusCode"] == 200, answers
    return interleaved(
        _cpu(worker, _MANY, "invoke_all", calls=calls),
        _cpu(worker, _MANY, "empty_route_and_decode", event=me_event(context), **decode),
        bench.rounds,
    )


def _without_store(bench: Bench) -> tuple[Worker, dict[str, str], dict[str, str]]:
    _, who = bench.signed_in
    worker = bench.tree.kept_worker(AUTHORIZER, API)
    worker.run("fake_sessions", user_id=who.user_id, session_id=who.session_id)
    decode = {"token": who.access_token, "key": bench.signing_key, "issuer": ISSUER}
    return worker, bearer_event(who.access_token), decode


def decision_with_read(bench: Bench) -> Measured:
    """Measure a decision with its read over a socket."""
    worker, who = bench.signed_in
    keys = [session_key(who.user_id, who.session_id), system_key(who.user_id)]
    table = bench.tree.environment["USERS_TABLE"]
    return interleaved(
        _cpu(worker, _FEW, "invoke", handler=AUTHORIZER, event=bearer_event(who.access_token)),
        _cpu(worker, _FEW, "boto3_read", table=table, keys=keys),
        bench.rounds,
    )


def sign_in(bench: Bench) -> Measured:
    """Measure a sign-in beyond its password hash."""
    workers = [_signing_in(tree) for tree in (bench.tree, bench.before)]
    hashing = _cpu(workers[0], _MANY, "bcrypt_alone", cost=LOWEST_COST)()
    now, before = (
        _cpu(worker, _FEW // 5, "invoke", handler=API, event=sign_in_event(3)) for worker in workers
    )
    return interleaved(now, before, bench.rounds, less=hashing)


def _signing_in(tree: Tree) -> Worker:
    worker = tree.kept_worker(API)
    worker.run("invoke", handler=API, event=sign_in_event(3), times=_SESSIONS)
    return worker


def refresh(bench: Bench) -> Measured:
    """Measure refreshes, each with the token of the one before."""
    sides = []
    for tree in (bench.tree, bench.before):
        worker = tree.kept_worker(API, AUTHORIZER)
        worker.run("keep_token", token=tree.sign_in(worker, 4).refresh_token)
        sides.append(_cpu(worker, _FEW // 5, "refresh", handler=API, event=refresh_event()))
    return interleaved(sides[0], sides[1], bench.rounds)


_BEFORE = "the version before"
ROWS = [
    Row(
        "warm-decision",
        "authorizer, warm: a decision without its read, CPU",
        "PyJWT decode, same checks",
        2.0,
        "us",
        decision,
        1e6,
    ),
    Row(
        "warm-read",
        "authorizer, warm, with its read, CPU",
        "the read by a boto3 client",
        0.75,
        "us",
        decision_with_read,
        1e6,
    ),
    Row(
        "warm-me",
        "authorizer and /me, without their reads, CPU",
        "Chalice's empty route, and the decode",
        2.0,
        "us",
        own_account,
        1e6,
    ),
    Row("sign-in", "sign-in beyond bcrypt, CPU", _BEFORE, 0.7, "us", sign_in, 1e6),
    Row("refresh", "refresh, CPU", _BEFORE, 0.7, "us", refresh, 1e6),
]
