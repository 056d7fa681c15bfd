"""What every store promises where many sign in at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.attempts import BegunSignIn, OpenedSession
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES, DeviceKey
from chalicelib.domain.sign_in.limits import DEVICE_FAILURES, WINDOW_SECONDS, SignInLimits
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import EMAIL, NAME, NOW, account, device_key, id_of, session

ADA = id_of("ada")
WIDE = SignInLimits(network_failures=50, name_failures=50, device_wait_seconds=60)


def left(store: Store, name: SignInName = NAME, *, of: int) -> int:
    """Return how many of so many attempts a name has left."""
    limits = SignInLimits(network_failures=of, name_failures=of, device_wait_seconds=60)
    for taken in range(of + 1):
        try:
            store.begin(name, limits=limits)
        except TooManyAttempts:
            return taken
    return of


def finish(store: Store, begun: BegunSignIn, label: str, at: int = NOW, limit: int = 20) -> OpenedSession:
    """End a sign-in well."""
    assert begun.candidate is not None
    return store.sign_ins.open(
        session(label, at=at),
        begun.candidate,
        begun.charge,
        device_key=device_key(label),
        rehash=None,
        limit=limit,
    )


def sign_in(store: Store, label: str, at: int = NOW, limit: int = 20) -> OpenedSession:
    """Sign in with the right password."""
    return finish(store, store.begin(at=at, limits=WIDE), label, at, limit)


def looked_at(outcomes: list[BegunSignIn | Exception]) -> int:
    assert all(isinstance(one, BegunSignIn | TooManyAttempts) for one in outcomes)
    return sum(isinstance(one, BegunSignIn) for one in outcomes)


@pytest.mark.parametrize("name", [EMAIL, "nobody@example.com"])
@pytest.mark.parametrize(("from_one", "in_all"), [(5, 50), (50, 5)])
def test_no_more_guesses_are_looked_at_than_the_limits_allow(
    raced_store: Store, name: str, from_one: int, in_all: int
) -> None:
    raced_store.create(account())
    limits = SignInLimits(network_failures=from_one, name_failures=in_all, device_wait_seconds=60)
    ask = partial(raced_store.begin, SignInName.of(name), limits=limits)
    outcomes = at_once([ask] * 20)
    assert looked_at(outcomes) == 5
    waits = {one.retry_after for one in outcomes if isinstance(one, TooManyAttempts)}
    assert waits == {WINDOW_SECONDS}


def test_of_many_first_failures_each_is_counted(raced_store: Store) -> None:
    outcomes = at_once(
        partial(raced_store.begin, address=f"192.0.{number}.1", limits=WIDE) for number in range(12)
    )
    assert looked_at(outcomes) == 12
    assert left(raced_store, of=20) == 8


def test_many_first_failures_of_a_new_window_are_counted_once_each(raced_store: Store) -> None:
    for _ in range(9):
        raced_store.begin(at=NOW - WINDOW_SECONDS, limits=WIDE)
    assert looked_at(at_once([partial(raced_store.begin, limits=WIDE)] * 12)) == 12
    assert left(raced_store, of=20) == 8


def test_right_passwords_in_a_race_take_back_what_they_were_charged_and_no_more(raced_store: Store) -> None:
    raced_store.create(account())
    good = [partial(sign_in, raced_store, f"{number}") for number in range(8)]
    bad = [partial(raced_store.begin, limits=WIDE)] * 5
    jobs: list[Callable[[], object]] = [*good[:4], *bad, *good[4:]]
    assert [repr(one) for one in at_once(jobs) if isinstance(one, Exception)] == []
    assert left(raced_store, of=20) == 15


def test_no_more_guesses_of_a_device_are_looked_at_than_it_has(raced_store: Store) -> None:
    raced_store.create(account())
    sign_in(raced_store, "phone")
    outcomes = at_once([partial(raced_store.begin, at=NOW + 1, device=device_key("phone"))] * 20)
    assert looked_at(outcomes) == DEVICE_FAILURES
    assert left(raced_store, of=5) == 5


@pytest.mark.parametrize(("limit", "racers"), [(10, 8), (8, 8), (8, 12)])
def test_sign_ins_that_race_at_the_limit_end_the_oldest_sessions(
    raced_store: Store, limit: int, racers: int
) -> None:
    raced_store.create(account())
    for number in range(limit):
        raced_store.open(session(f"old {number}", at=NOW - 100 + number))
    jobs = (partial(sign_in, raced_store, f"new {number}", limit=limit) for number in range(racers))
    assert not [one for one in at_once(jobs) if isinstance(one, Exception)]
    live = raced_store.live(ADA)
    assert len(live) == limit
    kept = {id_of(f"old {number}") for number in range(racers, limit)}
    assert live - {id_of(f"new {number}") for number in range(racers)} == kept


def test_a_session_of_the_same_race_ends_only_where_no_older_one_is_left(raced_store: Store) -> None:
    """All of one second, so that nothing but who was there first tells them apart."""
    raced_store.create(account())
    for number in range(6):
        sign_in(raced_store, f"old {number}", limit=6)
    begun = [raced_store.begin(limits=WIDE) for _ in range(8)]
    outcomes = at_once(
        partial(finish, raced_store, one, f"new {number}", limit=6) for number, one in enumerate(begun)
    )
    assert not [one for one in outcomes if isinstance(one, Exception)]
    live = raced_store.live(ADA)
    assert len(live) == 6
    assert live < {id_of(f"new {number}") for number in range(8)}


def test_the_limit_of_devices_holds_in_a_race_and_the_longest_unused_are_forgotten(
    raced_store: Store,
) -> None:
    raced_store.create(account())
    for number in range(MAX_DEVICES):
        sign_in(raced_store, f"old {number}", NOW - 100 + number)
    outcomes = at_once(partial(sign_in, raced_store, f"new {number}") for number in range(5))
    assert not [one for one in outcomes if isinstance(one, Exception)]
    candidate = raced_store.candidate()
    expected = [f"old {number}" for number in range(5, MAX_DEVICES)]
    expected += [f"new {number}" for number in range(5)]
    assert {one.digest for one in candidate.devices} == {device_key(one).digest() for one in expected}
    assert candidate.account.device_count == MAX_DEVICES


def test_a_known_device_goes_on_while_others_use_up_the_name(raced_store: Store) -> None:
    raced_store.create(account())
    sign_in(raced_store, "phone")
    limits = SignInLimits(network_failures=5, name_failures=5, device_wait_seconds=60)
    attack = [partial(raced_store.begin, limits=limits)] * 12

    def owner(key: DeviceKey = device_key("phone")) -> OpenedSession:  # noqa: B008 - a constant
        return finish(raced_store, raced_store.begin(device=key, limits=limits), "again")

    jobs: list[Callable[[], object]] = [*attack[:6], owner, *attack[6:]]
    (opened,) = (one for one in at_once(jobs) if isinstance(one, OpenedSession))
    assert opened.device_is_known
