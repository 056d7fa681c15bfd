"""Sessions and accounts: how long one stands, who gives way, which names find an account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
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


def test_a_session_is_active_until_its_idle_expiry_to_the_second() -> None:
    assert SESSION.is_active(NOW + 29, 2)
    assert not SESSION.is_active(NOW + 30, 2)


def test_a_session_is_active_until_its_absolute_expiry_to_the_second() -> None:
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


LIVE = [replace(SESSION, session_id=name, last_used_at=age) for name, age in {"a": 3, "b": 1, "c": 2}.items()]


def leaving(count: int, earlier: str) -> str:
    return "".join(one.session_id for one in sessions_to_evict(LIVE, count, set(earlier)))


@pytest.mark.parametrize(("count", "leave"), [(0, ""), (1, "b"), (2, "bc"), (3, "bca"), (9, "bca")])
def test_the_least_recently_used_end_first(count: int, leave: str) -> None:
    assert leaving(count, "abc") == leave


@pytest.mark.parametrize(
    ("earlier", "order"), [("ac", "cab"), ("a", "abc"), ("", "bca"), ("b", "bca"), ("x", "bca")]
)
def test_a_session_that_was_opened_meanwhile_ends_last(earlier: str, order: str) -> None:
    assert leaving(3, earlier) == order


def test_of_two_sessions_used_in_one_second_the_older_one_ends_first() -> None:
    young = replace(SESSION, session_id="a", created_at=NOW, last_used_at=NOW)
    old = replace(SESSION, session_id="b", created_at=NOW - 1, last_used_at=NOW)
    assert sessions_to_evict([young, old], 1, {"a", "b"}) == [old]


def test_among_equals_the_order_is_the_same_for_everybody_who_decides() -> None:
    sessions = [replace(SESSION, session_id=name) for name in "cab"]
    assert least_recently_used(sessions) == least_recently_used(reversed(sessions))


def test_a_session_shows_no_secret() -> None:
    assert "ssss" not in repr(SESSION)
    assert "kkkk" not in repr(SESSION)


def test_an_account_is_found_by_its_address_and_its_user_name() -> None:
    account = Account("0f" * 16, "A@example.com", "Alice", Scope(frozenset()), NOW)
    assert account.sign_in_names == (SignInName("a@example.com"), SignInName("alice"))
    assert replace(account, username=None).sign_in_names == (SignInName("a@example.com"),)
