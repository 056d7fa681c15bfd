"""The fake store against the table, over random histories: what one answers, the other does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import InvalidAccount, TooManyAttempts
from chalicelib.domain.ports import AccountChanged
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import ChangedByTests, Store
from tests.adapters.records import NOW, POLICY, account, id_of, rotated, session
from tests.fake_aws import aws_in_process
from tests.fakes import FakeClock, FakeStore

USERS = ["ada", "bob"]
NAMES = ["Ada@example.com", "bob@example.com", "lovelace", "nobody@example.com"]
DEVICES = ["a", "b", "c", "d"]
LIMIT = 2

Action = Callable[[Store, int], Any]


def create(user: str, username: str | None) -> Action:
    return lambda store, now: store.accounts.create(account(user, username=username))


def begin(name: str) -> Action:
    return lambda store, now: store.accounts.begin_sign_in(SignInName.of(name), now, POLICY).account


def open_session(user: str, device: str, stale: int, *, rehash: bool) -> Action:
    def act(store: Store, now: int) -> Any:
        known = store.accounts.account(id_of(user)) or account(user)
        seen = replace(known, password_version=known.password_version - stale)
        given = session(f"{user} {device} {now}", user, at=now)
        better = PasswordHash(f"$2b$05${now}") if rehash else None
        return store.sessions.open(given, seen, better, LIMIT)

    return act


def reset_failures(user: str) -> Action:
    return lambda store, now: store.accounts.reset_failures(id_of(user), now)


def rotate(user: str, device: str, *, stale: bool) -> Action:
    def act(store: Store, now: int) -> Any:
        live = store.sessions.stored(id_of(user))
        before = live[ord(device) % len(live)] if live else session(f"{user} {device}", user)
        after = rotated(before, f"{now}", at=now)
        first = store.sessions.rotate(before, after)
        return first, store.sessions.rotate(before, rotated(before, "late", at=now)) if stale else None

    return act


def end(user: str, count: int) -> Action:
    def act(store: Store, now: int) -> Any:
        live = store.sessions.stored(id_of(user))[:count]
        return store.sessions.end([*live, *live], EndReason.SIGNED_OUT, now)

    return act


def permit(user: str, permission: str) -> Action:
    return lambda store, now: store.accounts.set_permissions(account(user), Scope.of([permission]))


def disable(user: str, *, disabled: bool) -> Action:
    return lambda store, now: store.accounts.set_disabled(id_of(user), disabled=disabled)


def delete(user: str, username: str | None) -> Action:
    return lambda store, now: store.accounts.delete(account(user, username=username))


def advance(epoch: int) -> Action:
    return lambda store, now: store.system.advance_epoch(epoch)


user, device, flag = st.sampled_from(USERS), st.sampled_from(DEVICES), st.booleans()
own_name = st.sampled_from([None, "lovelace"])
ACTIONS = st.one_of(
    st.builds(create, user, own_name),
    st.builds(begin, st.sampled_from(NAMES)),
    st.builds(open_session, user, device, st.sampled_from([0, 0, 0, 1]), rehash=flag),
    st.builds(reset_failures, user),
    st.builds(rotate, user, device, stale=flag),
    st.builds(end, user, st.integers(0, 3)),
    st.builds(permit, user, st.sampled_from(["users:read", "users:write"])),
    st.builds(disable, user, disabled=flag),
    st.builds(delete, user, own_name),
    st.builds(advance, st.integers(1, 3)),
)
HISTORIES = st.lists(st.tuples(ACTIONS, st.integers(0, 40)), min_size=5, max_size=25)


def outcome(action: Action, store: Store, now: int) -> Any:
    try:
        return action(store, now)
    except (InvalidAccount, AccountChanged, TooManyAttempts) as error:
        return type(error), getattr(error, "retry_after", None)


def everything(store: Store) -> Any:
    """Return all that can be seen of a store from outside."""
    return (
        [store.accounts.account(id_of(one)) for one in USERS],
        [store.accounts.find(SignInName.of(name)) for name in NAMES],
        [store.sessions.stored(id_of(one)) for one in USERS],
        [store.ended(id_of(one)) for one in USERS],
        store.system.state(),
        [store.system.epoch(id_of(one)) for one in USERS],
        sorted(one.session_id for one in store.sessions.all_stored()),
    )


@settings(max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_no_history_tells_the_fake_from_the_table(history: list[tuple[Action, int]]) -> None:
    fake = FakeStore()
    imitation = Store(ChangedByTests(fake), fake, fake)
    with aws_in_process() as aws:
        services = aws.services(FakeClock())
        original = Store.of(services)
        for user_ in USERS:
            for store in (original, imitation):
                store.accounts.create(account(user_))
        now = NOW
        for action, pause in history:
            now += pause
            assert outcome(action, imitation, now) == outcome(action, original, now)
        assert everything(imitation) == everything(original)
