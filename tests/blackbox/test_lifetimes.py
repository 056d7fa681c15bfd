"""Tokens and sessions under a clock that the test moves."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from infra.operate.api_client import summarize
from tests.blackbox.errors import INVALID_TOKEN, check
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.fakes import FakeClock

DAY = 86_400


@pytest.fixture(scope="module")
def moved() -> FakeClock:
    """Begin now: moto dates its versions by the machine's clock."""
    return FakeClock(int(time.time()))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), moved) as running:
        yield running


def test_an_access_token_expires_to_the_second(stage: LocalDeployment, moved: FakeClock) -> None:
    app = stage.signed_in()
    moved.advance(3599)
    assert app.me().status_code == 200
    moved.advance(1)
    # Still allowed by the gateway's cache: it is the function that looks at the time again.
    check(app.me(), 401, "invalid_token", INVALID_TOKEN, by_function=True)
    assert app.refresh(app.refresh_token).status_code == 200
    assert app.me().status_code == 200


def test_an_unused_session_expires_after_thirty_days(stage: LocalDeployment, moved: FakeClock) -> None:
    used, unused = stage.signed_in(), stage.signed_in()
    moved.advance(30 * DAY - 1)
    assert used.refresh(used.refresh_token).status_code == 200
    moved.advance(1)
    check(unused.refresh(unused.refresh_token), 400, "invalid_grant")
    assert used.refresh(used.refresh_token).status_code == 200


def test_a_session_ends_after_ninety_days_however_much_it_is_used(
    stage: LocalDeployment, moved: FakeClock
) -> None:
    app = stage.signed_in()
    for _ in range(3):
        moved.advance(30 * DAY - 10)
        assert app.refresh(app.refresh_token).status_code == 200
    # The last access token does not outlive its session.
    assert app.me().status_code == 200
    moved.advance(30)
    assert app.me().status_code == 401
    check(app.refresh(app.refresh_token), 400, "invalid_grant")


@pytest.mark.parametrize(
    ("later", "first", "second", "retried"),
    [
        (10, "", "", "200"),
        (11, "", "", "400 invalid_grant"),
        (11, "k1", "k1", "200"),
        (20 * DAY, "k1", "k1", "200"),
        (11, "k1", "", "400 invalid_grant"),
        (11, "k1", "k2", "400 invalid_grant"),
        (11, "", "k1", "400 invalid_grant"),
        (0, "k1", "k2", "400 invalid_grant"),
        (10, "k1", "k2", "400 invalid_grant"),
        (10, "k1", "", "400 invalid_grant"),
        (10, "", "k1", "400 invalid_grant"),
    ],
)
def test_a_retry_has_the_key_of_the_first_use_or_is_in_time_without_one(
    stage: LocalDeployment, moved: FakeClock, later: int, first: str, second: str, retried: str
) -> None:
    app = stage.signed_in()
    spent = app.refresh_token
    app.refresh(spent, first)
    successor = app.refresh_token
    moved.advance(later)
    assert summarize(app.refresh(spent, second)) == retried
    assert app.refresh_token == successor
    still = app.refresh(successor).status_code
    assert still == (200 if retried == "200" else 400)


def test_the_least_recently_used_of_too_many_sessions_gives_way(
    stage: LocalDeployment, moved: FakeClock
) -> None:
    oldest = stage.signed_in()
    moved.advance(1)
    unused = stage.signed_in(oldest.username)
    moved.advance(1)
    oldest.refresh(oldest.refresh_token)
    later = []
    for _ in range(19):
        moved.advance(1)
        later.append(stage.signed_in(oldest.username))
    assert unused.me().status_code == 401
    assert {app.me().status_code for app in (oldest, *later)} == {200}


def test_whoever_waits_may_try_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The 429 row: after three failures the name waits for seven days, and a right password with it."""
    clock = FakeClock(int(time.time()))
    folder = tmp_path_factory.mktemp("throttle")
    with staged(folder, clock, SIGN_IN_FREE_FAILURES=3) as stage:
        app, nobody = stage.visitor(), "nobody@example.com"
        for name in (app.username, nobody):
            for _ in range(3):
                check(app.sign_in(username=name, password="wrong"), 400, "invalid_grant")
            for password in ("wrong", app.password):
                answer = app.sign_in(username=name, password=password)
                check(answer, 429, "temporarily_unavailable")
                assert answer.headers["Retry-After"] == f"{7 * DAY}"
        clock.advance(7 * DAY - 1)
        assert app.sign_in().headers["Retry-After"] == "1"
        clock.advance(1)
        assert app.sign_in().status_code == 200
        assert stage.signed_in().username != app.username, "others are not held up"
