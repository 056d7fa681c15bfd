"""What the edge does before and after the functions: probes, cross-origin requests, functions that fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from chalice.app import Chalice, Response

from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.views import finalize_routes
from infra.local.gateway.lambda_function import Limits
from infra.local.stack.application import Application, Clock
from infra.local.stack.local_stack import LocalStack
from infra.operate.api_client import ApiClient
from tests.blackbox.errors import check
from tests.blackbox.local_deployment import LocalDeployment, staged

ORIGINS = ("https://app.example.com", "capacitor://localhost")
NEVER = Event()


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.signed_in()


@pytest.mark.parametrize("path", ["/health", "/health/"])
def test_a_probe_may_use_head(app: ApiClient, path: str) -> None:
    answer = app.send("HEAD", path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/me", "/me/sessions", "/admin/users/x", "/nothing"])
def test_head_is_no_method_of_another_path(app: ApiClient, path: str) -> None:
    """API Gateway has no HEAD for a GET."""
    answer = app.send("HEAD", path, headers={"Authorization": f"Bearer {app.access_token}"})
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_page_of_each_origin_signs_in_and_reads_errors(tmp_path: Path) -> None:
    with staged(tmp_path, CORS_ALLOW_ORIGINS=",".join(ORIGINS), CORS_ALLOW_HEADERS="baggage") as stage:
        app = stage.visitor()
        for origin in ORIGINS:
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            preflight = app.send("OPTIONS", "/oauth/token", headers=asked)
            assert (preflight.status_code, preflight.content) == (204, b"")
            assert preflight.headers["Access-Control-Allow-Origin"] == origin
            assert preflight.headers["Access-Control-Allow-Headers"].endswith("If-Match, baggage")
            refused = app.send("POST", "/oauth/token", headers={"Origin": origin})
            assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, origin)
        stranger = app.send("POST", "/oauth/token", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in stranger.headers
        assert stranger.headers["Vary"] == "Origin"
        missing = app.send("GET", "/me", headers={"Origin": "https://evil.example"})
        assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (401, "*")


@pytest.fixture(scope="module")
def failing() -> Iterator[str]:
    """Serve an app whose functions fail, with our middleware, in a stack of its own; yield its address."""
    with LocalStack(environment={"BCRYPT_COST": "4"}, application=_failing_app) as stack:
        yield stack.api_url
    NEVER.set()


@contextmanager
def _failing_app(_environment: Mapping[str, str], _clock: Clock | None) -> Iterator[Application]:
    app = Chalice("failing", configure_logs=False)
    app.register_middleware(cross_origin, "http")
    app.register_middleware(request_scope, "http")

    def crash() -> Any:
        raise ZeroDivisionError("hunter2")

    views = {
        "/hangs": NEVER.wait,
        "/crashes": crash,
        "/talks": lambda: Response("x" * 7_000_000, {"Content-Type": "text/plain"}),
        "/answers": dict,
    }
    for path, view in views.items():
        app.route(path, name=path)(view)
    finalize_routes.finalize(app)
    real = Application.of_chalice(app)
    yield Application(
        type(real.api)(real.api.function, real.api.routes, (), Limits(timeout_seconds=0.2)), {}, {}
    )


def test_no_answer_in_time_is_a_503(failing: str) -> None:
    answer = requests.get(failing + "/hangs", timeout=20)
    check(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert requests.get(failing + "/answers", timeout=20).status_code == 200


@pytest.mark.parametrize("path", ["/crashes", "/talks"])
def test_a_defect_and_an_answer_of_7_mb_are_a_500_that_no_client_waits_for(failing: str, path: str) -> None:
    answer = requests.get(failing + path, timeout=20)
    check(answer, 500, "server_error")
    assert "Retry-After" not in answer.headers
    assert "hunter2" not in answer.text
