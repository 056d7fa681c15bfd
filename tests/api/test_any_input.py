"""No input makes a 5xx while every dependency is well."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.events import FORM, Answer, Gateway, in_base64, invoke, proxy_event
from tests.oauth.actors import EMAIL, PASSWORD, account

anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
sent = st.characters(exclude_categories=["Cs"])
names = st.sampled_from(
    [
        "grant_type",
        "username",
        "password",
        "refresh_token",
        "scope",
        "client_id",
        "client_secret",
        "token",
        "x",
    ]
)
values = st.one_of(
    st.text(sent),
    st.sampled_from(
        ["password", "refresh_token", EMAIL, PASSWORD, "mobile-app", "things:read", "ghr_" + "A" * 112]
    ),
)
paths = pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])


@pytest.fixture(autouse=True)
def _alice(gateway: Gateway) -> None:
    account(gateway.services)


def check(answer: Answer) -> None:
    assert answer.status in {200, 400, 401, 429}
    assert answer.json
    if answer.status != 200:
        assert answer.error
    assert answer.headers["Cache-Control"] == "no-store"


@paths
@anything
@given(body=st.one_of(st.text(), st.text(alphabet="grant_type=password&user%+", max_size=60), st.none()))
def test_no_body(gateway: Gateway, path: str, body: str | None) -> None:
    answer = gateway.send("POST", path, headers={"Content-Type": FORM}, body=body)
    assert answer.status in {400, 401} or (path == "/oauth/revoke" and answer.json == {})


@paths
@anything
@given(parameters=st.dictionaries(names, values))
def test_no_form(gateway: Gateway, path: str, parameters: dict[str, str]) -> None:
    answer = gateway.form(path, **parameters)
    if answer.json:
        check(answer)
    else:
        assert (path, answer.status) == ("/oauth/revoke", 200)


@paths
@anything
@given(raw=st.binary(max_size=200))
def test_no_body_in_base64(gateway: Gateway, path: str, raw: bytes) -> None:
    event = proxy_event("POST", path, headers={"Content-Type": FORM}, body="")
    event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    assert invoke(event).status in {200, 400, 401}
    assert invoke(in_base64(proxy_event("POST", path, body="x"))).status == 400


@paths
@anything
@given(
    name=st.sampled_from(
        ["Authorization", "Content-Type", "Idempotency-Key", "User-Agent", "Cookie", "Accept", "Host"]
    ),
    value=st.one_of(
        st.text(sent),
        st.text(sent).map("Basic ".__add__),
        st.binary().map(lambda raw: "Basic " + base64.b64encode(raw).decode()),
        st.text(sent).map("Bearer ".__add__),
    ),
)
def test_no_header(gateway: Gateway, path: str, name: str, value: str) -> None:
    parameters = {"grant_type": "password", "username": EMAIL, "password": PASSWORD, "token": "x"}
    headers = {"Content-Type": FORM, name: value}
    answer = gateway.send("POST", path, headers=headers, body=urlencode(parameters))
    assert answer.status in {200, 400, 401}


@anything
@given(query=st.text(sent))
def test_no_query(gateway: Gateway, query: str) -> None:
    assert (
        gateway.send("POST", "/oauth/token", headers={"Content-Type": FORM}, body="x=y", query=query).status
        == 400
    )


@anything
@given(context=st.dictionaries(st.sampled_from(["iss", "sub", "exp", "iat", "scope", "sid"]), st.text()))
def test_no_context_of_an_authorizer_opens_anything(gateway: Gateway, context: dict[str, str]) -> None:
    """Only API Gateway writes it; should it ever be another's, it says nothing of the token."""
    assert invoke(proxy_event("GET", "/me", context=context)).status in {401, 500}


@anything
@given(session_id=st.text(sent.filter(lambda char: char != "/"), min_size=1))
def test_no_path(gateway: Gateway, session_id: str) -> None:
    token = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json["access_token"]
    for method, path in (("DELETE", f"/me/sessions/{session_id}"), ("GET", f"/admin/users/{session_id}")):
        assert gateway.protected(method, path, token).status in {403, 404}
