"""Client authentication: public clients name themselves, and a secret is never right."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidClient, InvalidRequest
from chalicelib.oauth.clients import BUILT_IN_CLIENT, PresentedClient, public_client

CLIENTS = frozenset({"mobile-app", "web app", "caf\u00e9"})


def basic(credentials: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(credentials.encode()).decode()}"


def authenticate_client(parameters: dict[str, str], authorization: str, clients: frozenset[str]) -> str:
    return public_client(PresentedClient.of(parameters, authorization), clients)


def test_no_client_named_means_the_built_in_one() -> None:
    assert BUILT_IN_CLIENT == "mobile-app"
    assert authenticate_client({}, "", CLIENTS) == "mobile-app"


@pytest.mark.parametrize("client_id", sorted(CLIENTS))
def test_a_public_client_names_itself_in_the_body(client_id: str) -> None:
    assert authenticate_client({"client_id": client_id}, "", CLIENTS) == client_id


@pytest.mark.parametrize(
    ("credentials", "client_id"),
    [
        ("mobile-app:", "mobile-app"),
        ("web+app:", "web app"),
        ("web%20app:", "web app"),
        ("caf%C3%A9:", "caf\u00e9"),
    ],
)
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_a_public_client_may_use_basic_with_an_empty_secret(
    credentials: str, client_id: str, scheme: str
) -> None:
    authorization = basic(credentials, scheme)
    assert authenticate_client({}, authorization, CLIENTS) == client_id
    assert authenticate_client({"client_id": client_id}, authorization, CLIENTS) == client_id
    assert authenticate_client({}, authorization.replace(" ", "   ") + " ", CLIENTS) == client_id


@pytest.mark.parametrize(
    "client_id", ["unknown", "Mobile-App", "mobile-app ", "mobile-app\x00", "\uff4dobile-app"]
)
def test_an_unknown_client_is_refused_without_a_challenge(client_id: str) -> None:
    with pytest.raises(InvalidClient) as refusal:
        authenticate_client({"client_id": client_id}, "", CLIENTS)
    assert refusal.value.headers == {}


@pytest.mark.parametrize(
    "authorization",
    [
        basic("unknown:"),
        basic("mobile-app:secret"),
        basic("mobile-app: "),
        basic(":"),
        basic(":secret"),
        basic("mobile-app"),
        basic(""),
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic bW9iaWxlLWFwcDo",
        "Basic bW9iaWxlLWFwcDo= x",
        "Basic /////w==",
        "Basic \u00e9",
    ],
)
def test_basic_that_fails_is_refused_with_its_challenge(authorization: str) -> None:
    with pytest.raises(InvalidClient) as refusal:
        authenticate_client({}, authorization, CLIENTS)
    assert refusal.value.headers == {"WWW-Authenticate": 'Basic realm="gatehouse"'}


def test_a_secret_in_the_body_is_refused_since_no_client_has_one() -> None:
    for parameters in ({"client_secret": "s"}, {"client_id": "mobile-app", "client_secret": "s"}):
        with pytest.raises(InvalidClient) as refusal:
            authenticate_client(parameters, "", CLIENTS)
        assert refusal.value.headers == {}
    with pytest.raises(InvalidClient):
        authenticate_client({"client_secret": "s"}, basic("mobile-app:"), CLIENTS)


def test_two_clients_named_at_once_are_a_malformed_request() -> None:
    with pytest.raises(InvalidRequest):
        authenticate_client({"client_id": "web app"}, basic("mobile-app:"), CLIENTS)
    with pytest.raises(InvalidRequest):
        authenticate_client({"client_secret": "s"}, basic("mobile-app:s"), CLIENTS)


@pytest.mark.parametrize("authorization", ["", " ", "Bearer abc", "bearer  a.b.c ", "BEARER ~"])
def test_an_access_token_that_an_app_sends_along_names_no_client(authorization: str) -> None:
    assert authenticate_client({}, authorization, CLIENTS) == "mobile-app"


@pytest.mark.parametrize(
    "authorization",
    [
        "Digest x",
        "Basicx",
        "bW9iaWxlLWFwcDo=",
        "Bearer",
        basic("mobile-app:x").replace(" ", "\t"),
        basic("mobile-app:x").replace(" ", ","),
        f"Bearer x, {basic('mobile-app:wrong')}",
        f"Bearer x,{basic('mobile-app:')}",
        f"{basic('mobile-app:')}, {basic('mobile-app:')}",
    ],
)
def test_an_uncheckable_authentication_is_refused_and_not_ignored(authorization: str) -> None:
    with pytest.raises(InvalidClient) as refusal:
        authenticate_client({}, authorization, CLIENTS)
    assert refusal.value.headers == {"WWW-Authenticate": 'Basic realm="gatehouse"'}


@pytest.mark.parametrize("client", [{}, {"client_id": "ghk_" + "A" * 32}])
@pytest.mark.parametrize("authorization", ["", basic("mobile-app:")])
def test_an_assertion_is_refused_and_is_no_secret(client: dict[str, str], authorization: str) -> None:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    with pytest.raises(InvalidClient) as refusal:
        PresentedClient.of({**client, "client_assertion": "x", "client_assertion_type": kind}, authorization)
    assert ("WWW-Authenticate" in refusal.value.headers) is bool(authorization)


def test_a_long_header_is_refused_in_linear_time() -> None:
    began = time.process_time()
    with pytest.raises(InvalidClient):
        authenticate_client({}, "\xa0" * 20_000 + "x", CLIENTS)
    assert time.process_time() - began < 1


@given(
    st.text() | st.text().map("Basic ".__add__) | st.binary().map(lambda raw: basic(raw.decode("latin-1")))
)
def test_any_header_names_a_known_client_or_is_refused(authorization: str) -> None:
    try:
        client_id = authenticate_client({}, authorization, CLIENTS)
    except (InvalidClient, InvalidRequest):
        return
    assert client_id in CLIENTS
