"""AWS goes away under a running stack. An app must keep its session: never a 401, never an Allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from infra.local.stack import local_stack
from infra.local.stack.aws import LocalAws
from tests.blackbox.errors import check
from tests.blackbox.local_deployment import LocalDeployment, staged

Headers = list[tuple[str, str]]
JSON: Headers = [("Content-Type", "application/x-amz-json-1.0")]
XML: Headers = [("Content-Type", "text/html")]
REFUSALS: dict[str, tuple[str, Headers, bytes]] = {
    "throttled": ("400 Bad Request", JSON, b'{"__type": "x#ProvisionedThroughputExceededException"}'),
    "denied": ("400 Bad Request", JSON, b'{"__type": "x#AccessDeniedException", "message": "not you"}'),
    "gone": ("400 Bad Request", JSON, b'{"__type": "x#ResourceNotFoundException"}'),
    "down": ("503 Service Unavailable", XML, b"<html>down</html>"),
    "garbled": ("200 OK", JSON, b"<html>a portal that wants you to sign in</html>"),
    "empty": ("200 OK", JSON, b""),
}


class SwitchedAws(LocalAws):
    """Can be made to refuse, to hang, to go for good, and to do its work but lose the answer."""

    refusal = ""
    loses_answers = False
    stopped = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.answers = Event()
        self.answers.set()

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.answers.set()
            super().stop()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.answers.wait()
        if self.loses_answers:
            list(super()._serve(environ, lambda *_: None))
        if not (self.refusal or self.loses_answers):
            return super()._serve(environ, start_response)
        status, headers, body = REFUSALS[self.refusal or "down"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def switchable(folder: Path) -> Iterator[tuple[LocalDeployment, SwitchedAws]]:
    made: list[SwitchedAws] = []

    def make(*arguments: Any) -> SwitchedAws:
        made.append(SwitchedAws(*arguments))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_stack, "LocalAws", make)
        with staged(folder) as stage:
            yield stage, made[0]


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalDeployment, SwitchedAws]]:
    with switchable(tmp_path_factory.mktemp("stage")) as pair:
        yield pair


@pytest.fixture
def stage(switched: tuple[LocalDeployment, SwitchedAws]) -> LocalDeployment:
    return switched[0]


@pytest.fixture
def aws(switched: tuple[LocalDeployment, SwitchedAws]) -> Iterator[SwitchedAws]:
    _, aws = switched
    yield aws
    aws.refusal, aws.loses_answers = "", False


def check_outage(answer: requests.Response) -> None:
    check(answer, 503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("how", REFUSALS)
def test_every_door_says_503_and_the_session_is_there_afterwards(
    stage: LocalDeployment, aws: SwitchedAws, how: str
) -> None:
    cached, fresh = stage.signed_in(permissions=["users:read"]), stage.signed_in()
    user_id = cached.me().json()["id"]
    token = f"Bearer {cached.access_token}"
    aws.refusal = how
    calls = [
        lambda: stage.visitor(cached.username).sign_in(),
        lambda: fresh.refresh(fresh.refresh_token),
        fresh.me,
        cached.me,
        lambda: cached.get("/me/sessions", token),
        lambda: cached.get(f"/admin/users/{user_id}", token),
        lambda: cached.send("DELETE", "/me/sessions", headers={"Authorization": token}),
        lambda: fresh.send("POST", "/oauth/revoke", data={"token": fresh.refresh_token}),
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        for answer in pool.map(lambda ask: ask(), calls):
            check_outage(answer)
    assert stage.visitor(cached.username).get("/health").status_code == 200
    assert stage.visitor(cached.username).get("/me").status_code == 401, "no token needs no AWS"
    aws.refusal = ""
    assert [fresh.me().status_code, cached.me().status_code] == [200, 200]
    assert fresh.refresh(fresh.refresh_token).status_code == 200


def test_a_refresh_whose_write_was_made_and_never_confirmed_loses_nothing(
    stage: LocalDeployment, aws: SwitchedAws
) -> None:
    app = stage.signed_in()
    aws.loses_answers = True
    check_outage(app.refresh(app.refresh_token))
    aws.loses_answers = False
    assert app.refresh(app.refresh_token).status_code == 200
    assert app.me().status_code == 200


def test_a_new_token_is_never_let_through_unseen(stage: LocalDeployment, aws: SwitchedAws) -> None:
    """Not even a forged one is refused for good: nothing of an outage stays in the gateway's cache."""
    app = stage.signed_in()
    aws.refusal = "denied"
    for _ in range(3):
        check_outage(app.me())
    aws.refusal = ""
    assert app.me().status_code == 200


def test_going_away_amid_many_requests(stage: LocalDeployment, aws: SwitchedAws) -> None:
    apps = [stage.signed_in() for _ in range(12)]

    def ask(number: int) -> requests.Response:
        if number == 10:
            aws.refusal = "denied"
        app = apps[number % len(apps)]
        return app.me() if number % 2 else app.refresh(app.refresh_token)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(36)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 503}
    for answer in answers:
        if answer.status_code != 200:
            check_outage(answer)
    aws.refusal = ""
    assert {app.refresh(app.refresh_token).status_code for app in apps} == {200}


def requests_to_every_route(stage: LocalDeployment) -> list[Callable[[], requests.Response]]:
    """Return what needs AWS, asked by apps that were signed in while it was there."""
    cached, fresh, new = stage.signed_in(), stage.signed_in(), stage.visitor()
    assert cached.me().status_code == 200
    return [new.sign_in, lambda: fresh.refresh(fresh.refresh_token), fresh.me, cached.me]


def test_gone_for_good(tmp_path: Path) -> None:
    """Nobody listens where AWS was."""
    with switchable(tmp_path) as (stage, aws):
        calls = requests_to_every_route(stage)
        aws.stop()
        with ThreadPoolExecutor(len(calls)) as pool:
            for answer in pool.map(lambda ask: ask(), calls):
                check_outage(answer)


@pytest.mark.soak
def test_hanging(tmp_path: Path) -> None:
    """Answered before API Gateway would give up, and well once AWS is back."""
    with switchable(tmp_path) as (stage, aws):
        calls = requests_to_every_route(stage)
        aws.answers.clear()
        began = time.monotonic()
        with ThreadPoolExecutor(len(calls)) as pool:
            answers = list(pool.map(lambda ask: ask(), calls))
        assert time.monotonic() - began < 10
        aws.answers.set()
        for answer in answers:
            check_outage(answer)
        assert [ask().status_code for ask in calls] == [200] * len(calls)
