"""A refresh token that is used again: what counts as theft, and what follows from it."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, OAuthError, Unavailable
from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import account, claims_of, refresh, refused, sign_in

KEY = "0c6f3c1e-9a41-4f7e-8b0e-5d3f0a8f0c11"


@pytest.mark.parametrize("later", [0, 10])
@pytest.mark.parametrize(("first_key", "key"), [(KEY, None), (KEY, KEY + "x"), (None, KEY)])
def test_within_the_window_another_key_than_the_first_is_theft(
    services: FakeServices, first_key: str | None, key: str | None, later: int
) -> None:
    """A thief that presents each predecessor right after its owner did follows nobody unnoticed."""
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token, idempotency_key=first_key)
    services.adapters.clock.advance(later)
    refused(services, first.refresh_token, idempotency_key=key)
    assert services.adapters.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    refused(services, second.refresh_token)


@pytest.mark.parametrize(("first_key", "key"), [(None, None), (None, KEY), (KEY, None), (KEY, KEY + "x")])
def test_after_the_window_a_spent_token_without_its_key_is_theft(
    services: FakeServices, first_key: str | None, key: str | None
) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token, idempotency_key=first_key)
    services.adapters.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(services, first.refresh_token, idempotency_key=key)
    assert services.adapters.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    refused(services, second.refresh_token)
    refused(services, first.refresh_token)


@pytest.mark.parametrize("key", [None, KEY])
def test_once_the_successor_was_used_the_predecessor_is_theft(
    services: FakeServices, key: str | None
) -> None:
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token, idempotency_key=key)
    third = refresh(services, second.refresh_token)
    with pytest.raises(InvalidGrant):
        refresh(services, first.refresh_token, idempotency_key=key)
    assert "refresh_token_reuse" in services.adapters.audit.names
    refused(services, third.refresh_token)


def test_theft_ends_one_session_and_leaves_the_users_others(services: FakeServices) -> None:
    account(services)
    phone, tablet = sign_in(services), sign_in(services)
    stolen = phone.refresh_token
    refresh(services, refresh(services, stolen).refresh_token)
    refused(services, stolen)
    with pytest.raises(OAuthError):
        refresh(services, stolen)
    assert refresh(services, tablet.refresh_token).access_token
    assert claims_of(services, tablet).subject == RefreshToken.parse(tablet.refresh_token).user_id
    assert services.adapters.audit.names.count("refresh_token_reuse") == 1


def test_a_spent_token_in_another_clients_hand_is_theft_all_the_same() -> None:
    services = fake_services(client_ids="web-app")
    account(services)
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    with pytest.raises(InvalidGrant):
        refresh(services, first.refresh_token, client_id="web-app")
    assert "refresh_token_reuse" not in services.adapters.audit.names, "it may be a retry"
    services.adapters.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(services, first.refresh_token, client_id="web-app")
    assert services.adapters.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    refused(services, second.refresh_token)


def test_reuse_is_audited_even_if_the_response_to_its_write_is_lost(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    refresh(services, first.refresh_token)
    services.adapters.clock.advance(11)
    services.adapters.store.mute.add("end")
    with pytest.raises(Unavailable):
        refresh(services, first.refresh_token)
    services.adapters.store.mute.clear()
    refused(services, first.refresh_token)
    assert services.adapters.audit.names.count("refresh_token_reuse") == 1
