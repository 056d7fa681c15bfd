"""What every store promises of the attempts that a name has."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.attempts import WINDOW_SECONDS, AttemptPolicy, window_end
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
    store.system.advance_epoch(4)
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


def test_both_names_of_an_account_use_up_the_same_attempts(store: Store) -> None:
    store.accounts.create(account(username="lovelace"))
    other = SignInName.of("lovelace")
    assert [attempt(store, one) for one in (NAME, other, NAME, other, NAME)] == [0, 0, 0, 60, 60]
    store.open(session())
    assert (attempt(store, NAME), attempt(store, other)) == (0, 0)


def test_a_right_password_is_no_failure_even_if_nothing_is_opened(store: Store) -> None:
    store.accounts.create(account())
    for _ in range(3):
        attempt(store, NAME)
    store.accounts.reset_failures(id_of("ada"), NOW)
    assert [attempt(store, NAME) for _ in range(4)] == [0, 0, 0, 60]
    assert store.known(id_of("ada")) == account()


def test_nobody_is_forgiven_into_being(store: Store) -> None:
    store.accounts.reset_failures(id_of("nobody"), NOW)
    assert store.accounts.account(id_of("nobody")) is None


@pytest.mark.parametrize("ago", [1, 2, 3, 4, 5, 6, 60])
def test_failures_of_an_older_window_count_no_more_whoever_had_them(
    store: Store, name: SignInName, ago: int
) -> None:
    """Also where what expires was not swept, or was: waiting tells nobody which names exist."""
    start = window_end(NOW) - 5
    assert [attempt(store, name, start + at) for at in (0, 1, 2, 3)] == [0, 0, 0, 59]
    later = start + ago * WINDOW_SECONDS
    assert [attempt(store, name, later + at) for at in (0, 1, 2, 3)] == [0, 0, 0, 59]


def test_at_the_turn_of_a_window_the_count_begins_anew_for_every_name(store: Store, name: SignInName) -> None:
    last = window_end(NOW) - 1
    assert [attempt(store, name, last) for _ in range(4)] == [0, 0, 0, 60]
    assert [attempt(store, name, last + 1) for _ in range(4)] == [0, 0, 0, 60]


def test_who_waits_is_told_to_the_log_and_to_nobody_else(store: Store) -> None:
    store.accounts.create(account())
    for one, user_id in ((NAME, id_of("ada")), (UNKNOWN, None)):
        for _ in range(3):
            attempt(store, one)
        with pytest.raises(TooManyAttempts) as refused:
            store.accounts.begin_sign_in(one, NOW, POLICY)
        assert refused.value.user_id == user_id


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
