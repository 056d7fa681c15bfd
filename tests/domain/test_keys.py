"""Signing keys: which may verify, and which the next one must carry along."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.tokens.key_succession import retired_by_next
from chalicelib.domain.tokens.signing_keys import KeyMaterial, KeySet, RetiredKey, SigningKey

NOW = 1_700_000_000
LIFE = 3_660


def key(kid: str, epoch: int = 0, created_at: int = 0, retired: tuple[RetiredKey, ...] = ()) -> SigningKey:
    return SigningKey(kid, KeyMaterial(kid.encode() * 64), epoch, created_at=created_at, retired=retired)


def test_current_and_previous_verify_and_nothing_else_does() -> None:
    keys = KeySet(key("b"), key("a"))
    assert keys.verifier("b", NOW) == keys.current
    assert keys.verifier("a", NOW) == keys.previous
    assert keys.verifier("c", NOW) is None
    assert KeySet(key("b")).verifier("a", NOW) is None


@pytest.mark.parametrize("kid", ["", "A", "a ", " a", "a\n", "../a", "a\x00", "aa"])
def test_a_kid_is_compared_exactly(kid: str) -> None:
    assert KeySet(key("b"), key("a")).verifier(kid, NOW) is None


def test_a_rotation_keeps_the_epoch_and_the_previous_key_verifies() -> None:
    assert KeySet(key("b", epoch=3), key("a", epoch=3)).verifier("a", NOW) is not None


def test_a_breach_raises_the_epoch_and_no_key_of_an_older_one_verifies() -> None:
    old = RetiredKey(key("z", epoch=3), NOW + LIFE)
    keys = KeySet(key("b", epoch=4, retired=(old,)), key("a", epoch=3))
    assert keys.verifier("a", NOW) is None
    assert keys.verifier("z", NOW) is None
    assert keys.verifier("b", NOW) is not None


def test_a_retired_key_verifies_until_its_second_and_not_in_it() -> None:
    keys = KeySet(key("c", retired=(RetiredKey(key("a"), NOW),)), key("b"))
    assert keys.verifier("a", NOW - 1) is not None
    assert keys.verifier("a", NOW) is None


def test_a_key_that_may_verify_no_more_is_still_known() -> None:
    """So that a token of a dead key does not make every function ask for keys again."""
    keys = KeySet(key("c", epoch=1, retired=(RetiredKey(key("a"), 0),)), key("b", epoch=0))
    assert [keys.knows(kid) for kid in "abcd"] == [True, True, True, False]


@pytest.mark.parametrize("age", [0, LIFE - 1, LIFE, 100 * LIFE])
def test_the_next_key_carries_the_previous_one_for_the_life_of_a_token(age: int) -> None:
    """However old the current key is, it may have been promoted just now."""
    keys = KeySet(key("b", created_at=NOW - age), key("a"))
    (carried,) = retired_by_next(keys, NOW, LIFE)
    assert (carried.key.kid, carried.until) == ("a", NOW + LIFE)


def test_without_a_previous_key_there_is_nothing_to_carry() -> None:
    assert retired_by_next(KeySet(key("b", created_at=NOW)), NOW, LIFE) == ()


def test_the_next_key_carries_what_the_current_one_carries_until_its_time_is_over() -> None:
    live, over = RetiredKey(key("y"), NOW + 1), RetiredKey(key("z"), NOW)
    keys = KeySet(key("b", retired=(live, over)))
    assert retired_by_next(keys, NOW, LIFE) == (live,)


def test_the_next_key_carries_nothing_of_an_older_epoch() -> None:
    keys = KeySet(key("b", epoch=1, created_at=NOW, retired=(RetiredKey(key("z"), NOW + 1),)), key("a"))
    assert retired_by_next(keys, NOW, LIFE) == ()


@pytest.mark.parametrize("pause", [0, 1, LIFE // 3, LIFE - 1, LIFE, 2 * LIFE])
def test_every_live_token_has_a_verifier_however_often_the_key_is_rotated(pause: int) -> None:
    """A token is signed in the last second of each key; it must verify to its last second."""
    keys, now, signed = KeySet(key("k0", created_at=NOW)), NOW, []
    for turn in range(1, 6):
        signed.append((keys.current.kid, now))
        retired = retired_by_next(keys, now, LIFE)
        keys = KeySet(key(f"k{turn}", created_at=now, retired=retired), keys.current)
        for kid, signed_at in signed:
            for moment in {now, min(now + pause, signed_at + LIFE - 1)}:
                if now <= moment < signed_at + LIFE:
                    assert keys.verifier(kid, moment) is not None, (turn, kid, moment - signed_at)
        now += pause
        keys = replace(keys)
