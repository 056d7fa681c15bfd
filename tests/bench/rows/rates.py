"""Requests a second of the local stack, whose moto, gateway and functions share one process."""

from __future__ import annotations

from chalicelib.adapters.bcrypt_hasher import DEFAULT_COST
from tests.bench.bench import Bench
from tests.bench.measure import MIN_ROUNDS, Measured, NotMeasuredError, Row
from tests.bench.processes import StackProcess
from tests.bench.programs.stack import EMAILS, PASSWORD
from tests.infra.lambda_runtime.interpreter import PROJECT
from tests.load.driver import Plan, drive

_APPS = 4
_MIXES = {"sign-ins": "sign-in", "refreshes": "refresh", "/me": "call"}


def rates(bench: Bench) -> Measured:
    """Measure each action alone."""
    seconds = 4.0 if bench.rounds >= MIN_ROUNDS else 1.5
    accounts = [(email, PASSWORD) for email in EMAILS]
    found = {}
    with StackProcess(PROJECT, bcrypt_cost=DEFAULT_COST) as stack:
        for name, action in _MIXES.items():
            tally = drive(stack.url, accounts, Plan({action: 1}, _APPS, seconds, 10**6))
            if not tally.seconds[action]:
                raise NotMeasuredError(f"no {action} succeeded: {dict(tally.errors)}")
            found[name] = round(tally.rate(action), 1)
    text = ", ".join(f"{rate:g} {name}" for name, rate in found.items())
    lines = ["", f"Local stack, a second: {text} ({_APPS} apps at once, bcrypt cost {DEFAULT_COST})."]
    return Measured(found["/me"], details={**found, "lines": lines})


ROWS = [Row("local-stack", "local stack, /me a second", "", None, "/s", rates)]
