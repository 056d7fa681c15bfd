"""What an operator does to accounts: look, disable, enable, permit, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidAccount, InvalidGrant, InvalidToken, NotFound, Unavailable
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.tokens.scopes import Scope
from tests.fakes import FakeServices
from tests.oauth.actors import account, claims_of, refresh, sign_in

NOBODY = "00" * 16
NOTHING = Scope(frozenset())


def test_an_account_is_found_by_its_id(services: FakeServices) -> None:
    made = account(services)
    assert services.administration.account(made.user_id) == made


@pytest.mark.parametrize("user_id", [NOBODY, "", "../x", "\x00", "x" * 3000, "alice@example.com"])
@pytest.mark.parametrize("what", ["account", "disable", "enable", "delete"])
def test_an_unknown_id_is_not_found(services: FakeServices, what: str, user_id: str) -> None:
    account(services)
    operation: Callable[[str], object] = getattr(services.administration, what)
    with pytest.raises(NotFound):
        operation(user_id)


def test_disabling_ends_every_session_at_once_and_says_why(services: FakeServices) -> None:
    made = account(services)
    answers = [sign_in(services), sign_in(services)]
    other = account(services, "bob@example.com", "bob")
    others = sign_in(services, "bob")
    assert len(services.administration.disable(made.user_id)) == 2
    for answer in answers:
        with pytest.raises(InvalidToken):
            claims_of(services, answer)
        with pytest.raises(InvalidGrant):
            refresh(services, answer.refresh_token)
    assert {one.reason for one in services.adapters.store.past.values()} == {EndReason.DISABLED}
    assert services.adapters.audit.names.count("session_ended") == 2
    assert claims_of(services, others).subject == other.user_id


def test_sessions_can_be_ended_while_the_key_cannot_be_read(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.keys.down = {"current"}
    assert len(services.administration.disable(made.user_id)) == 1
    assert not services.adapters.store.live


def test_a_session_that_only_the_keys_epoch_has_ended_is_not_ended_again(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.keys.breach()
    assert services.administration.epoch(made.user_id) == 1
    assert services.administration.end_sessions(made.user_id, EndReason.ADMINISTRATOR) == []


def test_no_session_opens_between_disabling_and_ending(services: FakeServices) -> None:
    made = account(services)

    def slip_in() -> None:
        with pytest.raises(InvalidGrant):
            sign_in(services)

    services.adapters.store.before["active"] = slip_in
    services.administration.disable(made.user_id)
    assert not services.adapters.store.live


def test_disabling_twice_is_no_error(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    assert len(services.administration.disable(made.user_id)) == 1
    assert services.administration.disable(made.user_id) == []


def test_an_enabled_account_signs_in_again(services: FakeServices) -> None:
    made = account(services)
    services.administration.disable(made.user_id)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    services.administration.enable(made.user_id)
    assert sign_in(services).access_token


def test_deleting_ends_the_sessions_and_frees_the_names_for_a_new_id(services: FakeServices) -> None:
    made = account(services)
    answer = sign_in(services)
    services.administration.delete(made.user_id)
    with pytest.raises(InvalidToken):
        claims_of(services, answer)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    assert account(services).user_id != made.user_id


def test_a_deletion_whose_last_write_failed_leaves_nobody_signed_in_and_can_be_repeated(
    services: FakeServices,
) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.store.down = {"delete"}
    with pytest.raises(Unavailable):
        services.administration.delete(made.user_id)
    assert not services.adapters.store.live
    services.adapters.store.down = set()
    services.administration.delete(made.user_id)
    assert not services.adapters.store.accounts


def test_a_disabling_that_failed_half_way_lets_nobody_in_and_can_be_repeated(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.store.down = {"end"}
    with pytest.raises(Unavailable):
        services.administration.disable(made.user_id)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    services.adapters.store.down = set()
    assert len(services.administration.disable(made.user_id)) == 1


def test_permissions_are_granted_and_withdrawn(services: FakeServices) -> None:
    made = account(services, permissions=["a", "b"])
    after = services.administration.permit(made.user_id, Scope.of({"c"}), Scope.of({"a", "x"}))
    assert after.permissions == Scope.of({"b", "c"})
    assert services.administration.account(made.user_id) == after


@pytest.mark.parametrize("permission", ["a b", "", 'a"', "\u00e9", "a\n"])
def test_a_malformed_permission_is_refused(services: FakeServices, permission: str) -> None:
    made = account(services)
    with pytest.raises(InvalidAccount):
        services.administration.permit(made.user_id, Scope.of({permission}), NOTHING)


def test_two_who_change_permissions_at_once_both_have_their_way(services: FakeServices) -> None:
    made = account(services, permissions=())
    services.adapters.store.before["set_permissions"] = lambda: services.administration.permit(
        made.user_id, Scope.of({"b"}), NOTHING
    )
    services.administration.permit(made.user_id, Scope.of({"a"}), NOTHING)
    assert services.administration.account(made.user_id).permissions == Scope.of({"a", "b"})


def test_who_loses_every_race_for_permissions_is_told_of_an_outage_and_changes_nothing(
    services: FakeServices,
) -> None:
    made = account(services, permissions=())
    store, turns = services.adapters.store, iter(range(100))

    def interfere() -> None:
        stored = store.accounts[made.user_id]
        store.accounts[made.user_id] = replace(stored, permissions=Scope.of({f"t{next(turns)}"}))
        store.before["set_permissions"] = interfere

    store.before["set_permissions"] = interfere
    with pytest.raises(Unavailable):
        services.administration.permit(made.user_id, Scope.of({"a"}), NOTHING)
    assert "a" not in services.adapters.store.accounts[made.user_id].permissions.permissions
