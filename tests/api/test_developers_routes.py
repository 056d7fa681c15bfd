"""A developer's own routes: whatever they do, what goes out and into the log is what the contract says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chalice.app as framework
import pytest
from chalice.app import Blueprint, Chalice, ChaliceViewError, Response

from app import app as gatehouse
from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.views import finalize_routes
from chalicelib.domain.errors import NotFound
from tests.api.events import Answer, Gateway, proxy_event
from tests.api.test_claims import CONTEXT
from tests.written import Written


class Teapot(ChaliceViewError):
    STATUS_CODE = 418


class Overloaded(ChaliceViewError):
    STATUS_CODE = 502


STATUSES = {
    framework.BadRequestError: (400, "invalid_request"),
    framework.UnauthorizedError: (401, "unauthorized"),
    framework.ForbiddenError: (403, "insufficient_scope"),
    framework.NotFoundError: (404, "not_found"),
    framework.MethodNotAllowedError: (405, "method_not_allowed"),
    framework.RequestTimeoutError: (408, "invalid_request"),
    framework.ConflictError: (409, "conflict"),
    framework.UnprocessableEntityError: (422, "invalid_request"),
    framework.TooManyRequestsError: (429, "temporarily_unavailable"),
    ChaliceViewError: (500, "server_error"),
    Overloaded: (503, "temporarily_unavailable"),
    Teapot: (418, "invalid_request"),
}
HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="gatehouse"'},
    403: {"WWW-Authenticate": 'Bearer realm="gatehouse", error="insufficient_scope"'},
    429: {"Retry-After": "5"},
    503: {"Retry-After": "5"},
}


def own_app(view: Callable[..., Any], **route: Any) -> Chalice:
    """Return an app like ours with a route of a developer's."""
    app, blueprint = Chalice("gatehouse", configure_logs=False), Blueprint(__name__)
    app.register_middleware(cross_origin, "http")
    app.register_middleware(request_scope, "http")
    guard = {"authorizer": bearer} if hasattr(view, "permissions") else {}
    blueprint.route("/own/{name}", **{"methods": ["POST"], **guard, **route})(view)
    app.register_blueprint(blueprint)
    finalize_routes.finalize(app)
    return app


def ask(
    app: Chalice,
    body: str | None = None,
    content_type: str = "application/json",
    method: str = "POST",
    context: dict[str, str] | None = None,
) -> Answer:
    event = proxy_event(method, "/health", headers={"Content-Type": content_type}, body=body, context=context)
    event["requestContext"]["resourcePath"] = event["resource"] = "/own/{name}"
    event["pathParameters"] = {"name": "x"}
    answer = app(event, None)
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def lines(written: Written, message: str) -> list[dict[str, Any]]:
    return [line for line in written.lines if line.get("message") == message]


@pytest.mark.parametrize(("kind", "expected"), STATUSES.items())
@pytest.mark.parametrize("guard", [requires(), lambda view: view], ids=["guarded", "bare"])
def test_an_exception_of_chalices_keeps_its_status_and_a_text_that_may_be_sent(
    gateway: Gateway,
    written: Written,
    guard: Callable[..., Any],
    kind: type[ChaliceViewError],
    expected: tuple[int, str],
) -> None:
    def view(name: str) -> None:
        raise kind("No report of that name.")

    answer = ask(own_app(guard(view)), context=CONTEXT)
    assert answer.error == expected
    assert (answer.json["error_description"] == "No report of that name.") is (answer.status < 500)
    no_store = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    assert dict(answer.headers) == no_store | HEADERS.get(answer.status, {})
    (line,) = lines(written, {500: "crash", 503: "outage"}.get(answer.status, "refused"))
    assert (line["status"], line["error"], line["route"]) == (*expected, "POST /own/{name}")
    assert line["request_id"]
    assert "No report" not in written.text


@pytest.mark.parametrize("text", ["", 'the "hunter2" report', "hunter2\\", "hunter2 \u00e9", "hunter2\n"])
def test_a_text_that_may_not_be_sent_gives_way_to_ours(gateway: Gateway, text: str) -> None:
    def view(name: str) -> None:
        raise framework.NotFoundError(text)

    assert ask(own_app(view)).json["error_description"] == NotFound.description


def test_every_exception_that_chalice_has_is_known_here() -> None:
    assert set(framework.ALL_ERRORS) <= set(STATUSES)


def test_json_that_is_none_is_malformed_and_no_crash(gateway: Gateway, written: Written) -> None:
    def view(name: str) -> Any:
        return app.current_request.json_body  # type: ignore[union-attr]

    app = own_app(view)
    assert ask(app, '{"a": 1}').json == {"a": 1}
    assert ask(app, "{hunter2").error == (400, "invalid_request")
    assert "hunter2" not in written.text
    assert not lines(written, "crash")


def test_a_content_type_that_a_route_does_not_take_is_malformed(gateway: Gateway, written: Written) -> None:
    answer = ask(own_app(lambda name: {}), "a=b", "text/hunter2")
    assert answer.error == (400, "invalid_request")
    (line,) = lines(written, "refused")
    assert (line["status"], line["reason"]) == (400, "UnsupportedMediaType")
    assert "hunter2" not in answer.text + written.text


def test_what_a_view_answers_by_itself_goes_out_as_it_is(gateway: Gateway) -> None:
    for body, status in (({"Code": "a", "Message": "b"}, 200), ({"reason": "c"}, 409)):
        answer = ask(own_app(lambda name, body=body, status=status: Response(body, {}, status)))
        assert (answer.status, answer.json) == (status, body)


def test_a_bare_view_answers_the_errors_of_the_service(gateway: Gateway, written: Written) -> None:
    def view(name: str) -> None:
        raise NotFound("no such thing")

    assert ask(own_app(view)).error == (404, "not_found")
    assert [line["reason"] for line in lines(written, "refused")] == ["no such thing"]


def test_a_view_that_crashes_is_a_500_and_says_nothing_of_why(gateway: Gateway, written: Written) -> None:
    def view(name: str) -> None:
        raise ValueError("hunter2")

    answer = ask(own_app(view))
    assert answer.error == (500, "server_error")
    assert "Retry-After" not in answer.headers
    (line,) = lines(written, "crash")
    assert (line["error"], line["route"]) == ("ValueError", "POST /own/{name}")
    assert "test_developers_routes.py" in line["where"]
    assert "hunter2" not in written.text


def test_a_setting_that_is_none_is_an_outage_and_told_in_the_log_alone(written: Written) -> None:
    """The services cannot be built; whoever set it reads why."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BCRYPT_COST", "99")
        answer = ask(own_app(lambda name: {"sub": claims().subject}), context=CONTEXT)
    assert answer.error == (503, "temporarily_unavailable")
    assert "BCRYPT_COST" not in answer.text
    (line,) = lines(written, "outage")
    assert (line["reason"], line["setting"]) == (
        "bad setting",
        "BCRYPT_COST must be between 4 and 16, not 99.",
    )


def test_an_expired_token_is_a_401(gateway: Gateway) -> None:
    app = own_app(requires()(lambda name: {"sub": claims().subject}))
    assert ask(app, context=CONTEXT).json == {"sub": CONTEXT["sub"]}
    gateway.services.adapters.clock.now = int(CONTEXT["exp"])
    assert ask(app, context=CONTEXT).error == (401, "invalid_token")


def test_every_path_has_a_preflight_and_none_asks_for_a_token(gateway: Gateway) -> None:
    own = own_app(requires()(lambda name: {}), authorizer=bearer)
    for app in (own, gatehouse):
        for path, entries in app.routes.items():
            assert entries["OPTIONS"].authorizer is None, path
    assert ask(own, method="OPTIONS").error == (404, "not_found")


def test_every_route_with_an_authorizer_says_which_permissions_it_needs() -> None:
    protected = [one for entries in gatehouse.routes.values() for one in entries.values() if one.authorizer]
    assert len(protected) >= 5
    for one in protected:
        assert hasattr(one.view_function, "permissions"), f"{one.view_name} has no @requires"
