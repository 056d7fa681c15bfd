"""Each function answers within its time, whatever hangs, and says why."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.adapters.aws_errors import READ_TIMEOUT_SECONDS
from chalicelib.api import authorizer, key_rotation
from chalicelib.api.time_budget import BUDGET_SECONDS, RESERVE_SECONDS, time_budget
from chalicelib.domain.deadline import seconds_left, time_limit
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from chalicelib.services import AwsAdapters, Services, override_services
from chalicelib.settings import Settings
from tests.api.events import FORM, REGION, Gateway, method_arn, proxy_event
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import account, sign_in
from tests.written import Written

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function about its invocation."""

    milliseconds: int
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.mark.parametrize(
    ("context", "seconds"), [(None, BUDGET_SECONDS), (Context(10_000), 8), (Context(29_000), 27)]
)
def test_the_budget_is_what_lambda_leaves_less_a_reserve(context: Context | None, seconds: float) -> None:
    with time_budget(context):
        left = seconds_left()
    assert left == pytest.approx(seconds, abs=0.5)


def test_the_time_out_of_each_function_lies_above_the_budget() -> None:
    functions = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))["lambda_functions"]
    assert set(functions) == {"api_handler", "bearer", "mail", "rotate"}
    for one in functions.values():
        assert one["lambda_timeout"] >= BUDGET_SECONDS + RESERVE_SECONDS


class Spied:
    """Notes how much time there is when a method of a remote port is called."""

    def __init__(self, services: FakeServices) -> None:
        self.left: list[float | None] = []
        for method in ("session", "session_and_account"):
            services.adapters.store.before[method] = self.note
        services.adapters.keys.before["labels"] = services.adapters.keys.before["key"] = self.note

    def note(self) -> None:
        self.left.append(seconds_left())


def refreshed(services: FakeServices, context: Any) -> None:
    body = f"grant_type=refresh_token&refresh_token={sign_in(services).refresh_token}"
    app(proxy_event("POST", "/oauth/token", headers={"Content-Type": FORM}, body=body), context)


def authorized(services: FakeServices, context: Any) -> None:
    token = Gateway(services).token(
        grant_type="password", username="alice@example.com", password="open the gate, please"
    )
    arn = method_arn("GET", "/me")
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token.json['access_token']}", "methodArn": arn}
    authorizer.bearer(event, context)


def rotated(services: FakeServices, context: Any) -> None:
    del services
    event = {"Step": "createSecret", "ClientRequestToken": "1" * 36}
    key_rotation.rotate(event, context)


@pytest.mark.parametrize("function", [refreshed, authorized, rotated])
def test_each_function_works_under_a_deadline(function: Callable[[FakeServices, Any], None]) -> None:
    services = fake_services(aws_region=REGION)
    with override_services(services):
        account(services)
        spied = Spied(services)
        function(services, Context(6_000))
    assert spied.left
    assert spied.left[0] == pytest.approx(4, abs=0.5)


@pytest.fixture
def hanging() -> Iterator[Services]:
    """Services whose AWS takes connections and never answers."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(20)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = replace(Settings(), aws_endpoint_url=url)
        yield Services(settings, AwsAdapters(settings))


def test_a_request_whose_aws_hangs_is_answered_in_time_and_logged(
    hanging: Services, written: Written
) -> None:
    some = fake_services()
    account(some)
    token = sign_in(some).refresh_token
    assert RefreshToken.parse(token)
    body = f"grant_type=refresh_token&refresh_token={token}"
    event = proxy_event("POST", "/oauth/token", headers={"Content-Type": FORM}, body=body)
    began = time.monotonic()
    with override_services(hanging):
        answer = app(event, Context(int(1000 * (RESERVE_SECONDS + 1.5))))
    assert time.monotonic() - began < READ_TIMEOUT_SECONDS
    assert answer["statusCode"] == 503
    (outage,) = (line for line in written.lines if line.get("message") == "outage")
    assert (outage["reason"], outage["status"]) == ("out of time", 503)
    assert [line["outcome"] for line in written.lines if "Outage" in line] == ["out_of_time"]


def test_an_authorizer_whose_aws_hangs_cannot_tell_in_time(hanging: Services, written: Written) -> None:
    some = fake_services()
    account(some)
    token = sign_in(some).access_token
    arn = method_arn("GET", "/me")
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
    with override_services(hanging), pytest.raises(Unavailable):
        authorizer.bearer(event, Context(int(1000 * (RESERVE_SECONDS + 1.3))))
    (outage,) = (line for line in written.lines if line.get("message") == "outage")
    assert outage["reason"] == "out of time"


def test_a_request_that_arrives_with_no_time_left_is_an_outage(hanging: Services) -> None:
    body = "grant_type=password&username=a@example.com&password=open+the+gate,+please"
    event = proxy_event("POST", "/oauth/token", headers={"Content-Type": FORM}, body=body)
    with override_services(hanging), time_limit(0, time.monotonic):
        assert app(event, None)["statusCode"] == 503
