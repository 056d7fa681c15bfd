"""Drive an API with a mix of sign-ins, refreshes and calls, and count."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http import HTTPStatus

import requests

from infra.operate.api_client import ApiClient

ACTIONS = ("sign-in", "refresh", "call")


@dataclass(frozen=True)
class Plan:
    """How much load: weights of the actions, apps at once, and the end by time or by requests."""

    mix: Mapping[str, float]
    apps: int
    seconds: float
    requests: int


@dataclass
class Tally:
    """Seconds of each successful request by action, and errors by action and kind."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {action: [] for action in ACTIONS})
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    elapsed: float = 0

    @property
    def total(self) -> int:
        """Requests that were sent."""
        return sum(map(len, self.seconds.values())) + self.errors.total()

    def add(self, other: Tally) -> None:
        """Add the requests of another app."""
        for action, seconds in other.seconds.items():
            self.seconds[action] += seconds
        self.errors += other.errors

    def rate(self, action: str) -> float:
        """Return successful requests a second."""
        return len(self.seconds[action]) / self.elapsed if self.elapsed else 0

    def percentile(self, action: str, percent: int) -> float:
        """Return a percentile of the seconds of an action; 0 without requests."""
        seconds = self.seconds[action]
        if len(seconds) < 2:
            return sum(seconds)
        return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


class _App:
    """One app with one account. It signs in before anything else, which is counted only if the mix has it."""

    def __init__(self, client: ApiClient, plan: Plan, is_over: Callable[[int], bool], seed: int) -> None:
        self._client = client
        self._plan = plan
        self._is_over = is_over
        self._choice = random.Random(seed)  # noqa: S311 - which action comes next is no secret
        self.tally = Tally()

    def prepare(self) -> None:
        """Sign in, if the mix itself has no sign-ins."""
        if not self._plan.mix.get("sign-in"):
            self._client.sign_in().raise_for_status()

    def run(self) -> Tally:
        """Send requests until the plan ends."""
        actions = [action for action in ACTIONS if self._plan.mix.get(action)]
        weights = [self._plan.mix[action] for action in actions]
        while not self._is_over(self.tally.total):
            signed_in = self._client.access_token
            self._send(self._choice.choices(actions, weights)[0] if signed_in else "sign-in")
        return self.tally

    def _send(self, action: str) -> None:
        began = time.perf_counter()
        try:
            answer = self._request(action)
        except requests.RequestException as error:
            self.tally.errors[action, type(error).__name__] += 1
            return
        if answer.ok:
            self.tally.seconds[action].append(time.perf_counter() - began)
            return
        self.tally.errors[action, str(answer.status_code)] += 1
        if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            self._client.access_token = ""
        # A service that is overloaded, or refuses, is not asked again at once.
        time.sleep(min(1.0, float(answer.headers.get("Retry-After", 0.1))))

    def _request(self, action: str) -> requests.Response:
        if action == "sign-in":
            return self._client.sign_in()
        if action == "refresh":
            return self._client.refresh(self._client.refresh_token)
        return self._client.me()


def drive(url: str, accounts: Sequence[tuple[str, str]], plan: Plan) -> Tally:
    """Run the plan against `url`, the apps sharing the accounts (name, password), and return the sum.

    Raises requests.RequestException if an app cannot sign in before the load begins.
    """
    most = max(1, plan.requests // plan.apps)
    began = math.inf

    def is_over(sent: int) -> bool:
        return sent >= most or time.perf_counter() - began >= plan.seconds

    total = Tally()
    with ExitStack() as closing_apps, ThreadPoolExecutor(plan.apps) as pool:
        apps = []
        for number in range(plan.apps):
            client = ApiClient(url, *accounts[number % len(accounts)])
            apps.append(_App(closing_apps.enter_context(closing(client)), plan, is_over, number))
        list(pool.map(_App.prepare, apps))
        began = time.perf_counter()
        for tally in pool.map(_App.run, apps):
            total.add(tally)
        total.elapsed = time.perf_counter() - began
    return total


def report(tally: Tally) -> str:
    """Return the result as text."""
    lines = [f"{'':8}{'requests':>9}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}"]
    lines += [
        f"{action:8}{len(tally.seconds[action]):>9}{tally.rate(action):>10.1f}"
        f"{1e3 * tally.percentile(action, 50):>9.1f}{1e3 * tally.percentile(action, 99):>9.1f}"
        for action in ACTIONS
        if tally.seconds[action]
    ]
    failed = ", ".join(f"{count} x {action} {kind}" for (action, kind), count in sorted(tally.errors.items()))
    return "\n".join([*lines, f"{tally.elapsed:.1f} s. Errors: {failed or 'none'}."])
