"""The bounds of a refresh: the scope, the life of the session, the account behind it."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidScope
from chalicelib.domain.scopes import Scope
from tests.fakes import FakeHouse, FakeWorld, fake_house
from tests.oauth.actors import PERMISSIONS, account, claims_of, refresh, sign_in


def refused(house: FakeHouse, token: str) -> InvalidGrant:
    with pytest.raises(InvalidGrant) as refusal:
        refresh(house, token)
    assert refusal.value.public_description == InvalidGrant.description
    return refusal.value


def test_a_refresh_may_narrow_the_scope_for_one_token_and_the_next_has_all_again(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    narrowed = refresh(house, first.refresh_token, scope="things:read")
    assert str(narrowed.scope) == str(claims_of(house, narrowed).scope) == "things:read"
    assert refresh(house, narrowed.refresh_token).scope == Scope.of(PERMISSIONS)


def test_a_session_never_carries_more_than_was_granted_at_sign_in(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house, scope="things:read")
    with pytest.raises(InvalidScope):
        refresh(house, first.refresh_token, scope="things:read things:write")
    assert str(refresh(house, first.refresh_token).scope) == "things:read"


def test_a_refresh_carries_the_permissions_of_today(house: FakeHouse) -> None:
    user = account(house)
    everything, one_thing = sign_in(house), sign_in(house, scope="things:read")
    house.administration.permit(user.user_id, Scope.of({"users:read"}), Scope.of({"things:read"}))
    assert str(refresh(house, everything.refresh_token).scope) == "things:write users:read"
    assert str(refresh(house, one_thing.refresh_token).scope) == ""


def test_asking_for_a_permission_that_was_withdrawn_spends_nothing(house: FakeHouse) -> None:
    user = account(house)
    first = sign_in(house, scope="things:read things:write")
    house.administration.permit(user.user_id, Scope(frozenset()), Scope.of({"things:write"}))
    with pytest.raises(InvalidScope):
        refresh(house, first.refresh_token, scope="things:write")
    assert str(refresh(house, first.refresh_token).scope) == "things:read"


def test_an_unused_session_ends_to_the_second(world: FakeWorld) -> None:
    house = fake_house(world, refresh_idle_seconds=100)
    account(house)
    in_time = refresh(house, sign_in(house).refresh_token)
    world.clock.advance(99)
    late = refresh(house, in_time.refresh_token)
    world.clock.advance(100)
    refused(house, late.refresh_token)


def test_a_session_in_use_ends_at_its_absolute_end_to_the_second(world: FakeWorld) -> None:
    house = fake_house(world, refresh_idle_seconds=100, refresh_absolute_seconds=250)
    account(house)
    answer = sign_in(house)
    for seconds in (99, 99, 51):
        world.clock.advance(seconds)
        answer = refresh(house, answer.refresh_token)
    assert answer.expires_in == 1
    world.clock.advance(1)
    refused(house, answer.refresh_token)


def test_an_expired_session_is_no_theft(world: FakeWorld) -> None:
    house = fake_house(world, refresh_idle_seconds=100)
    account(house)
    first = sign_in(house)
    refresh(house, first.refresh_token)
    world.clock.advance(100)
    refused(house, first.refresh_token)
    assert "refresh_token_reuse" not in world.audit.names


def test_a_disabled_user_refreshes_nothing_and_comes_back_only_by_signing_in(house: FakeHouse) -> None:
    user = account(house)
    first = sign_in(house)
    house.administration.disable(user.user_id)
    refused(house, first.refresh_token)
    house.administration.enable(user.user_id)
    refused(house, first.refresh_token)
    assert refresh(house, sign_in(house).refresh_token).access_token


def test_a_user_disabled_in_the_table_alone_refreshes_nothing(house: FakeHouse) -> None:
    user = account(house)
    first = sign_in(house)
    house.world.store.set_disabled(user.user_id, disabled=True)
    assert refused(house, first.refresh_token).reason == "disabled_user"
    house.world.store.set_disabled(user.user_id, disabled=False)
    assert refresh(house, first.refresh_token).access_token


def test_a_deleted_user_refreshes_nothing(house: FakeHouse) -> None:
    user = account(house)
    first = sign_in(house)
    house.administration.delete(user.user_id)
    refused(house, first.refresh_token)


def test_a_session_of_an_epoch_that_a_breach_ended_refreshes_nothing(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    epoch = house.world.keys.breach()
    house.world.store.advance_epoch(epoch, house.world.clock.now)
    refused(house, first.refresh_token)
    assert refresh(house, sign_in(house).refresh_token).access_token
