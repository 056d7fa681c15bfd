"""What presenting a refresh token means, for every generation, moment and key."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import (
    Decision,
    Exchange,
    Family,
    RefreshSecret,
    RefreshToken,
    Replay,
    Reuse,
    Unrecognized,
    decide,
    start,
)

USER, SESSION = "0f" * 16, "5e" * 16
NOW, WINDOW = 1_700_000_000, 10
FIRST = RefreshSecret(b"s" * 32)


def present(
    family: Family, token: RefreshToken, *, later: int = 0, key: str | None = None, window: int = WINDOW
) -> Decision:
    nonce = bytes([family.generation + 1]) * 32
    return decide(family, token, now=NOW + later, retry_window=window, idempotency_key=key, nonce=nonce)


def history(generations: int, key: str | None = None) -> tuple[Family, list[RefreshToken]]:
    """A family after so many exchanges at NOW, the last with `key`, and its token of each generation."""
    secret, family = FIRST, start(FIRST, Secret(b"k" * 32))
    tokens = [family.token(USER, SESSION, secret)]
    for turn in range(generations):
        said = present(family, tokens[-1], key=key if turn == generations - 1 else "an older key")
        assert isinstance(said, Exchange)
        family, secret = said.family, said.secret
        tokens.append(family.token(USER, SESSION, secret))
    return family, tokens


@pytest.mark.parametrize("generations", range(5))
@pytest.mark.parametrize("later", [-5, 0, WINDOW, WINDOW + 1, 10**7])
@pytest.mark.parametrize("key", [None, "key"])
def test_the_current_token_is_exchanged_whenever_it_comes(
    generations: int, later: int, key: str | None
) -> None:
    family, tokens = history(generations)
    said = present(family, tokens[-1], later=later, key=key)
    assert isinstance(said, Exchange)
    assert said.family.generation == family.generation + 1
    assert said.family.previous == family.current
    assert said.family.current == said.secret.digest()
    assert said.family.rotated_at == NOW + later
    assert said.family.tag_key == family.tag_key


@pytest.mark.parametrize("first_key", [None, "key", "another"])
@pytest.mark.parametrize("key", [None, "key", "an older key"])
@pytest.mark.parametrize("later", [-5, 0, 1, WINDOW, WINDOW + 1, 10**7])
def test_the_predecessor_repeats_with_the_key_of_its_first_use_or_without_one_in_the_window(
    first_key: str | None, key: str | None, later: int
) -> None:
    family, tokens = history(2, first_key)
    said = present(family, tokens[-2], later=later, key=key)
    is_retry = key == first_key and (key is not None or later <= WINDOW)
    if is_retry:
        assert isinstance(said, Replay)
        assert family.token(USER, SESSION, said.secret).serialize() == tokens[-1].serialize()
    else:
        assert said == Reuse()


@pytest.mark.parametrize("generations", range(2, 6))
@pytest.mark.parametrize("later", [-5, 0, WINDOW + 1])
@pytest.mark.parametrize("key", [None, "key", "an older key"])
def test_any_older_generation_is_theft(generations: int, later: int, key: str | None) -> None:
    family, tokens = history(generations, "key")
    for spent in tokens[:-2]:
        assert present(family, spent, later=later, key=key) == Reuse()


def test_a_window_of_nothing_still_covers_the_same_second() -> None:
    family, tokens = history(1)
    assert isinstance(present(family, tokens[0], window=0), Replay)
    assert present(family, tokens[0], window=0, later=1) == Reuse()


def test_a_key_where_the_first_use_had_none_is_reuse_also_in_the_window() -> None:
    family, tokens = history(2, None)
    for key in ("an older key", "a new key", ""):
        assert present(family, tokens[1], key=key) == Reuse()


def test_a_token_of_another_family_says_nothing_about_this_one() -> None:
    family, _ = history(1)
    other = start(FIRST, Secret(b"q" * 32))
    assert present(family, other.token(USER, SESSION, FIRST)) == Unrecognized()


def test_a_token_that_claims_another_generation_is_nothing() -> None:
    family, tokens = history(2)
    for token in tokens:
        for generation in range(4):
            if generation != token.generation:
                claimed = RefreshToken(USER, SESSION, generation, token.secret, token.tag)
                assert present(family, claimed) == Unrecognized()


def test_a_token_moved_to_another_session_is_nothing() -> None:
    family, tokens = history(0)
    assert (
        present(family, RefreshToken(USER, "ab" * 16, 0, tokens[0].secret, tokens[0].tag)) == Unrecognized()
    )


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(1, 6))
def test_a_copy_of_the_table_holds_no_token(secret: bytes, tag_key: bytes, generations: int) -> None:
    """What the table keeps are digests and nonces; no secret of any generation is among its bytes."""
    present_secret = RefreshSecret(secret)
    family, secrets = start(present_secret, Secret(tag_key)), [secret]
    for turn in range(generations):
        token = family.token(USER, SESSION, present_secret)
        nonce = hashlib.sha256(b"nonce %d of " % turn + secret).digest()
        said = decide(family, token, now=0, retry_window=0, idempotency_key="k", nonce=nonce)
        assert isinstance(said, Exchange)
        family, present_secret = said.family, said.secret
        secrets.append(present_secret.reveal())
    kept = {family.current, family.previous, family.nonce, family.idempotency}
    assert kept.isdisjoint(secrets)
    assert len(set(secrets)) == generations + 1


def test_the_idempotency_key_is_kept_as_a_digest() -> None:
    family, _ = history(1, "a key that an app made up")
    assert b"a key" not in (family.idempotency or b"")


def test_two_exchanges_at_once_make_two_successors_of_which_one_can_be_written() -> None:
    """The loser, deciding anew on what the winner wrote, repeats the winner's successor."""
    family, tokens = history(0)
    winner = decide(family, tokens[0], now=NOW, retry_window=WINDOW, idempotency_key=None, nonce=b"a" * 32)
    loser = decide(family, tokens[0], now=NOW, retry_window=WINDOW, idempotency_key=None, nonce=b"b" * 32)
    assert isinstance(winner, Exchange)
    assert isinstance(loser, Exchange)
    assert winner.secret != loser.secret
    anew = present(winner.family, tokens[0])
    assert isinstance(anew, Replay)
    assert anew.secret == winner.secret
