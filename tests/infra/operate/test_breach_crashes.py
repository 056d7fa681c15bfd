"""A breach that dies before or after any of its calls to AWS, and the run that follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, current_thread
from typing import Any

import pytest
from botocore.client import BaseClient

from chalicelib.adapters.dynamodb import system, system_items
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, knock, works_again

LOOKING = ("Get", "BatchGet", "Describe", "Query", "Scan")


class Killed(BaseException):
    """The operator's process ends here."""


@dataclass
class CrashInjector:
    """Ends this thread's command at one of its calls; whoever is dead calls no more."""

    at: int = 0
    after: bool = False
    seen: list[str] = field(default_factory=list)
    dead: bool = False
    _terminal: Thread = field(default_factory=current_thread)

    @contextmanager
    def armed(self) -> Iterator[None]:
        make = BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(client: Any, operation: str, params: Any) -> Any:
            if current_thread() is not self._terminal:
                return make(client, operation, params)
            self._maybe_die(dead_now=self.dead)
            self.seen.append(operation)
            self._maybe_die(dead_now=not self.after and len(self.seen) == self.at)
            try:
                return make(client, operation, params)
            finally:
                self._maybe_die(dead_now=len(self.seen) == self.at)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", call)
            yield

    def _maybe_die(self, *, dead_now: bool) -> None:
        if dead_now:
            self.dead = True
            raise Killed


def reports(stage: LocalDeployment) -> list[dict[str, Any]]:
    """Return the reports of all runs, and take the files away."""
    files = sorted(stage.folder.glob("breach-*.json"), key=lambda path: path.stat().st_mtime_ns)
    found = [json.loads(path.read_text()) for path in files]
    for path in files:
        path.unlink()
    return found


def calls_of_a_run(stage: LocalDeployment) -> list[str]:
    injector = CrashInjector()
    with injector.armed():
        assert stage.operate("breach", "--yes").exit_code == 0
    reports(stage)
    return injector.seen


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDeployment]:
    """Keep four copies of the state of the system: moto takes most of a breach to write all 64."""
    for module in (system, system_items):
        monkeypatch.setattr(module, "SYSTEM_COPIES", 4)
    monkeypatch.setattr(system, "_KEYS", system._KEYS[:4])
    with staged(tmp_path) as running:
        yield running


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_call_it_dies_at_the_next_run_ends_it(stage: LocalDeployment, *, after: bool) -> None:
    """To die at a call that only looks is to die after the change before it, or before the next one."""
    calls = calls_of_a_run(stage)
    assert {"PutSecretValue", "TransactWriteItems", "FlushStageAuthorizersCache"} <= set(calls)
    changing = [at for at, name in enumerate(calls, 1) if not name.startswith(LOOKING)]
    assert len(changing) > 8
    for at in changing:
        check_death(stage, CrashInjector(at, after=after))


def check_death(stage: LocalDeployment, injector: CrashInjector) -> None:
    app = stage.signed_in()
    assert app.me().status_code == 200
    with injector.armed(), pytest.raises(Killed):
        stage.operate("breach", "--yes")
    where = injector.seen
    interrupted = reports(stage)
    assert all(one["stopped_by"] == "Killed" and not one["finished"] for one in interrupted), where
    # There is none where it died before it began to do anything.
    assert interrupted or "UpdateSecretVersionStage" not in where
    again = stage.operate("breach", "--yes")
    assert again.exit_code == 0, (where, again.output)
    (said,) = reports(stage)
    assert said["finished"]
    assert all(said["proof"].values())
    assert knock(app) == EVERY_DOOR_SHUT, where
    assert works_again(app), where
    assert stage.deployment.services.adapters.system.state().epoch == said["epoch"]
