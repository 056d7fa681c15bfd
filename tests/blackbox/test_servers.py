"""Servers: API keys over HTTP, by hand and with published OAuth libraries."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import (  # type: ignore[import-untyped,unused-ignore]
    BackendApplicationClient,
    InvalidClientError,
)
from requests_oauthlib import OAuth2Session

from infra.operate.api_client import ApiClient
from tests.api.key_requests import basic
from tests.blackbox.errors import BARE, INVALID_TOKEN, check
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment

Key = dict[str, Any]


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.signed_in(permissions=["tokens:introspect", "users:read"])


def create(app: ApiClient, **body: Any) -> Key:
    headers = {"Authorization": f"Bearer {app.access_token}"}
    body = {"name": "server", "current_password": PASSWORD, **body}
    answer = app.send("POST", "/me/api-keys", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json())


@pytest.fixture(scope="module")
def key(app: ApiClient) -> Key:
    return create(app)


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def get(stage: LocalDeployment, authorization: str, path: str = "/me") -> requests.Response:
    headers = {"Authorization": authorization}
    return requests.get(f"{stage.url}{path}", headers=headers, timeout=20)


def test_curl_u_works(stage: LocalDeployment, key: Key) -> None:
    answer = requests.get(f"{stage.url}/me", auth=(key["id"], key["secret"]), timeout=20)
    assert answer.status_code == 200
    assert answer.json()["api_key"]["id"] == key["id"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        basic("no colon"),
        basic(":"),
        basic("id:"),
        basic(":secret"),
        basic(b"\xff:\xfe"),
        basic(f"mobile-app:{PASSWORD}"),
    ],
)
def test_malformed_basic_is_an_invalid_token(stage: LocalDeployment, authorization: str) -> None:
    check(get(stage, authorization), 401, "invalid_token", INVALID_TOKEN)


def test_another_scheme_is_none(stage: LocalDeployment) -> None:
    for authorization in ("Digest x", "Basicx", "Basic\tx"):
        check(get(stage, authorization), 401, "unauthorized", BARE)


def test_two_headers_are_malformed(stage: LocalDeployment, key: Key) -> None:
    header = basic(f"{key['id']}:{key['secret']}")
    request = f"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {header}\r\n"
    status, _, body = stage.say(f"{request}Authorization: {header}\r\n\r\n".encode())
    assert status == 401
    assert b"invalid_token" in body


def test_a_route_by_permission_and_one_of_sessions(stage: LocalDeployment, key: Key, app: ApiClient) -> None:
    header = basic(f"{key['id']}:{key['secret']}")
    user_id = get(stage, header).json()["id"]
    assert get(stage, header, f"/admin/users/{user_id}").status_code == 200
    challenge = f'{BARE}, error="insufficient_scope"'
    answer = get(stage, header, "/me/sessions")
    check(answer, 403, "insufficient_scope", challenge, by_function=True)


def test_introspection_by_a_server(stage: LocalDeployment, key: Key, app: ApiClient) -> None:
    def ask(token: str, auth: tuple[str, str] | None) -> requests.Response:
        url = f"{stage.url}/oauth/introspect"
        return requests.post(url, data={"token": token}, auth=auth, timeout=20)

    server = (key["id"], key["secret"])
    assert ask(app.access_token, server).json()["active"] is True
    assert ask(app.refresh_token, server).json() == {"active": False}
    refused = ask(app.access_token, (key["id"], "wrong"))
    check(refused, 401, "invalid_client", 'Basic realm="gatehouse"', by_function=True)
    check(ask(app.access_token, None), 401, "invalid_client")
    answer = requests.get(f"{stage.url}/oauth/introspect", timeout=20)
    check(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("include_client_id", [True, False])
def test_requests_oauthlib(stage: LocalDeployment, key: Key, include_client_id: bool) -> None:  # noqa: FBT001
    client = BackendApplicationClient(client_id=key["id"])
    with closing(OAuth2Session(client=client)) as session:
        where = f"{stage.url}/oauth/token"
        how: dict[str, Any] = {"include_client_id": True} if include_client_id else {}
        token = session.fetch_token(where, client_secret=key["secret"], **how)
        assert "refresh_token" not in token
        assert session.get(f"{stage.url}/me").json()["api_key"]["id"] == key["id"]
        with pytest.raises(InvalidClientError):
            session.fetch_token(where, client_secret="wrong", **how)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib(stage: LocalDeployment, key: Key, method: str) -> None:
    with closing(
        AuthlibSession(key["id"], key["secret"], token_endpoint_auth_method=method, scope="users:read")
    ) as session:
        token = session.fetch_token(f"{stage.url}/oauth/token", grant_type="client_credentials")
        assert token["scope"] == "users:read"
        assert session.get(f"{stage.url}/me").status_code == 200
        answer = session.introspect_token(f"{stage.url}/oauth/introspect", token["access_token"])
        assert answer.json()["active"] is True


def test_the_end_of_a_key_ends_its_tokens(stage: LocalDeployment, app: ApiClient) -> None:
    key = create(app, expires_in=3600)
    form = {"grant_type": "client_credentials", "client_id": key["id"], "client_secret": key["secret"]}
    token = app.token(form).json()["access_token"]
    assert get(stage, f"Bearer {token}").status_code == 200
    headers = {"Authorization": f"Bearer {app.access_token}"}
    assert app.send("DELETE", f"/me/api-keys/{key['id']}", headers=headers).status_code == 204
    # Both are allowed by the gateway's cache, and refused by the function, which reads the key.
    for credential in (f"Bearer {token}", basic(f"{key['id']}:{key['secret']}")):
        assert get(stage, credential).json()["error"] == "invalid_token"
    check(app.token(form), 401, "invalid_client")
