"""Cross-origin requests: pages and web views of the allowed origins, of others, and no page at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chalice.app import Response as ChaliceResponse

from chalicelib.services import override_services
from infra.local.gateway.messages import Request, Response
from infra.local.stack.local_stack import LocalStack
from tests.api.test_developers_routes import ask as ask_own
from tests.api.test_developers_routes import own_app
from tests.fakes import FakeAdapters, fake_services

ORIGINS = ["https://app.example.com", "capacitor://localhost", "ionic://localhost", "http://localhost:3000"]
SETTINGS = {
    "BCRYPT_COST": "4",
    "CORS_ALLOW_ORIGINS": ",".join(ORIGINS),
    "CORS_ALLOW_HEADERS": "sentry-trace,baggage",
}
PATHS = [
    "/me",
    "/me/sessions",
    "/me/sessions/x",
    "/admin/users/x",
    "/health",
    "/oauth/token",
    "/oauth/revoke",
]
HOSTILE = [
    "null",
    "*",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://sub.app.example.com",
    "https://app.example.com:443",
    "https://app.example.com/",
    "https://APP.example.com",
    "HTTPS://app.example.com",
    "http://app.example.com",
    "https://app.example.com, https://app.example.com",
    "https://app.example.com https://evil.example",
    "https://app.example.com,capacitor://localhost",
    "https://app.example.com\n",
    " https://app.example.com",
    "capacitor://localhost.evil.example",
    "http://localhost",
    "http://localhost:3001",
    "",
]


@pytest.fixture(scope="module")
def open_stack() -> Iterator[LocalStack]:
    with LocalStack(environment=SETTINGS) as stack:
        yield stack


def ask(stack: LocalStack, method: str, path: str, origin: str | None = ORIGINS[0]) -> Response:
    headers = {"Host": "x", "Authorization": "Bearer x.y.z"}
    if origin is not None:
        headers["Origin"] = origin
    return stack.gateway.handle(Request(method, path, "", headers, b"", "192.0.2.7"))


def of_cors(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith("Access-Control")}


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_token_and_allows_what_the_app_does(open_stack: LocalStack, path: str) -> None:
    response = ask(open_stack, "OPTIONS", path)
    headers = dict(response.headers)
    assert (response.status, response.body, headers["Vary"]) == (204, b"", "Origin")
    assert of_cors(response) == {
        "Access-Control-Allow-Origin": ORIGINS[0],
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, PATCH, POST, PUT",
        "Access-Control-Allow-Headers": (
            "Authorization, Content-Type, Idempotency-Key, If-Match, sentry-trace, baggage"
        ),
        "Access-Control-Max-Age": "7200",
    }


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_origin_that_asked_is_named(open_stack: LocalStack, method: str, origin: str) -> None:
    assert of_cors(ask(open_stack, method, "/health", origin))["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", [*HOSTILE, None])
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("OPTIONS", 204)])
def test_another_origin_gets_nothing(
    open_stack: LocalStack, method: str, status: int, origin: str | None
) -> None:
    response = ask(open_stack, method, "/health", origin)
    assert (response.status, of_cors(response)) == (status, {})
    assert dict(response.headers)["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/health", 200), ("POST", "/oauth/token", 400)]
)
def test_a_page_can_read_what_a_function_answers(
    open_stack: LocalStack, method: str, path: str, status: int
) -> None:
    response = ask(open_stack, method, path)
    assert response.status == status
    assert of_cors(response) == {
        "Access-Control-Allow-Origin": ORIGINS[0],
        "Access-Control-Expose-Headers": (
            "ETag, Retry-After, WWW-Authenticate, x-amzn-Remapped-WWW-Authenticate"
        ),
    }


@pytest.mark.parametrize(("path", "status"), [("/me", 401), ("/nowhere", 404)])
def test_any_page_can_read_the_errors_of_the_gateway(open_stack: LocalStack, path: str, status: int) -> None:
    """They are constants that carry no data of anybody, and no cookie is ever sent."""
    response = ask(open_stack, "GET", path)
    assert response.status == status
    assert of_cors(response)["Access-Control-Allow-Origin"] == "*"


def test_without_origins_there_is_no_such_thing() -> None:
    with LocalStack(environment={"BCRYPT_COST": "4"}) as stack:
        for path in PATHS:
            response = ask(stack, "OPTIONS", path)
            assert response.status == (405 if path.startswith("/oauth") else 404)
            assert not of_cors(response)
        assert not of_cors(ask(stack, "GET", "/health"))
        assert "Vary" not in dict(ask(stack, "GET", "/health").headers)


@pytest.mark.parametrize(("given", "sent"), [("Accept-Language", "Accept-Language, Origin"), ("", "Origin")])
def test_what_else_an_answer_depends_on_is_kept(given: str, sent: str) -> None:
    app = own_app(lambda name: ChaliceResponse({}, {"vary": given} if given else {}))
    services = fake_services(FakeAdapters(), cors_allow_origins=",".join(ORIGINS))
    with override_services(services):
        headers = {name.lower(): value for name, value in ask_own(app).headers.items()}
    assert headers["vary"] == sent
