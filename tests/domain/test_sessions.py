"""Sessions and accounts: how long one stands, who gives way, which names find an account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import RefreshSecret, start
from chalicelib.domain.sessions.session import EndReason, Session, least_recently_used, sessions_to_evict
from chalicelib.domain.tokens.scopes import Scope

NOW = 1_700_000_000
SESSION = Session(
    session_id="5e" * 16,
    user_id="0f" * 16,
    client_id="mobile-app",
    granted=None,
    epoch=2,
    created_at=NOW - 100,
    last_used_at=NOW - 10,
    idle_expires_at=NOW + 30,
    expires_at=NOW + 90,
    family=start(RefreshSecret(b"s" * 32), Secret(b"k" * 32)),
)


def test_a_session_stands_until_it_is_idle_too_long_to_the_second() -> None:
    assert SESSION.is_active(NOW + 29, 2)
    assert not SESSION.is_active(NOW + 30, 2)


def test_a_session_stands_until_its_absolute_end_to_the_second() -> None:
    used = replace(SESSION, idle_expires_at=NOW + 500)
    assert used.is_active(NOW + 89, 2)
    assert not used.is_active(NOW + 90, 2)


@pytest.mark.parametrize(("epoch", "stands"), [(0, True), (2, True), (3, False)])
def test_a_breach_ends_every_session_of_an_older_epoch(epoch: int, stands: bool) -> None:  # noqa: FBT001
    assert SESSION.is_active(NOW, epoch) is stands


def test_what_is_kept_of_an_ended_session_holds_no_part_of_its_tokens() -> None:
    ended = SESSION.ended(EndReason.REUSE, NOW)
    assert (ended.session_id, ended.user_id, ended.client_id) == ("5e" * 16, "0f" * 16, "mobile-app")
    assert (ended.created_at, ended.ended_at, ended.reason) == (NOW - 100, NOW, EndReason.REUSE)
    assert not hasattr(ended, "family")


NEWCOMER = replace(SESSION, session_id="00000002" + "5e" * 12)
LIVE = [replace(SESSION, session_id=name, last_used_at=age) for name, age in {"a": 3, "b": 1, "c": 2}.items()]


@pytest.mark.parametrize(("limit", "leave"), [(1, "bca"), (2, "bc"), (3, "b"), (4, ""), (9, "")])
def test_the_least_recently_used_give_way_first(limit: int, leave: str) -> None:
    assert "".join(one.session_id for one in sessions_to_evict(LIVE, limit, NEWCOMER, turn=0)) == leave


def test_who_has_lost_a_race_for_the_oldest_looks_further() -> None:
    """A newcomer's own id says which of the older ones it takes, so that many do not all want the same."""
    assert [one.session_id for one in sessions_to_evict(LIVE, 3, NEWCOMER, turn=2)] == ["a"]
    taken = {
        sessions_to_evict(LIVE, 3, replace(NEWCOMER, session_id=f"{start:08x}" + "5e" * 12), turn=3)[
            0
        ].session_id
        for start in range(8)
    }
    assert taken == {"a", "b", "c"}


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 9), st.binary(min_size=16, max_size=16))
def test_with_the_newcomer_there_are_never_more_than_the_limit(
    live: int, limit: int, turn: int, newcomer: bytes
) -> None:
    sessions = [replace(SESSION, session_id=f"{at:032x}", last_used_at=at) for at in range(live)]
    leaving = sessions_to_evict(sessions, limit, replace(SESSION, session_id=newcomer.hex()), turn)
    assert len({one.session_id for one in leaving}) == len(leaving)
    assert live - len(leaving) + 1 == min(live + 1, limit)


def test_among_equals_the_order_is_the_same_for_everybody_who_decides() -> None:
    sessions = [replace(SESSION, session_id=name) for name in "cab"]
    assert least_recently_used(sessions) == least_recently_used(reversed(sessions))


def test_a_session_shows_no_secret() -> None:
    assert "ssss" not in repr(SESSION)
    assert "kkkk" not in repr(SESSION)


def test_an_account_is_found_by_its_address_and_its_user_name() -> None:
    account = Account("0f" * 16, "A@example.com", "Alice", PasswordHash("hash"), Scope(frozenset()), NOW)
    assert account.sign_in_names == (SignInName("a@example.com"), SignInName("alice"))
    assert replace(account, username=None).sign_in_names == (SignInName("a@example.com"),)
    assert "hash" not in repr(account).replace("password_hash=PasswordHash", "")
