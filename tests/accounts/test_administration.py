"""What an operator does to accounts: look, disable, enable, permit, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidAccount, InvalidGrant, InvalidToken, NotFound, Unavailable
from chalicelib.domain.scopes import Scope
from chalicelib.domain.sessions import EndReason
from tests.fakes import FakeHouse
from tests.oauth.actors import account, claims_of, refresh, sign_in

NOBODY = "00" * 16
NOTHING = Scope(frozenset())


def test_an_account_is_found_by_its_id(house: FakeHouse) -> None:
    made = account(house)
    assert house.administration.account(made.user_id) == made


@pytest.mark.parametrize("user_id", [NOBODY, "", "../x", "\x00", "x" * 3000, "alice@example.com"])
@pytest.mark.parametrize("what", ["account", "disable", "enable", "delete"])
def test_an_unknown_id_is_not_found(house: FakeHouse, what: str, user_id: str) -> None:
    account(house)
    operation: Callable[[str], object] = getattr(house.administration, what)
    with pytest.raises(NotFound):
        operation(user_id)


def test_disabling_ends_every_session_at_once_and_says_why(house: FakeHouse) -> None:
    made = account(house)
    answers = [sign_in(house), sign_in(house)]
    other = account(house, "bob@example.com", "bob")
    others = sign_in(house, "bob")
    assert len(house.administration.disable(made.user_id)) == 2
    for answer in answers:
        with pytest.raises(InvalidToken):
            claims_of(house, answer)
        with pytest.raises(InvalidGrant):
            refresh(house, answer.refresh_token)
    assert {one.reason for one in house.world.store.past.values()} == {EndReason.DISABLED}
    assert house.world.audit.names.count("session_ended") == 2
    assert claims_of(house, others).subject == other.user_id


def test_no_session_opens_between_disabling_and_ending(house: FakeHouse) -> None:
    made = account(house)

    def slip_in() -> None:
        with pytest.raises(InvalidGrant):
            sign_in(house)

    house.world.store.before["active"] = slip_in
    house.administration.disable(made.user_id)
    assert not house.world.store.live


def test_disabling_twice_is_no_error(house: FakeHouse) -> None:
    made = account(house)
    sign_in(house)
    assert len(house.administration.disable(made.user_id)) == 1
    assert house.administration.disable(made.user_id) == []


def test_an_enabled_account_signs_in_again(house: FakeHouse) -> None:
    made = account(house)
    house.administration.disable(made.user_id)
    with pytest.raises(InvalidGrant):
        sign_in(house)
    house.administration.enable(made.user_id)
    assert sign_in(house).access_token


def test_deleting_ends_the_sessions_and_frees_the_names_for_a_new_id(house: FakeHouse) -> None:
    made = account(house)
    answer = sign_in(house)
    house.administration.delete(made.user_id)
    with pytest.raises(InvalidToken):
        claims_of(house, answer)
    with pytest.raises(InvalidGrant):
        sign_in(house)
    assert account(house).user_id != made.user_id


def test_a_deletion_whose_last_write_failed_leaves_nobody_signed_in_and_can_be_repeated(
    house: FakeHouse,
) -> None:
    made = account(house)
    sign_in(house)
    house.world.store.down = {"delete"}
    with pytest.raises(Unavailable):
        house.administration.delete(made.user_id)
    assert not house.world.store.live
    house.world.store.down = set()
    house.administration.delete(made.user_id)
    assert not house.world.store.accounts


def test_a_disabling_that_failed_half_way_lets_nobody_in_and_can_be_repeated(house: FakeHouse) -> None:
    made = account(house)
    sign_in(house)
    house.world.store.down = {"end"}
    with pytest.raises(Unavailable):
        house.administration.disable(made.user_id)
    with pytest.raises(InvalidGrant):
        sign_in(house)
    house.world.store.down = set()
    assert len(house.administration.disable(made.user_id)) == 1


def test_permissions_are_granted_and_withdrawn(house: FakeHouse) -> None:
    made = account(house, permissions=["a", "b"])
    after = house.administration.permit(made.user_id, Scope.of({"c"}), Scope.of({"a", "x"}))
    assert after.permissions == Scope.of({"b", "c"})
    assert house.administration.account(made.user_id) == after


@pytest.mark.parametrize("permission", ["a b", "", 'a"', "\u00e9", "a\n"])
def test_a_malformed_permission_is_refused(house: FakeHouse, permission: str) -> None:
    made = account(house)
    with pytest.raises(InvalidAccount):
        house.administration.permit(made.user_id, Scope.of({permission}), NOTHING)


def test_two_who_change_permissions_at_once_both_have_their_way(house: FakeHouse) -> None:
    made = account(house, permissions=())
    house.world.store.before["set_permissions"] = lambda: house.administration.permit(
        made.user_id, Scope.of({"b"}), NOTHING
    )
    house.administration.permit(made.user_id, Scope.of({"a"}), NOTHING)
    assert house.administration.account(made.user_id).permissions == Scope.of({"a", "b"})


def test_who_loses_every_race_for_permissions_is_told_of_an_outage_and_changes_nothing(
    house: FakeHouse,
) -> None:
    made = account(house, permissions=())
    store, turns = house.world.store, iter(range(100))

    def interfere() -> None:
        stored = store.accounts[made.user_id]
        store.accounts[made.user_id] = replace(stored, permissions=Scope.of({f"t{next(turns)}"}))
        store.before["set_permissions"] = interfere

    store.before["set_permissions"] = interfere
    with pytest.raises(Unavailable):
        house.administration.permit(made.user_id, Scope.of({"a"}), NOTHING)
    assert "a" not in house.world.store.accounts[made.user_id].permissions.permissions
