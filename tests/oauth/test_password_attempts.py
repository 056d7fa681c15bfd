"""How many guesses the password grant allows (RFC 6749 §4.3.2), and what is none."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidScope, OAuthError, TooManyAttempts, Unavailable
from tests.fakes import FakeAdapters, fake_services
from tests.oauth.actors import EMAIL, account, sign_in


def test_after_too_many_failures_even_the_right_password_waits_to_the_second(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3, sign_in_wait_seconds=60)
    account(services)
    for _ in range(3):
        with pytest.raises(InvalidGrant):
            sign_in(services, password="wrong password!")
    adapters.hasher.calls.clear()
    adapters.clock.advance(59)
    with pytest.raises(TooManyAttempts) as refusal:
        sign_in(services)
    assert refusal.value.headers == {"Retry-After": "1"}
    assert not adapters.hasher.calls
    adapters.clock.advance(1)
    assert sign_in(services).access_token


def test_a_success_clears_the_failures(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3)
    account(services)
    for _ in range(5):
        for _ in range(2):
            with pytest.raises(InvalidGrant):
                sign_in(services, password="wrong password!")
        assert sign_in(services).access_token


def test_waiting_looks_the_same_for_a_name_that_nobody_has(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3, sign_in_wait_seconds=60)
    account(services)
    seen = []
    for name in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            with pytest.raises(OAuthError) as refusal:
                sign_in(services, name, "wrong password!")
            seen.append((type(refusal.value), refusal.value.public_description, dict(refusal.value.headers)))
    assert seen[:5] == seen[5:]


def test_keys_that_cannot_be_had_use_up_nobodys_guesses(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    adapters.keys.down.add("current")
    for _ in range(5):
        with pytest.raises(Unavailable):
            sign_in(services)
    adapters.keys.down.clear()
    assert not adapters.store.failures
    assert sign_in(services).access_token


def test_the_right_password_is_no_guess_whatever_scope_is_asked_for(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    for _ in range(5):
        with pytest.raises(InvalidScope):
            sign_in(services, scope="nothing:held")
    assert sign_in(services).access_token
