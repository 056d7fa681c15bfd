"""What stands before every protected view: claims from the authorizer, permissions, and the last resort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Request, Response

from chalicelib.api.claims import claims, requires
from chalicelib.api.http import handle_errors, json_response, request_scope
from chalicelib.domain.errors import NotFound
from chalicelib.domain.tokens.claims import VerifiedClaims
from tests.api.events import Answer, Gateway, authorize, invoke, proxy_event, stringified
from tests.oauth import forge
from tests.oauth.actors import EMAIL, PASSWORD, account
from tests.written import Written

CONTEXT = {
    "iss": "https://api.example.com",
    "sub": "0f" * 16,
    "aud": "https://api.example.com",
    "exp": "1700003600",
    "iat": "1700000000",
    "jti": "1e" * 16,
    "client_id": "mobile-app",
    "scope": "things:read users:read",
    "sid": "2d" * 16,
    "principalId": "0f" * 16,
    "integrationLatency": "7",
}


def visit(
    view: Callable[..., Any], context: dict[str, str] | None = CONTEXT, headers: dict[str, str] | None = None
) -> Answer:
    """Run a view as the function does, behind the same middleware."""
    request = Request(proxy_event("GET", "/me", headers=headers, context=context))
    answer = request_scope(request, lambda _: view()).to_dict([])
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def tell() -> Response:
    return json_response(claims().to_mapping())


def test_claims_come_from_the_context_with_their_types_again(gateway: Gateway) -> None:
    told = visit(requires()(tell))
    assert told.status == 200
    expected = {name: CONTEXT[name] for name in CONTEXT if name not in {"principalId", "integrationLatency"}}
    assert told.json == {**expected, "exp": 1_700_003_600, "iat": 1_700_000_000}


def test_the_authorization_header_is_never_looked_at(gateway: Gateway) -> None:
    forged = forge.token({"alg": "none"}, {"sub": "somebody else", "scope": "users:write"}, b"k")
    told = visit(requires()(tell), headers={"Authorization": f"Bearer {forged}"})
    assert told.json["sub"] == CONTEXT["sub"]
    assert visit(requires("users:write")(tell), headers={"Authorization": f"Bearer {forged}"}).status == 403


@pytest.mark.parametrize("later", [0, 1, 10**6])
def test_claims_that_expired_while_the_gateway_cached_them_are_refused(gateway: Gateway, later: int) -> None:
    gateway.services.adapters.clock.now = 1_700_003_600 - 1
    assert visit(requires()(tell)).status == 200
    gateway.services.adapters.clock.advance(1 + later)
    refused = visit(requires()(tell))
    assert refused.error == (401, "invalid_token")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="gatehouse", error="invalid_token"'


def test_a_route_without_an_authorizer_opens_nothing(gateway: Gateway) -> None:
    refused = visit(requires()(tell), context=None)
    assert refused.error == (500, "server_error")
    assert "Retry-After" not in refused.headers


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"exp": "soon"},
        {"exp": ""},
        {"exp": "1e9"},
        {"iat": "-1"},
        {"sub": ""},
        {"scope": "a  b"},
        {"sid": "a b"},
    ],
)
def test_a_context_that_is_not_of_our_authorizer_opens_nothing(
    gateway: Gateway, broken: dict[str, str]
) -> None:
    context = {**CONTEXT, **broken} if broken else {}
    assert visit(requires()(tell), context=context).status in {401, 500}


def test_a_scope_that_got_lost_on_the_way_is_an_empty_one(gateway: Gateway) -> None:
    """The gateway need not hand on a value that is empty."""
    context = {name: value for name, value in CONTEXT.items() if name != "scope"}
    told = visit(requires()(tell), context=context)
    assert (told.status, told.json["scope"]) == (200, "")
    assert visit(requires("things:read")(tell), context=context).error == (403, "insufficient_scope")


@pytest.mark.parametrize("name", sorted(CONTEXT.keys() - {"principalId", "integrationLatency", "scope"}))
def test_a_claim_that_is_missing_opens_nothing(gateway: Gateway, name: str) -> None:
    context = {key: value for key, value in CONTEXT.items() if key != name}
    assert visit(requires()(tell), context=context).status in {401, 500}


@pytest.mark.parametrize(
    ("needed", "status"),
    [
        ((), 200),
        (("users:read",), 200),
        (("things:read", "users:read"), 200),
        (("users:write",), 403),
        (("users:read", "users:write"), 403),
        (("users",), 403),
        (("USERS:READ",), 403),
    ],
)
def test_all_permissions_are_needed(gateway: Gateway, needed: tuple[str, ...], status: int) -> None:
    assert visit(requires(*needed)(tell)).status == status


def test_the_error_for_a_missing_permission_names_it(gateway: Gateway) -> None:
    refused = visit(requires("users:write", "users:read")(tell))
    assert refused.error == (403, "insufficient_scope")
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="gatehouse", error="insufficient_scope", scope="users:read users:write"'
    )


def test_every_refusal_says_whose_token_it_was(gateway: Gateway, written: Written) -> None:
    def fail() -> None:
        raise NotFound("no such thing")

    visit(requires("users:write")(tell))
    visit(requires()(fail))
    gateway.services.adapters.clock.now = int(CONTEXT["exp"])
    visit(requires()(tell))
    said = [line for line in written.lines if line.get("message") == "refused"]
    assert [line["status"] for line in said] == [403, 404, 401]
    assert {(line["user_id"], line["session_id"]) for line in said} == {(CONTEXT["sub"], CONTEXT["sid"])}


def test_the_view_does_not_run_for_who_may_not(gateway: Gateway) -> None:
    ran: list[VerifiedClaims] = []
    visit(requires("users:write")(lambda: ran.append(claims())))
    visit(requires()(lambda: ran.append(claims())), context=None)
    assert not ran


class Surprise(Exception):
    """Something that nobody foresaw, with a secret in its text."""


@pytest.mark.parametrize(
    "error", [Surprise("hunter2"), KeyError("hunter2"), ValueError("hunter2"), RecursionError()]
)
@pytest.mark.parametrize("guard", [handle_errors, requires()])
def test_what_nobody_foresaw_is_a_500_without_a_word(
    gateway: Gateway, written: Written, guard: Callable[..., Any], error: Exception
) -> None:
    def fail() -> None:
        raise error

    answer = visit(guard(fail))
    assert answer.error == (500, "server_error")
    assert "Retry-After" not in answer.headers
    assert "hunter2" not in answer.text
    assert "hunter2" not in written.text
    assert f'"error":"{type(error).__name__}"' in written.text


def test_an_answer_of_500_by_the_framework_loses_its_text(gateway: Gateway) -> None:
    answer = visit(lambda: Response({"Code": "InternalServerError", "Message": "hunter2"}, {}, 500))
    assert answer.error == (500, "server_error")
    assert "hunter2" not in answer.text


def test_an_error_of_the_service_is_answered_with_its_status(gateway: Gateway) -> None:
    def fail() -> None:
        raise NotFound("no such thing")

    assert visit(requires()(fail)).error == (404, "not_found")


def test_one_request_never_sees_the_claims_of_another(gateway: Gateway) -> None:
    def nested() -> Response:
        inner = visit(requires()(tell), context={**CONTEXT, "sub": "aa" * 16})
        return json_response({"inner": inner.json["sub"], "outer": claims().subject})

    assert visit(requires()(nested)).json == {"inner": "aa" * 16, "outer": CONTEXT["sub"]}


def test_through_the_gateway_the_claims_are_those_of_the_token(gateway: Gateway) -> None:
    user = account(gateway.services)
    token = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json["access_token"]
    policy = authorize(f"Bearer {token}")
    context = stringified(policy["context"], policy["principalId"])
    headers = {"Authorization": "Bearer something else entirely"}
    answer = invoke(proxy_event("GET", "/me", headers=headers, context=context))
    assert answer.json["id"] == user.user_id
