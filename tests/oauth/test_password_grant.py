"""The password grant: what a sign-in opens, and what it refuses before it costs anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from chalicelib.domain.sessions.session import Device, EndReason
from chalicelib.domain.tokens.scopes import Scope
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import EMAIL, PASSWORD, account, claims_of, request, sign_in

NFC_PASSWORD, NFD_PASSWORD = (
    "caf\u00e9 cr\u00e8me, s'il vous pla\u00eet",
    "cafe\u0301 cre\u0300me, s'il vous plai\u0302t",
)


def test_a_sign_in_opens_one_session_with_its_tokens(services: FakeServices) -> None:
    user = account(services)
    answer = sign_in(services)
    ((user_id, session_id),) = services.adapters.store.live
    assert user_id == user.user_id
    claims = claims_of(services, answer)
    assert (claims.subject, claims.session_id) == (user_id, session_id)
    token = RefreshToken.parse(answer.refresh_token)
    assert (token.user_id, token.session_id, token.generation) == (user_id, session_id, 0)
    assert services.adapters.audit.names == ["session_started"]


def test_the_answer_has_the_members_of_rfc_6749(services: FakeServices) -> None:
    account(services)
    wire = sign_in(services).to_wire()
    assert list(wire) == [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
        "device_key",
    ]
    assert (wire["token_type"], wire["expires_in"], wire["scope"]) == (
        "Bearer",
        3600,
        "things:read things:write",
    )


def test_an_answer_shows_no_token_when_it_is_printed(services: FakeServices) -> None:
    account(services)
    answer = sign_in(services)
    assert answer.access_token not in repr(answer)
    assert answer.refresh_token not in repr(answer)
    assert PASSWORD not in repr(request(password=PASSWORD))


@pytest.mark.parametrize(
    "name", [EMAIL, "ALICE@Example.COM", "alice", "Alice", "\uff21lice", "alice\uff20example.com"]
)
def test_every_spelling_of_address_and_user_name_signs_in(services: FakeServices, name: str) -> None:
    account(services)
    assert sign_in(services, name).access_token


@pytest.mark.parametrize(
    "name", [" alice", "alice ", "ali\u200bce", "\u0430lice", "alice@example.com ", "bob", "\x00", "x" * 9000]
)
def test_no_other_name_does(services: FakeServices, name: str) -> None:
    account(services)
    with pytest.raises(InvalidGrant):
        sign_in(services, name)


@pytest.mark.parametrize("password", [NFC_PASSWORD, NFD_PASSWORD])
def test_a_password_is_one_in_either_normal_form(services: FakeServices, password: str) -> None:
    account(services, password=NFD_PASSWORD)
    assert sign_in(services, password=password).access_token


@pytest.mark.parametrize(
    "password", [PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1], PASSWORD + "\x00", "x"]
)
def test_no_other_password_does(services: FakeServices, password: str) -> None:
    account(services)
    with pytest.raises(InvalidGrant):
        sign_in(services, password=password)
    assert not services.adapters.store.live


@pytest.mark.parametrize("missing", ["username", "password"])
@pytest.mark.parametrize("name", [EMAIL, "nobody@example.com"])
def test_a_request_without_name_or_password_costs_nothing(
    services: FakeServices, missing: str, name: str
) -> None:
    account(services)
    services.adapters.hasher.calls.clear()
    services.adapters.store.calls.clear()
    parameters = {"grant_type": "password", "username": name, "password": PASSWORD}
    del parameters[missing]
    with pytest.raises(InvalidRequest):
        services.token_endpoint(request(**parameters))
    assert not services.adapters.hasher.calls
    assert not services.adapters.store.calls


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"password": "x" * 1025}, InvalidRequest),
        ({"password": "\u00e9" * 513}, InvalidRequest),
        ({"scope": "a  b"}, InvalidScope),
        ({"scope": " "}, InvalidScope),
        ({"scope": 'a"'}, InvalidScope),
        ({"client_id": "unknown"}, InvalidClient),
        ({"client_secret": "s"}, InvalidClient),
        ({"grant_type": "client_credentials"}, UnauthorizedClient),
        ({"grant_type": "Password"}, UnsupportedGrantType),
    ],
)
def test_a_malformed_request_is_refused_before_a_password_is_hashed(
    services: FakeServices, parameters: dict[str, str], error: type[OAuthError]
) -> None:
    account(services)
    services.adapters.hasher.calls.clear()
    with pytest.raises(error):
        services.token_endpoint(
            request(**{"grant_type": "password", "username": EMAIL, "password": PASSWORD, **parameters})
        )
    assert not services.adapters.hasher.calls
    assert not services.adapters.store.calls["begin"]


def test_without_a_grant_type_the_request_is_malformed(services: FakeServices) -> None:
    with pytest.raises(InvalidRequest):
        services.token_endpoint(request(username=EMAIL, password=PASSWORD))


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("things:read", "things:read"), ("things:write things:read", "things:read things:write")],
)
def test_what_is_asked_for_and_held_is_granted(services: FakeServices, asked: str, granted: str) -> None:
    account(services)
    answer = sign_in(services, scope=asked)
    assert str(answer.scope) == granted
    assert claims_of(services, answer).scope == answer.scope


def test_a_user_without_permissions_gets_an_empty_scope(services: FakeServices) -> None:
    account(services, permissions=())
    answer = sign_in(services)
    assert answer.to_wire()["scope"] == ""
    assert str(claims_of(services, answer).scope) == ""


@pytest.mark.parametrize("asked", ["users:read", "things:read users:read", "THINGS:READ"])
def test_asking_for_more_than_is_held_opens_no_session(services: FakeServices, asked: str) -> None:
    account(services)
    with pytest.raises(InvalidScope):
        sign_in(services, scope=asked)
    assert not services.adapters.store.live


def test_a_token_too_large_to_be_accepted_is_not_issued(services: FakeServices) -> None:
    made = account(services)
    many = Scope.of(f"resource-number-{number:04}:write" for number in range(300))
    services.adapters.store.accounts[made.user_id] = replace(made, permissions=many)
    with pytest.raises(InvalidScope, match="token too large"):
        sign_in(services)
    assert not services.adapters.store.live
    assert claims_of(services, sign_in(services, scope="resource-number-0007:write"))


def test_scope_errors_are_returned_only_after_a_correct_password(services: FakeServices) -> None:
    account(services)
    with pytest.raises(InvalidGrant):
        sign_in(services, password="wrong password!", scope="users:read")


def test_a_session_is_bound_to_its_client_and_remembers_its_device() -> None:
    services = fake_services(client_ids="web-app, tv-app")
    account(services)
    device = Device("curl/8", "192.0.2.1", "CH")
    asked = request(grant_type="password", username=EMAIL, password=PASSWORD, client_id="web-app")
    services.token_endpoint(replace(asked, device=device))
    (session,) = services.adapters.store.live.values()
    assert (session.client_id, session.device) == ("web-app", device)


def test_the_lives_of_a_session_are_those_of_the_settings() -> None:
    services = fake_services(refresh_idle_seconds=100, refresh_absolute_seconds=1000)
    account(services)
    sign_in(services)
    (session,) = services.adapters.store.live.values()
    now = services.adapters.clock.now
    assert (session.created_at, session.last_used_at) == (now, now)
    assert (session.idle_expires_at, session.expires_at) == (now + 100, now + 1000)


def test_an_idle_life_never_outlasts_the_absolute_one() -> None:
    services = fake_services(refresh_idle_seconds=1000, refresh_absolute_seconds=100)
    account(services)
    sign_in(services)
    (session,) = services.adapters.store.live.values()
    assert session.idle_expires_at == session.expires_at == services.adapters.clock.now + 100


def test_beyond_the_limit_the_least_recently_used_session_gives_way() -> None:
    services = fake_services(max_sessions=2)
    account(services)
    first = sign_in(services)
    services.adapters.clock.advance(1)
    second = sign_in(services)
    services.adapters.clock.advance(1)
    third = sign_in(services)
    live = {session_id for _, session_id in services.adapters.store.live}
    ids = [RefreshToken.parse(one.refresh_token).session_id for one in (first, second, third)]
    assert live == {ids[1], ids[2]}
    (ended,) = services.adapters.store.past.values()
    assert (ended.session_id, ended.reason) == (ids[0], EndReason.EVICTED)
    assert services.adapters.audit.names == ["session_started"] * 3 + ["session_ended"]
