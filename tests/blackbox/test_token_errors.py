"""Every row of the contract's table of errors, on the wire: the token and revocation endpoints."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from infra.operate.api_client import FORM, ApiClient
from tests.blackbox.errors import INVALID_TOKEN, check
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment

GRANT = {"grant_type": "password", "username": "demo@example.com", "password": PASSWORD}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "ghr_" + "A" * 112}
A_KIBIBYTE = 1024


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.signed_in()


def post(app: ApiClient, form: Any, path: str = "/oauth/token", **headers: str) -> requests.Response:
    return app.send("POST", path, data=form, headers={"Content-Type": FORM, **headers})


@pytest.mark.parametrize(
    "form",
    [
        "",
        "&&",
        "grant_type=",
        "username=a&password=b",
        "grant_type=password",
        "grant_type=password&username=a",
        "grant_type=password&username=a&password=",
        "grant_type=refresh_token",
        "grant_type=password&grant_type=password&username=a&password=b",
        "grant_type=password&username=a&username=a&password=b",
        "grant_type=password&username=a&password=b&scope=&scope=",
        "grant_type=password&username=a&password=b&unknown=1&unknown=2",
        "grant_type=password&username=%FF&password=b",
        "grant_type=password&username=%ED%A0%80&password=b",
        "grant_type=password&username=a&password=%F",
        "grant_type=password&username=a&password=%zz",
        b"grant_type=password&username=\xff\xfe&password=b",
        "grant_type=password&username=a&password=" + "x" * (A_KIBIBYTE + 1),
        "grant_type=password&username=a&password=" + "%C3%A9" * (A_KIBIBYTE // 2) + "x",
        {**GRANT, "padding": "x" * 16 * A_KIBIBYTE},
    ],
)
def test_a_malformed_request(app: ApiClient, form: Any) -> None:
    check(post(app, form), 400, "invalid_request")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded; charset=latin-1",
        "application/x-www-form-urlencoded, application/x-www-form-urlencoded",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_wrong_content_type(app: ApiClient, kind: str, path: str) -> None:
    check(post(app, "grant_type=password&token=x", path, **{"Content-Type": kind}), 400, "invalid_request")


@pytest.mark.parametrize(
    "kind", [FORM.upper(), f"{FORM};charset=UTF-8", f"{FORM} ; Charset=utf-8", f'{FORM}; charset="utf-8"']
)
def test_a_content_type_in_another_spelling(app: ApiClient, kind: str) -> None:
    """It is the media type that counts: what is refused here is the password."""
    answer = post(app, "grant_type=password&username=a&password=b", **{"Content-Type": kind})
    check(answer, 400, "invalid_grant")


@pytest.mark.parametrize(
    "query",
    [
        "username=a",
        "password=b",
        "client_secret=c",
        "refresh_token=d",
        "access_token=e",
        "token=f",
        "password=",
        "%70assword=b",
        "a=b&a=c&password=b&password=d",
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_credential_in_the_url(app: ApiClient, query: str, path: str) -> None:
    check(post(app, GRANT | {"token": "x"}, f"{path}?{query}"), 400, "invalid_request")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_body_of_more_than_16_kibibytes(app: ApiClient, path: str) -> None:
    rest = "grant_type=refresh_token&token=x&refresh_token="
    fits = rest + "x" * (16 * A_KIBIBYTE - len(rest))
    assert post(app, fits, path).json().get("error", "") in {"", "invalid_grant"}
    check(post(app, fits + "x", path), 400, "invalid_request")


@pytest.mark.parametrize("grant_type", ["authorization_code", "implicit", "PASSWORD", "password ", "é"])
def test_a_grant_that_is_not_offered(app: ApiClient, grant_type: str) -> None:
    check(post(app, {**GRANT, "grant_type": grant_type}), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "form",
    [
        {**GRANT, "password": "wrong"},
        {**GRANT, "password": PASSWORD + " "},
        {**GRANT, "password": PASSWORD.upper()},
        {**GRANT, "username": "nobody@example.com"},
        {**GRANT, "username": " demo@example.com"},
        {**GRANT, "username": "demo@example\u200b.com"},
        {**GRANT, "username": "dem\u043e@example.com"},
        {**GRANT, "username": "x" * 10_000},
        {**GRANT, "username": "a\x00b", "password": "\x00"},
        REFRESH,
        {**REFRESH, "refresh_token": "x"},
        {**REFRESH, "refresh_token": "ghr_" + "é" * 112},
        {**REFRESH, "refresh_token": "ghr_" + "A" * 111 + "="},
    ],
)
def test_bad_credentials(app: ApiClient, form: dict[str, str]) -> None:
    check(post(app, form), 400, "invalid_grant")


def test_a_disabled_user(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    assert stage.operate("users", "disable", app.username).exit_code == 0
    check(app.refresh(app.refresh_token), 400, "invalid_grant")
    check(app.me(), 401, "invalid_token", INVALID_TOKEN)
    check(app.sign_in(), 400, "invalid_grant")


def test_an_access_token_is_no_refresh_token(app: ApiClient) -> None:
    check(app.refresh(app.access_token), 400, "invalid_grant")


@pytest.mark.parametrize(
    "scope", ["users:read", " ", "a  b", '"', "\\", "é", "a\tb", "a\nb", "a b ", "x" * 15_000]
)
@pytest.mark.parametrize("grant", ["password", "refresh"])
def test_a_scope_that_is_malformed_or_not_held(app: ApiClient, scope: str, grant: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": app.refresh_token}
    if grant == "password":
        form = {**GRANT, "username": app.username}
    check(post(app, {**form, "scope": scope}), 400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "basic", "challenge"),
    [
        ({"client_id": "unknown"}, None, None),
        ({"client_id": "mobile-app", "client_secret": "s"}, None, None),
        ({"client_secret": "s"}, None, None),
        ({}, ("unknown", ""), 'Basic realm="gatehouse"'),
        ({}, ("mobile-app", "secret"), 'Basic realm="gatehouse"'),
        ({}, ("", ""), 'Basic realm="gatehouse"'),
        ({"client_secret": "s"}, ("mobile-app", ""), 'Basic realm="gatehouse"'),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_a_client_that_is_unknown_or_fails(
    app: ApiClient, form: dict[str, str], basic: tuple[str, str] | None, challenge: str | None, path: str
) -> None:
    answer = app.send("POST", path, data={**GRANT, "token": "x", **form}, auth=basic)
    check(answer, 401, "invalid_client", challenge, by_function=True)


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "basic bW9iaWxlLWFwcA==", "BASIC /w=="])
def test_basic_credentials_that_cannot_be_read(app: ApiClient, header: str) -> None:
    answer = post(app, GRANT, Authorization=header)
    check(answer, 401, "invalid_client", 'Basic realm="gatehouse"', by_function=True)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_another_method_than_post(app: ApiClient, method: str, path: str) -> None:
    answer = app.send(method, path)
    check(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_head_is_refused_without_a_body(app: ApiClient, path: str) -> None:
    answer = app.send("HEAD", path)
    assert (answer.status_code, answer.headers["Allow"], answer.content) == (405, "POST", b"")
