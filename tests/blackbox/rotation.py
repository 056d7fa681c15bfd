"""A rotation that crashes wherever it can, and the traffic that must not notice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.key_rotation import rotate
from chalicelib.domain.errors import GatehouseError
from chalicelib.services import AwsAdapters, Services, get_services
from chalicelib.settings import Settings
from infra.operate.api_client import summarize
from tests.blackbox.local_deployment import LocalDeployment

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PATIENCE_SECONDS = 30
POLL_SECONDS = 0.005


def step(name: str, token: str) -> None:
    """Do one step, as Secrets Manager asks for it."""
    rotate({"Step": name, "ClientRequestToken": token, "SecretId": "signing"}, None)


class Crash(BaseException):
    """The function's process ends here."""


@dataclass
class Faults:
    """Ends this thread's rotation before or after one of its calls to Secrets Manager."""

    moment: str
    at: int = 0
    seen: int = 0
    _thread: int = field(default_factory=threading.get_ident)

    def __call__(self, **_: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        self.seen += 1
        if self.seen == self.at:
            raise Crash

    @contextmanager
    def armed(self) -> Iterator[None]:
        events = get_services().adapters._secretsmanager.meta.events  # type: ignore[attr-defined]
        events.register(f"{self.moment}-call", self)
        try:
            yield
        finally:
            events.unregister(f"{self.moment}-call", self)

    def survive(self, name: str, token: str) -> int:
        """Do a step until it has crashed at each of its calls and then come through; count the crashes."""
        for crashes in range(100):
            self.at, self.seen = crashes + 1, 0
            try:
                step(name, token)
            except Crash:
                continue
            return crashes
        raise AssertionError


@dataclass
class Traffic:
    """Apps that go on and on, each in a thread of its own."""

    stage: LocalDeployment
    outcomes: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, name: str, once: Callable[[], str]) -> threading.Thread:
        def loop() -> None:
            while not self._over.is_set():
                self.outcomes[f"{name}: {once()}"] += 1

        thread = threading.Thread(target=loop, name=name)
        thread.start()
        return thread

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Keep signing in, refreshing, asking, and verifying in functions with caches of every age."""
        entering, refreshing, asking = (self.stage.signed_in() for _ in range(3))
        verifying = [self._verifier(cache_seconds) for cache_seconds in (0, 5, 60)]

        def refresh_and_ask() -> str:
            return f"{summarize(refreshing.refresh(refreshing.refresh_token))} {summarize(refreshing.me())}"

        def verify() -> str:
            return " ".join(check(refreshing.access_token) for check in verifying)

        threads = [
            self.run("sign in", lambda: f"{summarize(entering.sign_in())} {summarize(entering.me())}"),
            self.run("refresh", refresh_and_ask),
            self.run("ask", lambda: summarize(asking.me())),
            self.run("verify", verify),
        ]
        with ExitStack() as ending:
            for thread in threads:
                ending.callback(thread.join)
            ending.callback(self._over.set)
            yield

    def wait_for_more(self) -> None:
        """Return once every app has come round again."""
        before, deadline = dict(self.outcomes), time.monotonic() + PATIENCE_SECONDS
        while len(before) < 4 or any(self.outcomes[name] <= count for name, count in before.items()):
            assert time.monotonic() < deadline, self.outcomes
            before = before if len(before) >= 4 else dict(self.outcomes)
            self._over.wait(0.005)

    def _verifier(self, cache_seconds: int) -> Callable[[str], str]:
        environment = {**self.stage.stack.environment, "KEY_CACHE_SECONDS": str(cache_seconds)}
        settings = Settings.from_environment(environment)
        services = Services(settings, AwsAdapters(settings))

        def verify(access_token: str) -> str:
            try:
                services.verifier(settings.issuer).verify(access_token)
            except GatehouseError as error:
                return f"{error.code} ({error.reason})"
            return "good"

        return verify
