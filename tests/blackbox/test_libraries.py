"""Two libraries that people use, unchanged and told nothing but the addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import (  # type: ignore[import-untyped,unused-ignore]
    InvalidGrantError,
    LegacyApplicationClient,
    TokenExpiredError,
)
from requests_oauthlib import OAuth2Session

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow what every OAuth library rightly refuses outside of a developer's machine."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def oauthlib_session(stage: LocalDeployment) -> Iterator[OAuth2Session]:
    with closing(OAuth2Session(client=LegacyApplicationClient(client_id="mobile-app"))) as session:
        session.fetch_token(f"{stage.url}/oauth/token", username=stage.account(), password=PASSWORD)
        yield session


@pytest.fixture
def authlib_session(stage: LocalDeployment) -> Iterator[AuthlibSession]:
    where = f"{stage.url}/oauth/token"
    with closing(AuthlibSession("mobile-app", token_endpoint=where)) as session:
        session.fetch_token(where, username=stage.account(), password=PASSWORD)
        yield session


def test_requests_oauthlib(stage: LocalDeployment, oauthlib_session: OAuth2Session) -> None:
    session = oauthlib_session
    assert session.get(f"{stage.url}/me").json()["email"].startswith("user")
    before = dict(session.token)
    after = session.refresh_token(f"{stage.url}/oauth/token")
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert session.get(f"{stage.url}/me").status_code == 200


def test_requests_oauthlib_refreshes_by_itself(
    stage: LocalDeployment, oauthlib_session: OAuth2Session
) -> None:
    saved: list[str] = []
    session = oauthlib_session
    session.auto_refresh_url = f"{stage.url}/oauth/token"
    session.token_updater = lambda token: saved.append(token["refresh_token"])
    session.token = {**session.token, "expires_at": 1}
    assert session.get(f"{stage.url}/me").status_code == 200
    assert saved == [session.token["refresh_token"]]


def test_requests_oauthlib_tells_its_errors_apart(stage: LocalDeployment) -> None:
    with closing(OAuth2Session(client=LegacyApplicationClient(client_id="mobile-app"))) as session:
        with pytest.raises(InvalidGrantError):
            session.fetch_token(f"{stage.url}/oauth/token", username=stage.account(), password="wrong")
        session.token = {"access_token": "x", "expires_at": 1}
        with pytest.raises(TokenExpiredError):
            session.get(f"{stage.url}/me")


@pytest.mark.parametrize("how", [{"include_client_id": True}, {"auth": ("mobile-app", "")}])
def test_requests_oauthlib_names_the_client_either_way(
    stage: LocalDeployment, how: dict[str, object]
) -> None:
    with closing(OAuth2Session(client=LegacyApplicationClient(client_id="mobile-app"))) as session:
        where = f"{stage.url}/oauth/token"
        token = session.fetch_token(where, username=stage.account(), password=PASSWORD, **how)
        assert token["token_type"] == "Bearer"


def test_authlib(stage: LocalDeployment, authlib_session: AuthlibSession) -> None:
    session = authlib_session
    assert session.get(f"{stage.url}/me").json()["email"].startswith("user")
    before = dict(session.token)
    after = session.refresh_token(f"{stage.url}/oauth/token")
    assert after["refresh_token"] != before["refresh_token"]
    assert session.get(f"{stage.url}/me").status_code == 200
    assert session.revoke_token(f"{stage.url}/oauth/revoke", after["refresh_token"]).status_code == 200
    assert session.get(f"{stage.url}/me").status_code == 401


def test_authlib_refreshes_by_itself(stage: LocalDeployment, authlib_session: AuthlibSession) -> None:
    before = authlib_session.token["refresh_token"]
    authlib_session.token = {**authlib_session.token, "expires_at": 1}
    assert authlib_session.get(f"{stage.url}/me").status_code == 200
    assert authlib_session.token["refresh_token"] != before


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_authlib_names_the_client_any_way(stage: LocalDeployment, method: str) -> None:
    with closing(AuthlibSession("mobile-app", "", token_endpoint_auth_method=method)) as session:
        token = session.fetch_token(
            f"{stage.url}/oauth/token", username=stage.account(), password=PASSWORD, grant_type="password"
        )
        assert token["expires_in"] == 3600


def test_a_wrong_password_in_plain_requests(stage: LocalDeployment) -> None:
    """What the libraries see beneath: RFC 6749 §5.2 in JSON, with the status that they look for."""
    form = {"grant_type": "password", "username": stage.account(), "password": "wrong"}
    answer = requests.post(f"{stage.url}/oauth/token", data=form, timeout=10)
    assert json.loads(answer.content)["error"] == "invalid_grant"
    assert answer.status_code == 400
