"""What an operator does to accounts: look, disable, enable, permit, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.errors import InvalidGrant, InvalidToken, NotFound, Unavailable
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.tokens.scopes import Scope
from tests.changes import ACTOR
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
    operation: Callable[..., object] = getattr(services.administration, what)
    with pytest.raises(NotFound):
        operation(user_id, *([] if what == "account" else [ACTOR]))


def test_disabling_ends_every_session_at_once_and_says_why(services: FakeServices) -> None:
    made = account(services)
    answers = [sign_in(services), sign_in(services)]
    other = account(services, "bob@example.com", "bob")
    others = sign_in(services, "bob")
    assert len(services.administration.disable(made.user_id, ACTOR)) == 2
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
    assert len(services.administration.disable(made.user_id, ACTOR)) == 1
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
    services.administration.disable(made.user_id, ACTOR)
    assert not services.adapters.store.live


def test_disabling_twice_is_no_error(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    assert len(services.administration.disable(made.user_id, ACTOR)) == 1
    assert services.administration.disable(made.user_id, ACTOR) == []


def test_an_enabled_account_signs_in_again(services: FakeServices) -> None:
    made = account(services)
    services.administration.disable(made.user_id, ACTOR)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    services.administration.enable(made.user_id, ACTOR)
    assert sign_in(services).access_token


def test_deleting_ends_the_sessions_and_frees_the_names_for_a_new_id(services: FakeServices) -> None:
    made = account(services)
    answer = sign_in(services)
    services.administration.delete(made.user_id, ACTOR)
    with pytest.raises(InvalidToken):
        claims_of(services, answer)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    assert account(services).user_id != made.user_id


def test_a_deletion_whose_transaction_failed_changes_nothing_and_can_be_repeated(
    services: FakeServices,
) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.store.down = {"delete_account"}
    with pytest.raises(Unavailable):
        services.administration.delete(made.user_id, ACTOR)
    assert services.adapters.store.live
    services.adapters.store.down = set()
    services.administration.delete(made.user_id, ACTOR)
    assert not services.adapters.store.accounts


def test_a_partly_failed_disabling_blocks_sign_ins_and_can_be_repeated(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.store.down = {"end"}
    with pytest.raises(Unavailable):
        services.administration.disable(made.user_id, ACTOR)
    with pytest.raises(InvalidGrant):
        sign_in(services)
    services.adapters.store.down = set()
    assert len(services.administration.disable(made.user_id, ACTOR)) == 1


def test_permissions_are_granted_and_withdrawn(services: FakeServices) -> None:
    made = account(services, permissions=["a", "b"])
    after = services.administration.permit(made.user_id, Scope.of({"c"}), Scope.of({"a", "x"}), ACTOR)
    assert after.permissions == Scope.of({"b", "c"})
    assert services.administration.account(made.user_id) == after


@pytest.mark.parametrize("permission", ["a b", "", 'a"', "\u00e9", "a\n"])
def test_a_malformed_permission_is_refused(services: FakeServices, permission: str) -> None:
    made = account(services)
    with pytest.raises(InvalidAccount):
        services.administration.permit(made.user_id, Scope.of({permission}), NOTHING, ACTOR)


def test_two_who_change_permissions_at_once_both_have_their_way(services: FakeServices) -> None:
    made = account(services, permissions=())
    services.adapters.store.before["administer"] = lambda: services.administration.permit(
        made.user_id, Scope.of({"b"}), NOTHING, ACTOR
    )
    services.administration.permit(made.user_id, Scope.of({"a"}), NOTHING, ACTOR)
    assert services.administration.account(made.user_id).permissions == Scope.of({"a", "b"})


def test_losing_every_race_for_permissions_raises_unavailable_and_changes_nothing(
    services: FakeServices,
) -> None:
    made = account(services, permissions=())
    store, turns = services.adapters.store, iter(range(100))

    def interfere() -> None:
        stored = store.accounts[made.user_id]
        store.accounts[made.user_id] = replace(stored, permissions=Scope.of({f"t{next(turns)}"}))
        store.before["administer"] = interfere

    store.before["administer"] = interfere
    with pytest.raises(Unavailable):
        services.administration.permit(made.user_id, Scope.of({"a"}), NOTHING, ACTOR)
    assert "a" not in services.adapters.store.accounts[made.user_id].permissions.permissions


def test_each_change_is_in_the_audit_trail_with_who_made_it(services: FakeServices) -> None:
    made = account(services, permissions=["a"])
    administration, clock = services.administration, services.adapters.clock
    clock.advance(1)
    administration.permit(made.user_id, Scope.of({"b"}), Scope.of({"a", "x"}), ACTOR)
    for act in (administration.disable, administration.enable, administration.end_sessions):
        clock.advance(1)
        act(made.user_id, "arn:aws:iam::1:user/other")
    clock.advance(1)
    administration.delete(made.user_id, ACTOR)
    kept = administration.changes(made.user_id, 10)
    assert [one.kind for one in kept] == [
        ChangeKind.DELETED,
        ChangeKind.SESSIONS_ENDED,
        ChangeKind.ENABLED,
        ChangeKind.DISABLED,
        ChangeKind.PERMISSIONS,
        ChangeKind.CREATED,
    ]
    assert [one.actor for one in kept] == [ACTOR] + ["arn:aws:iam::1:user/other"] * 3 + [
        ACTOR,
        made.user_id,
    ]
    assert kept[-2].details == {"granted": "b", "withdrawn": "a"}
    assert kept[-1].details == {"granted": "a"}
    assert sorted(services.adapters.audit.changes, key=str) == sorted(kept, key=str), "each is logged too"


def test_what_was_not_changed_is_not_in_the_audit_trail(services: FakeServices) -> None:
    made = account(services, permissions=["a"])
    before = services.administration.changes(made.user_id, 10)
    services.administration.permit(made.user_id, Scope.of({"a"}), Scope.of({"b"}), ACTOR)
    for act in (services.administration.disable, services.administration.delete):
        with pytest.raises(NotFound):
            act("0" * 32, ACTOR)
    services.adapters.store.down = {"administer", "record"}
    for act in (services.administration.disable, services.administration.end_sessions):
        with pytest.raises(Unavailable):
            act(made.user_id, ACTOR)
    services.adapters.store.down = set()
    assert services.administration.changes(made.user_id, 10) == before
    assert services.administration.changes("no id", 10) == []


def test_no_session_ends_without_its_audit_item(services: FakeServices) -> None:
    made = account(services)
    sign_in(services)
    services.adapters.store.down = {"record"}
    with pytest.raises(Unavailable):
        services.administration.end_sessions(made.user_id, ACTOR)
    assert services.adapters.store.live
