"""Every row of the contract's table of errors, on the wire: the protected routes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.operate.api_client import ApiClient, altered, unsigned
from tests.blackbox.errors import BARE, INVALID_TOKEN, check
from tests.blackbox.local_deployment import LocalDeployment

A_KIBIBYTE = 1024


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.signed_in()


@pytest.mark.parametrize("header", [None, "", "Digest dTpw", "Token x", "Bearerx", "x", "Negotiate"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("GET", "/me/sessions"),
        ("DELETE", "/me/sessions"),
        ("DELETE", "/me/sessions/x"),
        ("GET", "/admin/users/x"),
    ],
)
def test_no_bearer_token(app: ApiClient, method: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    check(app.send(method, path, headers=headers), 401, "unauthorized", BARE)


@pytest.mark.parametrize("place", ["query", "body"])
def test_a_token_anywhere_else_is_no_token(app: ApiClient, place: str) -> None:
    sent: dict[str, Any] = {"params" if place == "query" else "data": {"access_token": app.access_token}}
    check(app.send("GET", "/me", **sent), 401, "unauthorized", BARE)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: "x",
        lambda token: "a.b.c",
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: token + "," + token,
        lambda token: token[:-1],
        lambda token: token.upper(),
        lambda token: token.replace(".", "..", 1),
        lambda token: ".".join(token.split(".")[:2]),
        lambda token: token.rpartition(".")[0] + ".",
        altered,
        unsigned,
        lambda token: "ghr_" + "A" * 112,
        lambda token: "x" * (8 * A_KIBIBYTE),
        lambda token: "x" * (8 * A_KIBIBYTE + 1),
    ],
)
def test_a_bad_token(app: ApiClient, change: Any) -> None:
    check(app.get("/me", f"Bearer {change(app.access_token)}"), 401, "invalid_token", INVALID_TOKEN)


def test_a_refresh_token_is_no_access_token(app: ApiClient) -> None:
    check(app.get("/me", f"Bearer {app.refresh_token}"), 401, "invalid_token", INVALID_TOKEN)


def test_a_missing_permission(app: ApiClient) -> None:
    challenge = f'{BARE}, error="insufficient_scope", scope="users:read"'
    answer = app.get("/admin/users/x", f"Bearer {app.access_token}")
    check(answer, 403, "insufficient_scope", challenge, by_function=True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("POST", "/me"),
        ("PUT", "/me/sessions"),
        ("GET", "/me/sessions/x"),
        ("GET", "/admin"),
        ("DELETE", "/health"),
        ("GET", "/ME"),
        ("GET", "/me/%2E%2E/health"),
        ("GET", "/oauth"),
        ("BREW", "/health"),
    ],
)
@pytest.mark.parametrize("with_token", [True, False])
def test_no_such_path_or_method(app: ApiClient, method: str, path: str, with_token: bool) -> None:  # noqa: FBT001
    headers = {"Authorization": f"Bearer {app.access_token}"} if with_token else {}
    check(app.send(method, path, headers=headers), 404, "not_found")


def test_a_user_that_there_is_not(stage: LocalDeployment) -> None:
    admin = stage.signed_in(permissions=["users:read"])
    check(admin.get("/admin/users/nobody", f"Bearer {admin.access_token}"), 404, "not_found")
