"""`python -m infra sessions explain`: each reason in its own words, to the letter."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.dynamodb.items import ended_item
from chalicelib.api.serializers import timestamp
from chalicelib.domain.sessions.session import Device, EndedSession, EndReason
from infra.operate.api_client import ApiClient
from infra.operate.sessions import EXPLANATIONS
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


def history(stage: LocalDeployment, length: int) -> str:
    """Make an account with so many ended sessions, one a minute; return its address."""
    email, now = stage.account(), int(time.time())
    user_id = stage.deployment.find_account(email).user_id
    client, table = stage.deployment.client("dynamodb"), stage.deployment.settings.users_table
    for number in range(length):
        began, device = now - 60 * (length - number), Device(str(number))
        ended = EndedSession(
            f"{number:032x}", user_id, "mobile-app", began, began + 30, EndReason.SIGNED_OUT, device
        )
        client.put_item(TableName=table, Item=ended_item(ended, keep_days=30))
    return email


def agents(output: str) -> list[int]:
    """Return the number of each session that is listed."""
    return [int(found) for found in re.findall(r"\((\d+), mobile-app", output)]


def test_a_long_history_is_shown_in_pages_the_newest_first(stage: LocalDeployment) -> None:
    email = history(stage, 45)
    first = stage.operate("sessions", "explain", email)
    assert agents(first.output) == list(range(44, 24, -1))
    (older,) = re.findall(r"\nThere are older ones: add --before (\S+) or --all\.\n$", first.output)
    second = stage.operate("sessions", "explain", email, "--limit", "24", "--before", older)
    assert agents(second.output) == list(range(24, 0, -1))
    assert "There are older ones" in second.output
    every = stage.operate("sessions", "explain", email, "--all")
    assert agents(every.output) == list(range(44, -1, -1))
    assert "older" not in every.output


def test_signed_in_sessions_come_first_and_on_the_first_page_only(
    stage: LocalDeployment, moved: FakeClock
) -> None:
    moved.now = int(time.time())
    email = history(stage, 21)
    app = stage.signed_in(email)
    _, *lines = stage.operate("sessions", "explain", app.username).output.splitlines()
    assert "is signed in" in lines[0]
    assert len(lines) == 22
    older = lines[-1].split()[6]
    _, last = stage.operate("sessions", "explain", email, "--before", older).output.splitlines()
    assert agents(last) == [0]


def test_a_page_behind_the_last_one_says_so(stage: LocalDeployment) -> None:
    email = history(stage, 1)
    result = stage.operate("sessions", "explain", email, "--before", "0")
    whom, said = result.output.splitlines()
    assert whom.startswith(f"Sessions of {email} (id ")
    assert said == "Nothing older is known of any session."


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
def test_a_limit_has_limits(stage: LocalDeployment, limit: str) -> None:
    assert stage.operate("sessions", "explain", "nobody@example.com", "--limit", limit).exit_code == 2


def test_every_reason_has_words_of_its_own() -> None:
    assert EXPLANATIONS == {
        EndReason.SIGNED_OUT: "its user signed out on that device",
        EndReason.SIGNED_OUT_EVERYWHERE: "its user signed out on every device",
        EndReason.SIGNED_OUT_ELSEWHERE: "its user signed this device out from another one",
        EndReason.REVOKED: "the app revoked its token",
        EndReason.REUSE: "a refresh token that had been spent was used again: somebody else had a copy, or "
        "the app kept an old one",
        EndReason.EVICTED: "there were too many sessions, and it was the least recently used",
        EndReason.DISABLED: "the account was disabled",
        EndReason.PASSWORD_CHANGED: "the password was changed from another session",
        EndReason.PASSWORD_RESET: "the password was reset",
        EndReason.DELETED: "the account was deleted",
        EndReason.ADMINISTRATOR: "an administrator ended it",
    }
    assert set(EXPLANATIONS) == set(EndReason)


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
    assert first == "The account is disabled and cannot sign in."
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
    assert explained(stage, app) == [f"expired {ended}: it had reached its maximum age."]
