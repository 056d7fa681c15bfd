"""AWS round trips in sequence, counted at the socket."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tests.bench.bench import Bench
from tests.bench.measure import Measured, Row
from tests.bench.operations import Operations, Recorded, recorded_operations

_ACCOUNT = 5
_TRIES = 3
"""The fewest of so many: a call that starts late on a busy machine would seem to follow another."""


@cache
def _operations(bench: Bench) -> Operations:
    return bench.undo.enter_context(recorded_operations(bench.tree, _ACCOUNT))


def _measured(bench: Bench, operation: str) -> Measured:
    found = fewest(_operations(bench), operation)
    sent, received = found.bytes
    return Measured(
        found.round_trips,
        details={
            "secret_reads": found.secret_reads,
            "calls": [call.operation for call in found.calls],
            "items_read": found.items_read,
            "bytes_sent": sent,
            "bytes_received": received,
        },
    )


def fewest(operations: Operations, operation: str) -> Recorded:
    """Run a warm operation several times, and return the one with the fewest round trips."""
    prepare = getattr(operations, f"prepare_{operation}", None)
    if operation == "revoke":
        operations.prepare_revoke(_TRIES + 1)
    elif prepare:
        prepare()
    call: Callable[[], None] = getattr(operations, operation)
    call()
    return min((operations.record(call) for _ in range(_TRIES)), key=lambda one: one.round_trips)


def _row(operation: str, title: str, mark: int) -> Row:
    return Row(
        f"trips-{operation.replace('_', '-')}",
        f"AWS round trips in sequence: {title}",
        "",
        mark,
        "",
        lambda bench: _measured(bench, operation),
        is_exact=True,
    )


def _secret_reads(bench: Bench) -> Measured:
    names = ("authorize", "sign_in", "refresh", "revoke", "me")
    return Measured(sum(fewest(_operations(bench), name).secret_reads for name in names))


ROWS = [
    _row("authorize", "authorize", 1),
    _row("sign_in", "sign-in", 3),
    _row("refresh", "refresh", 2),
    _row("revoke", "revoke", 1),
    _row("me", "/me", 1),
    _row("key", "API key", 1),
    Row("secret-reads", "Secrets Manager, warm, all of these", "", 0, "", _secret_reads, is_exact=True),
]
