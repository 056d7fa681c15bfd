"""What every store promises of accounts and their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store
from tests.adapters.records import EMAIL, NAME, account, id_of, session


def test_an_account_comes_back_as_it_was_given(store: Store) -> None:
    plain = account()
    full = account("bob", username="Bob", disabled=True, password_version=7, permissions=Scope.of(["a", "b"]))
    bare = account("eve", permissions=Scope.of([]))
    for given in (plain, full, bare):
        store.create(given)
        assert store.accounts.account(given.user_id) == given


def test_nobody_is_found_under_an_id_or_a_name_that_is_not_there(store: Store) -> None:
    assert store.accounts.account(id_of("nobody")) is None
    assert store.accounts.find(SignInName.of("nobody@example.com")) is None


def test_an_account_is_found_by_its_address_and_by_its_user_name_in_any_spelling(store: Store) -> None:
    given = account(username="Ada_L")
    store.create(given)
    for name in (EMAIL, "ADA@EXAMPLE.COM", "ada_l", "\uff21da_L"):
        assert store.accounts.find(SignInName.of(name)) == given


def test_one_name_finds_one_account_whichever_kind_of_name_it_is(store: Store) -> None:
    store.create(account(username="lovelace"))
    for taken in (
        account("bob", email="ADA@example.com"),
        account("bob", username="LoveLace"),
        account("bob", username="ADA@EXAMPLE.COM"),
        account("bob", email="lovelace"),
    ):
        with pytest.raises(InvalidAccount):
            store.create(taken)


def test_a_refused_account_leaves_nothing_behind(store: Store) -> None:
    store.create(account())
    with pytest.raises(InvalidAccount):
        store.create(account("bob", username="ada@example.com"))
    assert store.accounts.account(id_of("bob")) is None
    assert store.accounts.find(SignInName.of("bob@example.com")) is None
    store.create(account("bob"))


def test_an_id_is_never_given_twice(store: Store) -> None:
    store.create(account())
    with pytest.raises(InvalidAccount):
        store.create(account(email="other@example.com"))
    assert store.known(id_of("ada")).email == EMAIL


def test_a_user_name_that_folds_to_the_own_address_is_one_name(store: Store) -> None:
    given = account(username="ADA@example.com")
    store.create(given)
    assert store.accounts.find(NAME) == given


def test_a_refusal_says_what_is_taken_and_not_by_whom(store: Store) -> None:
    store.create(account())
    with pytest.raises(InvalidAccount) as refused:
        store.create(account("bob", email=EMAIL))
    assert refused.value.public_description == "The address or user name is already taken."
    assert EMAIL not in str(refused.value)


def test_disabling_and_enabling_change_that_and_nothing_else(store: Store) -> None:
    given = account()
    store.create(given)
    assert store.accounts.set_disabled(given.user_id, disabled=True)
    assert store.known(given.user_id) == replace(given, disabled=True, security_version=2)
    assert store.accounts.set_disabled(given.user_id, disabled=True)
    assert store.accounts.set_disabled(given.user_id, disabled=False)
    assert store.known(given.user_id) == replace(given, security_version=3)


def test_disabling_an_unknown_account_returns_false_and_creates_none(store: Store) -> None:
    assert not store.accounts.set_disabled(id_of("nobody"), disabled=True)
    assert store.accounts.account(id_of("nobody")) is None


def test_permissions_are_replaced_where_they_are_still_those_that_were_read(store: Store) -> None:
    given = account()
    store.create(given)
    wider = Scope.of(["users:write", "users:read"])
    assert store.accounts.set_permissions(given, wider)
    assert store.known(given.user_id) == replace(given, permissions=wider)
    assert not store.accounts.set_permissions(given, Scope.of([]))
    assert store.known(given.user_id).permissions == wider
    assert store.accounts.set_permissions(replace(given, permissions=wider), Scope.of([]))
    assert store.known(given.user_id).permissions == Scope.of([])


def test_permissions_of_an_unknown_account_are_not_replaced(store: Store) -> None:
    assert not store.accounts.set_permissions(account(), Scope.of(["users:write"]))
    assert store.accounts.account(id_of("ada")) is None


def test_a_deleted_account_frees_all_its_names(store: Store) -> None:
    given = account(username="lovelace")
    store.create(given)
    assert store.accounts.delete(given)
    assert store.accounts.account(given.user_id) is None
    store.create(account("bob", email=EMAIL, username="lovelace"))
    assert store.accounts.find(NAME) == store.known(id_of("bob"))


def test_deleting_twice_says_so(store: Store) -> None:
    given = account()
    store.create(given)
    assert store.accounts.delete(given)
    assert not store.accounts.delete(given)


def test_an_account_whose_names_have_changed_is_not_deleted(store: Store) -> None:
    given = account()
    store.create(given)
    assert not store.accounts.delete(replace(given, username="lovelace"))
    assert store.accounts.find(NAME) == given


def test_a_name_that_somebody_else_has_by_now_is_not_deleted(store: Store) -> None:
    given, other = account(), account("bob", username="lovelace")
    store.create(given)
    store.create(other)
    assert not store.accounts.delete(replace(given, username="lovelace"))
    assert store.accounts.find(SignInName.of("lovelace")) == other
    assert store.accounts.find(NAME) == given


def test_deleting_an_account_leaves_its_sessions_to_be_ended(store: Store) -> None:
    given = account()
    store.create(given)
    store.open(session())
    assert store.accounts.delete(given)
    view = store.sessions.session_and_account(given.user_id, session().session_id)
    assert (view.session, view.account) == (session(), None)
