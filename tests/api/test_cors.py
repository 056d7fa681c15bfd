"""Web pages of another origin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.gateway.messages import Request, Response
from infra.local.stack.local_stack import LocalStack

ORIGIN = "https://app.example.com"
PATHS = [
    "/me",
    "/me/sessions",
    "/me/sessions/x",
    "/admin/users/x",
    "/health",
    "/oauth/token",
    "/oauth/revoke",
]


@pytest.fixture(scope="module")
def open_stack() -> Iterator[LocalStack]:
    with LocalStack(environment={"BCRYPT_COST": "4", "CORS_ALLOW_ORIGIN": ORIGIN}) as stack:
        yield stack


def ask(stack: LocalStack, method: str, path: str) -> Response:
    headers = {"Host": "x", "Origin": ORIGIN, "Authorization": "Bearer x.y.z"}
    return stack.gateway.handle(Request(method, path, "", headers, b"", "192.0.2.7"))


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_token_and_allows_what_the_app_does(open_stack: LocalStack, path: str) -> None:
    response = ask(open_stack, "OPTIONS", path)
    headers = dict(response.headers)
    assert response.status == 204
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"DELETE", "GET", "PATCH", "POST", "PUT"} == set(
        headers["Access-Control-Allow-Methods"].split(", ")
    )
    assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("POST", "/oauth/token", 400), ("GET", "/me", 401), ("GET", "/nowhere", 404)],
)
def test_a_page_can_read_answers_and_errors(
    open_stack: LocalStack, method: str, path: str, status: int
) -> None:
    response = ask(open_stack, method, path)
    assert response.status == status
    assert dict(response.headers)["Access-Control-Allow-Origin"] == ORIGIN


def test_without_an_origin_there_is_no_such_thing() -> None:
    with LocalStack(environment={"BCRYPT_COST": "4"}) as stack:
        for path in PATHS:
            response = ask(stack, "OPTIONS", path)
            assert response.status == (405 if path.startswith("/oauth") else 404)
            assert not any(name.startswith("Access-Control") for name, _ in response.headers)
        assert not any(name.startswith("Access-Control") for name, _ in ask(stack, "GET", "/health").headers)
