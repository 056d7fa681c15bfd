"""What every store promises of the attempts that a name has."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.names import SignInName
from chalicelib.domain.ports import AttemptPolicy
from tests.adapters.conftest import Store
from tests.adapters.records import NAME, NOW, POLICY, account, id_of, session

UNKNOWN = SignInName.of("nobody@example.com")


@pytest.fixture(params=[NAME, UNKNOWN], ids=["known", "unknown"])
def name(request: pytest.FixtureRequest, store: Store) -> SignInName:
    """A name that has an account, and one that has none: no attempt tells them apart."""
    store.accounts.create(account())
    chosen: SignInName = request.param
    return chosen


def attempt(store: Store, name: SignInName, at: int = NOW) -> int:
    """Begin a sign-in; return the seconds to wait, 0 where the password is looked at."""
    try:
        store.accounts.begin_sign_in(name, at, POLICY)
    except TooManyAttempts as error:
        return error.retry_after
    return 0


def test_a_known_name_gives_the_account_and_the_epoch(store: Store) -> None:
    store.accounts.create(account())
    store.sessions.advance_epoch(4, NOW)
    candidate = store.accounts.begin_sign_in(NAME, NOW, POLICY)
    assert (candidate.account, candidate.epoch) == (account(), 4)


def test_an_unknown_name_gives_no_account(store: Store) -> None:
    assert store.accounts.begin_sign_in(UNKNOWN, NOW, POLICY).account is None


def test_a_disabled_account_is_given_as_it_is(store: Store) -> None:
    store.accounts.create(account(disabled=True))
    found = store.accounts.begin_sign_in(NAME, NOW, POLICY).account
    assert found is not None
    assert found.disabled


def test_the_free_attempts_are_free_and_the_next_one_waits(store: Store, name: SignInName) -> None:
    assert [attempt(store, name) for _ in range(5)] == [0, 0, 0, 60, 60]


def test_the_wait_runs_from_the_last_attempt_that_was_looked_at(store: Store, name: SignInName) -> None:
    assert [attempt(store, name, NOW + at) for at in (0, 10, 20)] == [0, 0, 0]
    assert [attempt(store, name, NOW + at) for at in (21, 50, 79)] == [59, 30, 1]
    assert attempt(store, name, NOW + 80) == 0


def test_after_the_wait_one_attempt_is_looked_at_and_then_the_wait_is_as_long(
    store: Store, name: SignInName
) -> None:
    for _ in range(3):
        attempt(store, name)
    assert attempt(store, name, NOW + 60) == 0
    assert attempt(store, name, NOW + 60) == 60
    assert attempt(store, name, NOW + 120) == 0


def test_an_attempt_that_was_refused_does_not_prolong_the_wait(store: Store, name: SignInName) -> None:
    for _ in range(3):
        attempt(store, name)
    assert [attempt(store, name, NOW + at) for at in range(1, 60)] == list(range(59, 0, -1))
    assert attempt(store, name, NOW + 60) == 0


def test_a_clock_that_is_behind_never_makes_a_wait_of_nothing(store: Store, name: SignInName) -> None:
    for _ in range(3):
        attempt(store, name)
    assert attempt(store, name, NOW - 5) == 65


def test_the_first_success_forgives_all_failures(store: Store) -> None:
    store.accounts.create(account())
    assert [attempt(store, NAME) for _ in range(3)] == [0, 0, 0]
    store.open(session())
    assert [attempt(store, NAME) for _ in range(4)] == [0, 0, 0, 60]


def test_a_success_by_one_name_forgives_that_name_only(store: Store) -> None:
    store.accounts.create(account(username="lovelace"))
    other = SignInName.of("lovelace")
    for _ in range(3):
        attempt(store, NAME)
        attempt(store, other)
    store.open(session())
    assert (attempt(store, NAME), attempt(store, other)) == (0, 60)


def test_failures_of_one_name_are_nobody_elses(store: Store) -> None:
    store.accounts.create(account())
    store.accounts.create(account("bob"))
    for _ in range(4):
        attempt(store, NAME)
        attempt(store, UNKNOWN)
    assert attempt(store, SignInName.of("bob@example.com")) == 0
    assert attempt(store, SignInName.of("somebody@example.com")) == 0


def test_whoever_takes_a_name_does_not_inherit_the_failures_of_guesses_before(store: Store) -> None:
    for _ in range(4):
        attempt(store, NAME)
    store.accounts.create(account())
    assert attempt(store, NAME) == 0


def test_a_name_of_a_deleted_account_is_an_unknown_one(store: Store) -> None:
    store.accounts.create(account())
    store.accounts.delete(account())
    assert store.accounts.begin_sign_in(NAME, NOW, POLICY).account is None


@pytest.mark.parametrize(
    "text", ["", " ", "\ud800", "\x00", "a" * 100_000, "#", "NAME#x", "\U0001f600" * 30, "' OR 1=1"]
)
def test_any_text_is_a_name_that_can_be_asked_for(store: Store, text: str) -> None:
    odd = SignInName.of(text)
    assert store.accounts.begin_sign_in(odd, NOW, POLICY).account is None
    assert store.accounts.find(odd) is None


def test_look_alike_names_have_failures_of_their_own(store: Store) -> None:
    store.accounts.create(account())
    for _ in range(4):
        attempt(store, SignInName.of("\u200bada@example.com"))
    assert attempt(store, NAME) == 0


def test_one_free_attempt_is_one(store: Store) -> None:
    store.accounts.create(account())
    strict = AttemptPolicy(free_failures=1, wait_seconds=900)
    store.accounts.begin_sign_in(NAME, NOW, strict)
    with pytest.raises(TooManyAttempts) as refused:
        store.accounts.begin_sign_in(NAME, NOW + 1, strict)
    assert refused.value.retry_after == 899


def test_a_refused_attempt_changes_nothing_of_the_account(store: Store) -> None:
    store.accounts.create(account())
    for _ in range(5):
        attempt(store, NAME)
    assert store.known(id_of("ada")) == account()
