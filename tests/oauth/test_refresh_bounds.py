"""The bounds of a refresh: the scope, the life of the session, the account behind it."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidScope
from chalicelib.domain.tokens.scopes import Scope
from tests.changes import ACTOR, set_disabled
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import PERMISSIONS, account, claims_of, refresh, sign_in


def refused(services: FakeServices, token: str) -> InvalidGrant:
    with pytest.raises(InvalidGrant) as refusal:
        refresh(services, token)
    assert refusal.value.public_description == InvalidGrant.description
    return refusal.value


def test_a_refresh_may_narrow_the_scope_for_one_token_and_the_next_has_all_again(
    services: FakeServices,
) -> None:
    account(services)
    first = sign_in(services)
    resolve_scope = refresh(services, first.refresh_token, scope="things:read")
    assert str(resolve_scope.scope) == str(claims_of(services, resolve_scope).scope) == "things:read"
    assert refresh(services, resolve_scope.refresh_token).scope == Scope.of(PERMISSIONS)


def test_a_session_never_carries_more_than_was_granted_at_sign_in(services: FakeServices) -> None:
    account(services)
    first = sign_in(services, scope="things:read")
    with pytest.raises(InvalidScope):
        refresh(services, first.refresh_token, scope="things:read things:write")
    assert str(refresh(services, first.refresh_token).scope) == "things:read"


def test_a_refresh_carries_the_permissions_of_today(services: FakeServices) -> None:
    user = account(services)
    everything, one_thing = sign_in(services), sign_in(services, scope="things:read")
    services.administration.permit(user.user_id, Scope.of({"users:read"}), Scope.of({"things:read"}), ACTOR)
    assert str(refresh(services, everything.refresh_token).scope) == "things:write users:read"
    assert str(refresh(services, one_thing.refresh_token).scope) == ""


def test_asking_for_a_permission_that_was_withdrawn_spends_nothing(services: FakeServices) -> None:
    user = account(services)
    first = sign_in(services, scope="things:read things:write")
    services.administration.permit(user.user_id, Scope(frozenset()), Scope.of({"things:write"}), ACTOR)
    with pytest.raises(InvalidScope):
        refresh(services, first.refresh_token, scope="things:write")
    assert str(refresh(services, first.refresh_token).scope) == "things:read"


def test_an_unused_session_ends_to_the_second(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_idle_seconds=100)
    account(services)
    in_time = refresh(services, sign_in(services).refresh_token)
    adapters.clock.advance(99)
    late = refresh(services, in_time.refresh_token)
    adapters.clock.advance(100)
    refused(services, late.refresh_token)


def test_a_session_in_use_ends_at_its_absolute_end_to_the_second(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_idle_seconds=100, refresh_absolute_seconds=250)
    account(services)
    answer = sign_in(services)
    for seconds in (99, 99, 51):
        adapters.clock.advance(seconds)
        answer = refresh(services, answer.refresh_token)
    assert answer.expires_in == 1
    adapters.clock.advance(1)
    refused(services, answer.refresh_token)


def test_an_expired_session_is_no_theft(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_idle_seconds=100)
    account(services)
    first = sign_in(services)
    refresh(services, first.refresh_token)
    adapters.clock.advance(100)
    refused(services, first.refresh_token)
    assert "refresh_token_reuse" not in adapters.audit.names


def test_a_disabled_user_refreshes_nothing_and_comes_back_only_by_signing_in(services: FakeServices) -> None:
    user = account(services)
    first = sign_in(services)
    services.administration.disable(user.user_id, ACTOR)
    refused(services, first.refresh_token)
    services.administration.enable(user.user_id, ACTOR)
    refused(services, first.refresh_token)
    assert refresh(services, sign_in(services).refresh_token).access_token


def test_a_user_disabled_in_the_table_alone_refreshes_nothing(services: FakeServices) -> None:
    user = account(services)
    first = sign_in(services)
    set_disabled(services.adapters.store, user.user_id, disabled=True)
    assert refused(services, first.refresh_token).reason == "disabled_user"
    set_disabled(services.adapters.store, user.user_id, disabled=False)
    assert refresh(services, first.refresh_token).access_token


def test_a_deleted_user_refreshes_nothing(services: FakeServices) -> None:
    user = account(services)
    first = sign_in(services)
    services.administration.delete(user.user_id, ACTOR)
    refused(services, first.refresh_token)


def test_a_session_of_an_epoch_that_a_breach_ended_refreshes_nothing(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    epoch = services.adapters.keys.breach()
    services.adapters.store.advance_epoch(epoch)
    refused(services, first.refresh_token)
    assert refresh(services, sign_in(services).refresh_token).access_token
