"""How many guesses the password grant allows (RFC 6749 §4.3.2), and what is none."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidScope, OAuthError, TooManyAttempts, Unavailable
from tests.fakes import FakeWorld, fake_house
from tests.oauth.actors import EMAIL, account, sign_in


def test_after_too_many_failures_even_the_right_password_waits_to_the_second(world: FakeWorld) -> None:
    house = fake_house(world, sign_in_free_failures=3, sign_in_wait_seconds=60)
    account(house)
    for _ in range(3):
        with pytest.raises(InvalidGrant):
            sign_in(house, password="wrong password!")
    world.hasher.calls.clear()
    world.clock.advance(59)
    with pytest.raises(TooManyAttempts) as refusal:
        sign_in(house)
    assert refusal.value.headers == {"Retry-After": "1"}
    assert not world.hasher.calls
    world.clock.advance(1)
    assert sign_in(house).access_token


def test_a_success_clears_the_failures(world: FakeWorld) -> None:
    house = fake_house(world, sign_in_free_failures=3)
    account(house)
    for _ in range(5):
        for _ in range(2):
            with pytest.raises(InvalidGrant):
                sign_in(house, password="wrong password!")
        assert sign_in(house).access_token


def test_waiting_looks_the_same_for_a_name_that_nobody_has(world: FakeWorld) -> None:
    house = fake_house(world, sign_in_free_failures=3, sign_in_wait_seconds=60)
    account(house)
    seen = []
    for name in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            with pytest.raises(OAuthError) as refusal:
                sign_in(house, name, "wrong password!")
            seen.append((type(refusal.value), refusal.value.public_description, dict(refusal.value.headers)))
    assert seen[:5] == seen[5:]


def test_keys_that_cannot_be_had_use_up_nobodys_guesses(world: FakeWorld) -> None:
    house = fake_house(world, sign_in_free_failures=2)
    account(house)
    world.keys.down.add("current")
    for _ in range(5):
        with pytest.raises(Unavailable):
            sign_in(house)
    world.keys.down.clear()
    assert not world.store.failures
    assert sign_in(house).access_token


def test_the_right_password_is_no_guess_whatever_scope_is_asked_for(world: FakeWorld) -> None:
    house = fake_house(world, sign_in_free_failures=2)
    account(house)
    for _ in range(5):
        with pytest.raises(InvalidScope):
            sign_in(house, scope="nothing:held")
    assert sign_in(house).access_token
