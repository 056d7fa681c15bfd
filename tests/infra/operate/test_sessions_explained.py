"""`python -m infra sessions explain`: each reason in its own words, to the letter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.api.serializers import timestamp
from chalicelib.domain.sessions.session import EndReason
from infra.operate.api_client import ApiClient
from infra.operate.sessions import WORDS
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.fakes import FakeClock

DAY = 86_400


@pytest.fixture
def moved() -> FakeClock:
    """Begin long ago: the operator's clock is the machine's."""
    return FakeClock(int(time.time()) - 100 * DAY)


@pytest.fixture
def stage(tmp_path: Path, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(tmp_path, moved, MAX_SESSIONS=1) as running:
        yield running


def explained(stage: LocalDeployment, app: ApiClient) -> list[str]:
    """Return what is said of each session, from its end or its state on."""
    result = stage.operate("sessions", "explain", app.username)
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if not line.startswith("Sessions of ")]
    return [line.partition(") ")[2] or line for line in lines]


def test_every_reason_has_words_of_its_own() -> None:
    assert WORDS == {
        EndReason.SIGNED_OUT: "its user signed out on that device",
        EndReason.SIGNED_OUT_EVERYWHERE: "its user signed out on every device",
        EndReason.SIGNED_OUT_ELSEWHERE: "its user signed this device out from another one",
        EndReason.REVOKED: "the app revoked its token",
        EndReason.REUSE: "a refresh token that had been spent was used again: somebody else had a copy, or "
        "the app kept an old one",
        EndReason.EVICTED: "there were too many sessions, and it was the least recently used",
        EndReason.DISABLED: "the account was disabled",
        EndReason.ADMINISTRATOR: "an administrator ended it",
    }
    assert set(WORDS) == set(EndReason)


def test_a_session_that_gave_way_to_another(stage: LocalDeployment, moved: FakeClock) -> None:
    moved.now = int(time.time())
    app = stage.signed_in()
    app.sign_in()
    at = timestamp(moved.now)
    assert explained(stage, app) == [
        f"is signed in, last used {at}.",
        f"ended {at}: there were too many sessions, and it was the least recently used.",
    ]


def test_a_disabled_account(stage: LocalDeployment, moved: FakeClock) -> None:
    moved.now = int(time.time())
    app = stage.signed_in()
    stage.operate("users", "disable", app.username)
    first, second = explained(stage, app)
    assert first == "is disabled and cannot sign in."
    assert second.endswith(": the account was disabled.")


def test_a_session_that_was_not_used(stage: LocalDeployment, moved: FakeClock) -> None:
    app = stage.signed_in()
    ended = timestamp(moved.now + 30 * DAY)
    assert explained(stage, app) == [f"expired {ended}: it had not been used for too long."]


def test_a_session_that_reached_its_greatest_age(stage: LocalDeployment, moved: FakeClock) -> None:
    """Used until the last day, so that idleness did not end it."""
    began = moved.now
    app = stage.signed_in()
    for _ in range(4):
        moved.advance(22 * DAY)
        assert app.refresh(app.refresh_token).status_code == 200
    ended = timestamp(began + 90 * DAY)
    assert explained(stage, app) == [f"expired {ended}: it had reached its greatest age."]
