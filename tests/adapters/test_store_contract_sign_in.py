"""What every store promises of the attempts that a name has."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.limits import WINDOW_SECONDS, SignInLimits
from tests.adapters.conftest import Store
from tests.adapters.records import (
    HASH,
    LIMITS,
    NAME,
    NOW,
    account,
    device_key,
    id_of,
    session,
)
from tests.adapters.records import attempt as attempt_of

UNKNOWN = SignInName.of("nobody@example.com")
NETWORKS = ["192.0.2.1", "198.51.100.1", "203.0.113.1"]


@pytest.fixture(params=[NAME, UNKNOWN], ids=["known", "unknown"])
def name(request: pytest.FixtureRequest, store: Store) -> SignInName:
    """A name that has an account, and one that has none: no attempt tells them apart."""
    store.create(account())
    chosen: SignInName = request.param
    return chosen


def attempt(store: Store, name: SignInName, at: int = NOW, address: str = NETWORKS[0]) -> int:
    """Begin a sign-in that fails; return the seconds to wait, 0 where the password is looked at."""
    try:
        store.begin(name, at, address)
    except TooManyAttempts as error:
        return error.retry_after
    return 0


def sign_in(store: Store, name: SignInName, at: int = NOW, address: str = NETWORKS[0]) -> None:
    """Sign in with the right password."""
    begun = store.begin(name, at, address)
    assert begun.candidate is not None
    key = device_key(f"{at} {address}")
    opening = session(f"{at} {address} {name}", at=at)
    store.sign_ins.open(opening, begun.candidate, begun.charge, device_key=key, rehash=None, limit=20)


def test_a_known_name_gives_the_account_its_hash_and_the_epoch(store: Store) -> None:
    store.create(account())
    store.open(session())
    store.system.advance_epoch(4)
    begun = store.begin()
    assert begun.epoch == 4
    assert begun.candidate is not None
    assert begun.candidate.account == store.known(id_of("ada"))
    assert begun.candidate.password_hash == HASH
    assert begun.candidate.sessions == (session(),)


def test_the_epoch_is_the_later_one_of_table_and_key(store: Store) -> None:
    assert store.sign_ins.begin(attempt_of(epoch=3), LIMITS).epoch == 3
    store.system.advance_epoch(5)
    assert store.sign_ins.begin(attempt_of(epoch=3), LIMITS).epoch == 5


def test_an_unknown_name_has_no_candidate(store: Store) -> None:
    assert store.begin(UNKNOWN).candidate is None


def test_a_disabled_account_is_given_as_it_is(store: Store) -> None:
    store.create(account(disabled=True))
    found = store.begin().candidate
    assert found is not None
    assert found.account.disabled


def test_one_network_has_its_attempts_and_then_waits_until_the_window_ends(
    store: Store, name: SignInName
) -> None:
    waits = [attempt(store, name, NOW + at) for at in range(5)]
    assert waits == [0, 0, 0, WINDOW_SECONDS - 3, WINDOW_SECONDS - 4]
    assert attempt(store, name, NOW + WINDOW_SECONDS - 1) == 1
    assert attempt(store, name, NOW + WINDOW_SECONDS) == 0


def test_all_networks_together_have_theirs(store: Store, name: SignInName) -> None:
    assert [attempt(store, name, NOW, NETWORKS[0]) for _ in range(3)] == [0, 0, 0]
    assert [attempt(store, name, NOW, NETWORKS[1]) for _ in range(3)] == [0, 0, WINDOW_SECONDS]
    assert attempt(store, name, NOW, NETWORKS[2]) == WINDOW_SECONDS


def test_the_window_begins_with_the_first_failure_and_no_calendar_edge_ends_it(
    store: Store, name: SignInName
) -> None:
    edge = (NOW // WINDOW_SECONDS + 1) * WINDOW_SECONDS
    waits = [attempt(store, name, edge + at) for at in (-2, -1, -1, 0, 1)]
    assert waits == [0, 0, 0, WINDOW_SECONDS - 2, WINDOW_SECONDS - 3]


def test_after_the_window_everything_is_as_at_first(store: Store, name: SignInName) -> None:
    for _ in range(4):
        attempt(store, name)
    later = NOW + WINDOW_SECONDS + 5
    assert [attempt(store, name, later, NETWORKS[0]) for _ in range(3)] == [0, 0, 0]
    assert [attempt(store, name, later, NETWORKS[1]) for _ in range(3)] == [0, 0, WINDOW_SECONDS]


def test_an_attempt_that_was_refused_is_not_charged(store: Store, name: SignInName) -> None:
    for _ in range(30):
        attempt(store, name)
    assert [attempt(store, name, NOW, NETWORKS[1]) for _ in range(3)] == [0, 0, WINDOW_SECONDS]


def test_a_clock_that_is_behind_never_makes_a_wait_of_nothing(store: Store, name: SignInName) -> None:
    for _ in range(3):
        attempt(store, name)
    assert attempt(store, name, NOW - 5) == WINDOW_SECONDS + 5


def test_a_right_password_takes_back_its_own_charge_and_nothing_else(store: Store) -> None:
    store.create(account())
    attempt(store, NAME)
    attempt(store, NAME)
    for at in range(10):
        sign_in(store, NAME, NOW + at)
    assert [attempt(store, NAME), attempt(store, NAME)] == [0, WINDOW_SECONDS]


def test_a_charge_can_be_withdrawn_without_a_session(store: Store) -> None:
    store.create(account())
    for _ in range(10):
        store.sign_ins.withdraw(store.begin().charge)
    assert [attempt(store, NAME) for _ in range(4)] == [0, 0, 0, WINDOW_SECONDS]


def test_a_count_back_at_nothing_begins_anew_with_the_next_failure(store: Store) -> None:
    store.create(account())
    sign_in(store, NAME)
    waits = [attempt(store, NAME, NOW + 100) for _ in range(4)]
    assert waits == [0, 0, 0, WINDOW_SECONDS]


def test_a_charge_of_a_past_window_takes_nothing_from_the_next_one(store: Store) -> None:
    store.create(account())
    old = store.begin()
    later = NOW + WINDOW_SECONDS
    for _ in range(3):
        attempt(store, NAME, later)
    store.sign_ins.withdraw(old.charge)
    assert attempt(store, NAME, later) == WINDOW_SECONDS
    assert old.candidate is not None
    late = session("late", at=later)
    store.sign_ins.open(late, old.candidate, old.charge, device_key=device_key(), rehash=None, limit=20)
    assert attempt(store, NAME, later) == WINDOW_SECONDS
    assert store.live(id_of("ada")) == {late.session_id}


def test_the_names_of_an_account_are_counted_apart(store: Store) -> None:
    """Together they would tell that they belong to one person."""
    store.create(account(username="lovelace"))
    other = SignInName.of("lovelace")
    assert [attempt(store, NAME) for _ in range(4)] == [0, 0, 0, WINDOW_SECONDS]
    assert [attempt(store, other) for _ in range(4)] == [0, 0, 0, WINDOW_SECONDS]


def test_a_count_is_the_same_before_and_after_somebody_takes_the_name(store: Store) -> None:
    for at in range(3):
        attempt(store, NAME, NOW + at)
    store.create(account())
    assert attempt(store, NAME, NOW + 3) == WINDOW_SECONDS - 3
    store.accounts.delete(account())
    assert attempt(store, NAME, NOW + 4) == WINDOW_SECONDS - 4


def test_failures_are_counted_for_each_name_separately(store: Store) -> None:
    store.create(account())
    store.create(account("bob"))
    for _ in range(4):
        attempt(store, NAME)
        attempt(store, UNKNOWN)
    assert attempt(store, SignInName.of("bob@example.com")) == 0
    assert attempt(store, SignInName.of("somebody@example.com")) == 0


def test_only_the_log_names_the_account_that_has_to_wait(store: Store) -> None:
    store.create(account())
    for one, user_id in ((NAME, id_of("ada")), (UNKNOWN, None)):
        for _ in range(3):
            attempt(store, one)
        with pytest.raises(TooManyAttempts) as refused:
            store.begin(one)
        assert refused.value.user_id == user_id


def test_a_name_of_a_deleted_account_is_an_unknown_one(store: Store) -> None:
    store.create(account())
    store.accounts.delete(account())
    assert store.begin().candidate is None


@pytest.mark.parametrize(
    "text", ["", " ", "\ud800", "\x00", "a" * 100_000, "#", "NAME#x", "\U0001f600" * 30, "' OR 1=1"]
)
def test_any_text_is_a_name_that_can_be_asked_for(store: Store, text: str) -> None:
    odd = SignInName.of(text)
    assert store.begin(odd).candidate is None
    assert store.accounts.find(odd) is None


def test_look_alike_names_have_failures_of_their_own(store: Store) -> None:
    store.create(account())
    for _ in range(4):
        attempt(store, SignInName.of("\u200bada@example.com"))
    assert attempt(store, NAME) == 0


def test_one_free_attempt_is_one(store: Store) -> None:
    store.create(account())
    strict = SignInLimits(network_failures=50, name_failures=1, device_wait_seconds=900)
    store.begin(limits=strict)
    with pytest.raises(TooManyAttempts) as refused:
        store.begin(at=NOW + 1, limits=strict)
    assert refused.value.retry_after == WINDOW_SECONDS - 1


def test_attempts_change_nothing_of_the_account(store: Store) -> None:
    store.create(account())
    for _ in range(5):
        attempt(store, NAME)
    assert store.known(id_of("ada")) == account()
