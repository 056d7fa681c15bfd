"""The refresh token grant: one successor, a lossless retry, and nothing spent by a malformed request."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
)
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import account, claims_of, refresh, refused, request, sign_in

KEY = "0c6f3c1e-9a41-4f7e-8b0e-5d3f0a8f0c11"


def test_the_current_token_is_exchanged_for_one_successor(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    third = refresh(services, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert len(services.adapters.store.live) == 1
    assert services.adapters.audit.names == ["session_started", "session_refreshed", "session_refreshed"]


def test_the_new_access_token_is_of_the_same_session_and_of_now(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    before = claims_of(services, first)
    services.adapters.clock.advance(60)
    after = claims_of(services, refresh(services, first.refresh_token))
    assert (after.subject, after.session_id, after.client_id) == (
        before.subject,
        before.session_id,
        before.client_id,
    )
    assert after.issued_at == before.issued_at + 60
    assert after.token_id != before.token_id


@pytest.mark.parametrize("later", [0, 1, 10])
def test_within_the_window_a_retry_gets_the_same_successor(services: FakeServices, later: int) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    services.adapters.clock.advance(later)
    answers = {refresh(services, first.refresh_token).refresh_token for _ in range(5)}
    assert answers == {second.refresh_token}


def test_a_retry_gets_a_good_access_token_of_its_own(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    one, other = refresh(services, first.refresh_token), refresh(services, first.refresh_token)
    assert claims_of(services, one).token_id != claims_of(services, other).token_id


def test_a_retry_writes_nothing_and_is_not_audited_as_a_rotation(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    refresh(services, first.refresh_token)
    (before,) = services.adapters.store.live.values()
    services.adapters.clock.advance(5)
    refresh(services, first.refresh_token)
    assert list(services.adapters.store.live.values()) == [before]
    assert services.adapters.audit.names[1:] == ["session_refreshed", "refresh_repeated"]
    assert services.adapters.audit.events[-1] == ("refresh_repeated", before)


@pytest.mark.parametrize("later", [11, 3600, 30 * 86_400 - 1])
def test_with_its_key_a_retry_has_no_time_limit_but_that_of_the_session(
    services: FakeServices, later: int
) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token, idempotency_key=KEY)
    services.adapters.clock.advance(later)
    assert refresh(services, first.refresh_token, idempotency_key=KEY).refresh_token == second.refresh_token


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"scope": "a  b"}, InvalidScope),
        ({"scope": "users:read"}, InvalidScope),
        ({"scope": "things:read users:read"}, InvalidScope),
        ({"client_id": "unknown"}, InvalidClient),
        ({"client_id": "web-app"}, InvalidGrant),
        ({"client_secret": "s"}, InvalidClient),
    ],
)
def test_a_request_that_is_refused_spends_nothing(
    parameters: dict[str, str], error: type[OAuthError]
) -> None:
    services = fake_services(client_ids="web-app")
    account(services)
    first = sign_in(services)
    before = dict(services.adapters.store.live)
    with pytest.raises(error):
        refresh(services, first.refresh_token, **parameters)
    assert services.adapters.store.live == before
    assert services.adapters.audit.names == ["session_started"]
    assert refresh(services, first.refresh_token).access_token


def test_a_clock_that_was_set_back_does_not_hold_the_window_open(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    services.adapters.clock.advance(-10)
    assert refresh(services, first.refresh_token).refresh_token == second.refresh_token
    services.adapters.clock.advance(-1)
    refused(services, first.refresh_token)


@pytest.mark.parametrize("key", [" ", "a b", "caf\u00e9", "a\n", "\x7f", "\ufffd", "x" * 256])
def test_a_malformed_idempotency_key_spends_nothing(services: FakeServices, key: str) -> None:
    account(services)
    first = sign_in(services)
    with pytest.raises(InvalidRequest):
        refresh(services, first.refresh_token, idempotency_key=key)
    assert refresh(services, first.refresh_token, idempotency_key="x" * 255).access_token


def test_an_empty_idempotency_key_is_none(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    refresh(services, first.refresh_token, idempotency_key="")
    services.adapters.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(services, first.refresh_token, idempotency_key="")


def test_without_a_token_the_request_is_malformed(services: FakeServices) -> None:
    with pytest.raises(InvalidRequest):
        services.token_endpoint(request(grant_type="refresh_token"))


@pytest.mark.parametrize("mangle", ["{}=", " {}", "{} ", "x{}", "ghr_", "{}{}", "eyJ{}"])
def test_a_mangled_token_ends_nothing(services: FakeServices, mangle: str) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    services.adapters.clock.advance(11)
    for token in (first.refresh_token, second.refresh_token):
        refused(services, mangle.format(token, token))
        refused(services, token[:-1] + ("A" if token[-1] != "A" else "B"))
        refused(services, token.swapcase())
    assert refresh(services, second.refresh_token).access_token


def test_the_token_of_a_session_that_never_was_is_refused_alike(services: FakeServices) -> None:
    other = fake_services()
    account(other)
    refused(services, sign_in(other).refresh_token)


def test_the_window_is_a_setting(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_retry_seconds=60)
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    adapters.clock.advance(60)
    assert refresh(services, first.refresh_token).refresh_token == second.refresh_token
    adapters.clock.advance(1)
    refused(services, first.refresh_token)
