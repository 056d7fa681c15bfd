"""Metadata and public keys: true, cacheable, for everybody, and from one table with the routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib.api.routes.servers.metadata import KEYS_SECONDS
from chalicelib.oauth.metadata import API_KEY, CLIENT_CREDENTIALS, ENDPOINTS, Metadata
from chalicelib.services import override_services
from tests.api.events import API, REGION, STAGE, Gateway, invoke, proxy_event
from tests.fakes import FakeServices

OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"
AT_AWS = f"https://{API}.execute-api.{REGION}.amazonaws.com/{STAGE}"
DOMAIN = "https://auth.example.com"


def with_settings(gateway: Gateway, **changes: Any) -> FakeServices:
    return FakeServices(replace(gateway.services.settings, **changes), gateway.services.adapters)


def test_the_metadata_are_what_is_offered(gateway: Gateway) -> None:
    answer = invoke(proxy_event("GET", OPENID))
    assert answer.status == 200
    grants = sorted([*gateway.services.token_endpoint.grants, CLIENT_CREDENTIALS])
    for member, expected in {
        "issuer": AT_AWS,
        "token_endpoint": f"{AT_AWS}/oauth/token",
        "revocation_endpoint": f"{AT_AWS}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "jwks_uri": f"{AT_AWS}/.well-known/jwks.json",
        "grant_types_supported": grants,
        "response_types_supported": [],
    }.items():
        assert answer.json[member] == expected, member
    untrue = {"authorization_endpoint", "id_token_signing_alg_values_supported", "subject_types_supported"}
    assert not untrue & set(answer.json)


def test_every_endpoint_of_the_table_is_a_route_and_every_oauth_route_is_in_the_table() -> None:
    paths = {one.path for one in ENDPOINTS}
    assert paths <= set(app.routes)
    assert {path for path in app.routes if path.startswith("/oauth/")} <= paths


@pytest.mark.parametrize("member", [one.member for one in ENDPOINTS])
def test_no_authorizer_is_before_an_endpoint(member: str) -> None:
    (endpoint,) = (one for one in ENDPOINTS if one.member == member)
    for path in (endpoint.path, OPENID, OAUTH):
        assert {entry.authorizer for entry in app.routes[path].values()} == {None}


def test_servers_authenticate_where_they_can_get_a_token() -> None:
    without, having = (Metadata({"password", *more})(DOMAIN) for more in ((), (CLIENT_CREDENTIALS,)))
    member = "token_endpoint_auth_methods_supported"
    assert without[member] == ["none"]
    assert having[member] == ["none", *API_KEY]
    assert CLIENT_CREDENTIALS in having["grant_types_supported"]


def test_at_a_domain_both_documents_are_one(gateway: Gateway) -> None:
    with override_services(with_settings(gateway, issuer=DOMAIN)):
        first, second = (invoke(proxy_event("GET", path)) for path in (OPENID, OAUTH))
    assert first.json == second.json
    assert first.json["issuer"] == DOMAIN


@pytest.mark.parametrize("issuer", ["", f"{DOMAIN}/auth"])
def test_the_document_at_the_root_needs_an_issuer_without_a_path(gateway: Gateway, issuer: str) -> None:
    """RFC 8414 §3.1 puts the issuer's path after it, where nothing of this API can be."""
    with override_services(with_settings(gateway, issuer=issuer)):
        assert invoke(proxy_event("GET", OAUTH)).error == (404, "not_found")
        assert invoke(proxy_event("GET", OPENID)).status == 200


def test_the_issuer_is_never_the_host_that_the_caller_names(gateway: Gateway) -> None:
    answer = invoke(
        proxy_event("GET", OPENID, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    )
    assert "evil" not in answer.text


@pytest.mark.parametrize("path", [OPENID, JWKS])
def test_caches_may_keep_them_shorter_than_a_key_is_announced(gateway: Gateway, path: str) -> None:
    cache = str(invoke(proxy_event("GET", path)).headers["Cache-Control"])
    assert cache.startswith("public, max-age=")
    assert int(cache.rpartition("=")[2]) <= 3600
    assert KEYS_SECONDS < 3600


def test_under_hs256_no_key_is_public(gateway: Gateway) -> None:
    assert invoke(proxy_event("GET", JWKS)).json == {"keys": []}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_keys_that_verify_and_the_next_one_are_public(gateway: Gateway, algorithm: str) -> None:
    services = with_settings(gateway, signing_algorithm=algorithm)
    for number in range(3):
        version = f"{number:08}-1111-4111-8111-111111111111"
        services.key_rotation.create_secret(version, early=True)
        services.key_rotation.finish_secret(version)
    keys = invoke(proxy_event("GET", JWKS)).json["keys"]
    current = services.adapters.keys.current().current
    assert current.following is not None
    # The key before is still HS256, and never public.
    assert [one["kid"] for one in keys][-1] == current.following.key.kid
    assert current.kid in [one["kid"] for one in keys]
    members = {"RS256": {"kty", "n", "e"}, "ES256": {"kty", "crv", "x", "y"}}[algorithm]
    for key in keys:
        assert set(key) == {*members, "kid", "use", "alg"}
        assert (key["use"], key["alg"]) == ("sig", algorithm)


def test_without_the_keys_it_is_an_outage_that_no_cache_keeps(gateway: Gateway) -> None:
    gateway.services.adapters.keys.down.add("published")
    answer = invoke(proxy_event("GET", JWKS))
    assert answer.error == (503, "temporarily_unavailable")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Retry-After" in answer.headers
