"""How many sessions a breach has ended: those that stood, each counted by one run and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.system import DynamoDBSystem
from chalicelib.domain.errors import Unavailable
from infra.operate.breach.proof import Before
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.fakes import FakeClock
from tests.infra.operate.breached import report

HOUR = 3_600


@pytest.fixture
def stage(tmp_path: Path, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(tmp_path, moved, REFRESH_IDLE_SECONDS=HOUR) as running:
        yield running


def reported_sessions(stage: LocalDeployment, *options: str) -> int:
    """Return the number of sessions that a run reports."""
    result = stage.operate("breach", *options)
    assert result.exit_code == 0, result.output
    (count,) = re.findall(r"^(\d+) sessions (?:ended|would end)\.$", result.output, re.MULTILINE)
    return int(count)


def test_each_run_counts_the_sessions_that_stood_before_it(stage: LocalDeployment) -> None:
    for _ in range(3):
        stage.signed_in()
    assert reported_sessions(stage, "--dry-run") == 3
    assert reported_sessions(stage, "--yes") == 3
    assert reported_sessions(stage, "--dry-run") == 0
    assert reported_sessions(stage, "--yes") == 0
    stage.signed_in()
    stage.signed_in()
    assert reported_sessions(stage, "--dry-run") == 2
    assert reported_sessions(stage, "--yes") == 2
    assert [report(stage, epoch)["sessions_ended"] for epoch in (1, 2, 3)] == [3, 0, 2]


def test_an_expired_session_has_ended_before(stage: LocalDeployment, moved: FakeClock) -> None:
    moved.advance(-2 * HOUR)
    stage.signed_in()
    moved.advance(2 * HOUR)
    stage.signed_in()
    assert reported_sessions(stage, "--dry-run") == 1
    assert reported_sessions(stage, "--yes") == 1


def test_a_session_that_was_signed_out_has_ended_before(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    stage.signed_in()
    assert app.send("POST", "/oauth/revoke", data={"token": app.refresh_token}).status_code == 200
    assert reported_sessions(stage, "--yes") == 1


def test_a_session_that_begins_amid_the_run_is_not_ended(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, prove = stage.signed_in(), Before.prove

    def amid(before: Before) -> dict[str, bool]:
        assert app.sign_in().status_code == 200
        return prove(before)

    with monkeypatch.context() as patch:
        patch.setattr(Before, "prove", amid)
        assert reported_sessions(stage, "--yes") == 1
    assert app.me().status_code == 200
    assert reported_sessions(stage, "--yes") == 1


@pytest.mark.parametrize(
    ("after_the_write", "left"), [(False, 0), (True, 1)], ids=["before the epoch", "after the epoch"]
)
def test_a_resumed_run_counts_what_the_interrupted_one_had_not_ended(
    stage: LocalDeployment,
    monkeypatch: pytest.MonkeyPatch,
    after_the_write: bool,  # noqa: FBT001
    left: int,
) -> None:
    """Two stood before the interrupted run, whose new key has ended them; one was begun between the two.

    Where only the key was replaced, a function that has cached the old one begins it in the past epoch.
    """
    stage.signed_in()
    stage.signed_in()
    advance = DynamoDBSystem.advance_epoch

    def stop(*arguments: Any, **options: Any) -> bool:
        if after_the_write:
            advance(*arguments, **options)
        raise Unavailable("aws ThrottlingException")

    with monkeypatch.context() as patch:
        patch.setattr(DynamoDBSystem, "advance_epoch", stop)
        assert stage.operate("breach", "--yes").exit_code == 1
    assert report(stage, 1)["sessions_ended"] is None
    stage.signed_in()
    assert reported_sessions(stage, "--dry-run") == left
    assert reported_sessions(stage, "--yes") == left
    assert reported_sessions(stage, "--yes") == 0
