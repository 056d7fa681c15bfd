"""The local gateway and the API that is deployed, held against each other case by case.

What is deployed is read from the packaged template after SAM's transform, by a second, smaller reader than
that of the local stack; what the local stack does is asked over the wire.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import fields
from itertools import product

import pytest
import requests

from app import app
from chalicelib.services import override_services
from chalicelib.settings import Settings
from infra.local.gateway.answers import from_refusal
from infra.local.stack.template import Template
from infra.operate.api_client import ApiClient
from tests.blackbox.deployed import KINDS, Deployed, at_first
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.fakes import FakeAdapters, FakeClock, fake_services
from tests.infra.template.packaged import FUNCTIONS, document

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
DEPLOYED = Deployed()
PATHS = sorted(DEPLOYED.body["paths"])
GUARDED = [
    (path, method)
    for path, method in product(PATHS, METHODS)
    if (DEPLOYED.method(path, method) or {}).get("security")
]


@pytest.fixture(scope="module")
def moved() -> FakeClock:
    return FakeClock(int(time.time()))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), moved) as running:
        yield running


@pytest.fixture(scope="module")
def visitor(stage: LocalDeployment) -> ApiClient:
    return stage.visitor("nobody@example.com")


def ask(visitor: ApiClient, method: str, path: str, **headers: str) -> requests.Response:
    return visitor.send(method, re.sub(r"\{\w+\}", "some-id", path), headers=headers)


def agree(answer: requests.Response, kind: str) -> bool:
    """Tell whether the local gateway said to the letter what API Gateway would."""
    status, headers, text = DEPLOYED.says(kind)
    has_body = answer.request.method != "HEAD"
    return (
        answer.status_code == status
        and all(answer.headers.get(name) == value for name, value in headers.items())
        and answer.text == (text if has_body else "")
    )


@pytest.mark.parametrize(("path", "method"), list(product([*PATHS, "/", "/nothing", "/me/x/y"], METHODS)))
def test_the_routes_and_which_of_them_are_guarded(visitor: ApiClient, path: str, method: str) -> None:
    definition = DEPLOYED.method(path, method)
    plain, badly = ask(visitor, method, path), ask(visitor, method, path, Authorization="Bearer x")
    if definition is None:
        assert agree(plain, "MISSING_AUTHENTICATION_TOKEN")
        assert agree(badly, "MISSING_AUTHENTICATION_TOKEN")
    elif definition.get("security"):
        assert agree(plain, "UNAUTHORIZED")
        assert agree(badly, "ACCESS_DENIED")
    else:
        # The function answered: public routes respond in the same way with an invalid token as without one.
        assert plain.status_code == badly.status_code
        assert plain.status_code in ({404, 405} if method == "OPTIONS" else {200, 400, 405})


def test_every_protected_route_of_the_app_is_guarded_when_deployed() -> None:
    of_the_app = {
        (path, method)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.authorizer is not None
    }
    assert of_the_app == set(GUARDED)
    assert {path for path, _ in GUARDED} == {path for path in PATHS if path.startswith(("/me", "/admin"))}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "bearer",
        "BEARER",
        "Bearer x",
        "bEARER  x",
        "Bearer a b",
        "Bearerx",
        "Bearer,x",
        "Basic x",
        "Token Bearer x",
        "x",
        "Bearer x, Bearer y",
        "Bearer " + "x" * 8_000,
    ],
)
@pytest.mark.parametrize(("path", "method"), GUARDED[:2])
def test_the_identity_check(visitor: ApiClient, path: str, method: str, value: str) -> None:
    """API Gateway holds the whole header to the expression; what fits is for the authorizer to refuse."""
    fits = bool(value) and re.fullmatch(DEPLOYED.authorizer["identityValidationExpression"], value)
    assert agree(ask(visitor, method, path, Authorization=value), "ACCESS_DENIED" if fits else "UNAUTHORIZED")


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_that_the_gateway_gives_by_itself(kind: str) -> None:
    local = from_refusal(Template.load({}).gateway_responses(), kind, KINDS[kind])
    assert (local.status, dict(local.headers), local.body.decode()) == DEPLOYED.says(kind)


def test_a_body_of_over_10_mb(visitor: ApiClient) -> None:
    answer = visitor.send("POST", "/oauth/token", data=b"x" * (10 * 1024 * 1024 + 1))
    assert agree(answer, "REQUEST_TOO_LARGE")


def test_an_authorizer_that_cannot_tell(stage: LocalDeployment, moved: FakeClock) -> None:
    app = stage.signed_in()
    adapters = FakeAdapters(moved)
    adapters.keys.down.add("for_kid")
    with override_services(fake_services(adapters, issuer=stage.url)):
        assert agree(app.me(), "AUTHORIZER_FAILURE")
    assert app.me().status_code == 200


def test_how_long_an_answer_of_the_authorizer_is_kept(stage: LocalDeployment, moved: FakeClock) -> None:
    """Held to the parameter's default, on a refusal that the function decides by the claims alone."""
    assert DEPLOYED.authorizer["authorizerResultTtlInSeconds"] == {"Ref": "AuthorizerCacheSeconds"}
    kept = int(document()["Parameters"]["AuthorizerCacheSeconds"]["Default"])
    app = stage.signed_in()
    path, token = "/admin/users/x", f"Bearer {app.access_token}"
    moved.advance(kept + 1)
    assert app.get(path, token).status_code == 403
    stage.operate("sessions", "end", app.username)
    moved.advance(kept - 1)
    assert app.get(path, token).status_code == 403
    moved.advance(1)
    assert agree(app.get(path, token), "ACCESS_DENIED")


def test_the_authorizer_is_the_same_function() -> None:
    (ours,) = app.builtin_auth_handlers
    assert DEPLOYED.authorizer["type"] == "token"
    assert "${Bearer.Arn}" in DEPLOYED.authorizer["authorizerUri"]["Fn::Sub"]
    assert DEPLOYED.resources["Bearer"]["Properties"]["Handler"] == ours.handler_string
    assert set(DEPLOYED.body["securityDefinitions"]) == {ours.name}


def test_every_route_goes_to_the_one_function_and_bodies_are_text() -> None:
    for path, method in product(PATHS, METHODS):
        definition = DEPLOYED.method(path, method)
        if definition is not None:
            integration = definition["x-amazon-apigateway-integration"]
            assert integration["type"] == "aws_proxy"
            assert "${APIHandler.Arn}" in integration["uri"]["Fn::Sub"]
    assert DEPLOYED.body["x-amazon-apigateway-binary-media-types"] == app.api.binary_types


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_functions_have_the_same_settings(stage: LocalDeployment, function: str) -> None:
    """All but what can only differ: where things are, and how cheap a test may make a hash."""
    variables = DEPLOYED.resources[function]["Properties"]["Environment"]["Variables"]
    deployed = Settings.from_environment({name: at_first(value) for name, value in variables.items()})
    local = Settings.from_environment(stage.stack.environment)
    differing = {
        setting.name
        for setting in fields(Settings)
        if getattr(deployed, setting.name) != getattr(local, setting.name)
    }
    places = {"stage", "users_table", "signing_secret_id", "issuer", "aws_endpoint_url", "endpoint_type"}
    assert differing == places | {"bcrypt_cost", "mail_from", "mail_queue_url"}
    assert deployed.bcrypt_cost == 12
