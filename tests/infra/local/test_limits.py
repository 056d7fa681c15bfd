"""Functions that take too long, or handle too much: the answers of AWS, and a gateway that goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from app import app
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.gateway import INTEGRATION_SECONDS, Api, Gateway
from infra.local.gateway.lambda_function import (
    MAX_PAYLOAD_BYTES,
    EventTooLargeError,
    LambdaFunction,
    Limits,
    TimedOutError,
    UnusableAnswerError,
)
from infra.local.gateway.messages import Request
from infra.local.stack.application import Application
from infra.local.stack.template import Template
from tests.infra.conftest import error_of, toy_app

AT_ONCE = Limits(timeout_seconds=0.01)


@pytest.fixture
def never() -> Iterator[Event]:
    """Yield what a function waits for in vain, until the test is over."""
    event = Event()
    yield event
    event.set()


def gateway(handler: Any, limits: Limits, authorizer: Any = None) -> Gateway:
    toy, template = toy_app(), Template.load({})
    guard = TokenAuthorizer("bearer", authorizer, template.authorizer("bearer"), limits=limits)
    api = Api(handler, toy.routes, (), limits)
    return Gateway(api, {"bearer": guard}, template.gateway_responses())


def request(path: str = "/open") -> Request:
    return Request("GET", path, "", {"Host": "x", "Authorization": "Bearer x"}, b"", "192.0.2.7")


def test_a_function_that_hangs_is_a_503_with_retry_after(
    never: Event, caplog: pytest.LogCaptureFixture
) -> None:
    response = gateway(lambda *_: never.wait(), AT_ONCE).handle(request())
    assert (response.status, error_of(response)) == (503, "temporarily_unavailable")
    assert dict(response.headers)["Retry-After"] == "5"
    assert "Task timed out after 0.01 seconds" in caplog.text


def test_functions_that_hang_hold_up_no_other_request(never: Event) -> None:
    def hangs_at_first(event: dict[str, Any], _: Any) -> Any:
        if event["queryStringParameters"] == {"hang": "1"}:
            never.wait()
        return {"statusCode": 204}

    both = gateway(hangs_at_first, AT_ONCE)
    hanging = Request("GET", "/open", "hang=1", {}, b"", "192.0.2.7")
    assert [both.handle(hanging).status for _ in range(40)] == [503] * 40
    prompt = gateway(hangs_at_first, Limits())
    assert prompt.handle(request()).status == 204


def test_an_authorizer_that_hangs_is_a_503_and_never_a_401(never: Event) -> None:
    response = gateway(None, AT_ONCE, lambda *_: never.wait()).handle(request("/guarded"))
    assert (response.status, error_of(response)) == (503, "temporarily_unavailable")


def test_the_gateway_gives_up_before_a_function_that_may_take_longer(never: Event) -> None:
    slow = LambdaFunction("slow", lambda *_: never.wait(), Limits(timeout_seconds=900))
    with pytest.raises(TimedOutError, match=r"0\.01 seconds"):
        slow.invoke({}, 0.01)
    assert INTEGRATION_SECONDS == 29


def test_a_function_knows_how_much_time_it_has() -> None:
    def left(_: Any, context: Any) -> Any:
        return [context.get_remaining_time_in_millis(), context.memory_limit_in_mb]

    milliseconds, memory = LambdaFunction("f", left, Limits(7, 512)).invoke({})
    assert 6_000 < milliseconds <= 7_000
    assert memory == 512


def test_an_error_of_the_function_is_the_callers() -> None:
    def broken(*_: Any) -> Any:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        LambdaFunction("f", broken, Limits()).invoke({})


def test_event_and_answer_have_six_megabytes_of_json() -> None:
    echo = LambdaFunction("f", lambda event, _: event["a"], Limits())
    fits = "x" * (MAX_PAYLOAD_BYTES - len('{"a": ""}'))
    assert echo.invoke({"a": fits}) == fits
    with pytest.raises(EventTooLargeError):
        echo.invoke({"a": fits + "x"})
    with pytest.raises(UnusableAnswerError, match="6,291,458 bytes"):
        LambdaFunction("f", lambda *_: "x" * MAX_PAYLOAD_BYTES, Limits()).invoke({})


def test_the_limits_are_those_that_are_deployed() -> None:
    config = Path(__file__).parents[3] / ".chalice" / "config.json"
    declared = json.loads(config.read_text(encoding="utf-8"))["lambda_functions"]
    application = Application.of_chalice(app)
    assert application.api.limits.timeout_seconds == declared["api_handler"]["lambda_timeout"] == 10
    assert application.limits["bearer"] == Limits(
        declared["bearer"]["lambda_timeout"], declared["bearer"]["lambda_memory_size"]
    )
