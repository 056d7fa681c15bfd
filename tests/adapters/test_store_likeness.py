"""The fake store against the table, over random histories: what one answers, the other does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.sign_in.attempts import failures_id
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store
from tests.adapters.records import NAME_KEY, NOW, account, device_key, id_of, rotated, session
from tests.fake_aws import aws_in_process
from tests.fakes import FakeClock, FakeStore

USERS = ["ada", "bob"]
NAMES = ["Ada@example.com", "bob@example.com", "lovelace", "nobody@example.com"]
DEVICES = ["a", "b", "c", "d"]
LIMIT = 2
LATER = NOW + 10**7

Action = Callable[[Store, int], Any]


def create(user: str, username: str | None) -> Action:
    return lambda store, now: store.create(account(user, username=username))


def begin(name: str, address: str) -> Action:
    return lambda store, now: store.begin(SignInName.of(name), now, address)


def open_session(user: str, device: str, stale: int, *, rehash: bool) -> Action:
    def act(store: Store, now: int) -> Any:
        known = store.accounts.account(id_of(user)) or account(user)
        seen = replace(known, password_version=known.password_version - stale)
        given = session(f"{user} {device} {now}", user, at=now)
        better = PasswordHash(f"$2b$05${now}") if rehash else None
        return store.open(given, account=seen, rehash=better, limit=LIMIT)

    return act


def sign_in(name: str, device: str, presented: str | None) -> Action:
    def act(store: Store, now: int) -> Any:
        owner = "ada" if name == "lovelace" else name.partition("@")[0].lower()
        key = device_key(presented, owner) if presented else None
        begun = store.begin(SignInName.of(name), now, device=key)
        if begun.candidate is None:
            return begun
        user_id = begun.candidate.account.user_id
        opening = replace(session(f"{name} {device} {now}", at=now), user_id=user_id)
        new = replace(device_key(device), user_id=user_id)
        if new.digest() in {one.digest for one in begun.candidate.devices}:
            new = replace(device_key(f"{device} {now} {len(begun.candidate.sessions)}"), user_id=user_id)
        return begun, store.sign_ins.open(
            opening, begun.candidate, begun.charge, device_key=new, rehash=None, limit=LIMIT
        )

    return act


def withdraw(name: str) -> Action:
    return lambda store, now: store.sign_ins.withdraw(store.begin(SignInName.of(name), now).charge)


def unlock(name: str) -> Action:
    return lambda store, now: store.sign_ins.unlock([failures_id(SignInName.of(name), NAME_KEY)])


def forget_devices(user: str) -> Action:
    return lambda store, now: store.sign_ins.forget_devices(id_of(user))


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
    """Delete an account as it was created. A user name never changes without a trace in the account."""

    def act(store: Store, now: int) -> Any:
        found = store.accounts.account(id_of(user))
        return store.accounts.delete(account(user, username=found.username if found else username))

    return act


def advance(epoch: int) -> Action:
    return lambda store, now: store.system.advance_epoch(epoch)


user, device, flag = st.sampled_from(USERS), st.sampled_from(DEVICES), st.booleans()
name = st.sampled_from(NAMES)
own_name = st.sampled_from([None, "lovelace"])
ACTIONS = st.one_of(
    st.builds(create, user, own_name),
    st.builds(begin, name, st.sampled_from(["192.0.2.1", "198.51.100.1", ""])),
    st.builds(open_session, user, device, st.sampled_from([0, 0, 0, 1]), rehash=flag),
    st.builds(sign_in, name, device, st.one_of(st.none(), device)),
    st.builds(withdraw, name),
    st.builds(unlock, name),
    st.builds(forget_devices, user),
    st.builds(rotate, user, device, stale=flag),
    st.builds(end, user, st.integers(0, 3)),
    st.builds(permit, user, st.sampled_from(["users:read", "users:write"])),
    st.builds(disable, user, disabled=flag),
    st.builds(delete, user, own_name),
    st.builds(advance, st.integers(1, 3)),
)
HISTORIES = st.lists(st.tuples(ACTIONS, st.sampled_from([0, 1, 5, 40, 200_000])), min_size=5, max_size=25)


def outcome(action: Action, store: Store, now: int) -> Any:
    try:
        return action(store, now)
    except (InvalidAccount, AccountChanged, TooManyAttempts) as error:
        return type(error), getattr(error, "retry_after", None)


def candidate_of(name: str) -> Action:
    return lambda store, now: store.begin(SignInName.of(name), now).candidate


def everything(store: Store) -> Any:
    """Return all that can be seen of a store from outside."""
    return (
        [store.accounts.account(id_of(one)) for one in USERS],
        [store.accounts.find(SignInName.of(name)) for name in NAMES],
        [outcome(candidate_of(name), store, LATER) for name in NAMES],
        [store.sessions.stored(id_of(one)) for one in USERS],
        [store.ended(id_of(one)) for one in USERS],
        store.system.state(),
        [store.system.epoch(id_of(one)) for one in USERS],
        sorted(one.session_id for one in store.sessions.all_stored()),
    )


@settings(max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_no_history_distinguishes_the_fake_from_the_table(history: list[tuple[Action, int]]) -> None:
    fake = FakeStore()
    imitation = Store.fake(fake)
    with aws_in_process() as aws:
        original = Store.of(aws.services(FakeClock(), signed=True))
        for user_ in USERS:
            for store in (original, imitation):
                store.create(account(user_))
        now = NOW
        for action, pause in history:
            now += pause
            assert outcome(action, imitation, now) == outcome(action, original, now)
        assert everything(imitation) == everything(original)
