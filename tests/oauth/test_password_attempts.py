"""How many guesses the password grant allows (RFC 6749 §4.3.2), and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidScope, OAuthError, TooManyAttempts, Unavailable
from chalicelib.domain.sessions.session import Device
from chalicelib.domain.sign_in.limits import DEVICE_FAILURES, WINDOW_SECONDS
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.services import Services
from tests.changes import ACTOR
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import EMAIL, PASSWORD, USERNAME, account, request, sign_in

WRONG = "wrong password!"


def from_address(
    services: Services, address: str, password: str = WRONG, name: str = EMAIL, **parameters: str
) -> TokenResponse:
    """Sign in from an address."""
    form = request(grant_type="password", username=name, password=password, **parameters)
    return services.token_endpoint(replace(form, device=Device(address=address)))


def outcome(services: Services, address: str = "", password: str = WRONG, **parameters: str) -> str:
    """Return how an attempt ends."""
    try:
        from_address(services, address, password, **parameters)
    except InvalidGrant:
        return "refused"
    except TooManyAttempts as error:
        return f"wait {error.retry_after}"
    return "in"


def key_of(answer: TokenResponse) -> str:
    return str(answer.to_wire()["device_key"])


def test_ten_guesses_from_one_network_and_fifty_in_all_by_default(services: FakeServices) -> None:
    account(services)
    for network in range(5):
        tries = [outcome(services, f"192.0.{network}.{host}") for host in range(11)]
        assert tries == ["refused"] * 10 + [f"wait {WINDOW_SECONDS}"]
    assert outcome(services, "203.0.113.1") == f"wait {WINDOW_SECONDS}"
    assert outcome(services, "203.0.113.1", name=USERNAME) == "refused"


def test_after_too_many_failures_even_the_right_password_waits_to_the_second(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3)
    account(services)
    assert [outcome(services) for _ in range(3)] == ["refused"] * 3
    adapters.hasher.calls.clear()
    adapters.clock.advance(WINDOW_SECONDS - 1)
    with pytest.raises(TooManyAttempts) as refusal:
        sign_in(services)
    assert refusal.value.headers == {"Retry-After": "1"}
    assert not adapters.hasher.calls
    adapters.clock.advance(1)
    assert sign_in(services).access_token


def test_a_success_takes_back_its_own_attempt_and_no_failure(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3)
    account(services)
    assert outcome(services) == "refused"
    for _ in range(5):
        assert outcome(services, password=PASSWORD) == "in"
    assert [outcome(services) for _ in range(2)] == ["refused"] * 2
    assert outcome(services, password=PASSWORD) == f"wait {WINDOW_SECONDS}"


def test_a_disabled_accounts_attempts_count_right_password_or_not(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3)
    services.administration.disable(account(services).user_id, ACTOR)
    passwords = [PASSWORD, WRONG, PASSWORD, PASSWORD]
    assert [outcome(services, password=one) for one in passwords] == [
        *["refused"] * 3,
        f"wait {WINDOW_SECONDS}",
    ]


def test_waiting_looks_the_same_for_a_name_without_an_account(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=3)
    account(services)
    seen = []
    for name in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            with pytest.raises(OAuthError) as refusal:
                sign_in(services, name, WRONG)
            seen.append((type(refusal.value), refusal.value.public_description, dict(refusal.value.headers)))
    assert seen[:5] == seen[5:]


def test_two_names_of_one_account_look_like_names_of_two(adapters: FakeAdapters) -> None:
    """Using up the user name's attempts says nothing about which address belongs to it."""
    services = fake_services(adapters)
    account(services)
    strangers = [f"stranger{number}@example.com" for number in range(4)]
    for network in range(6):
        for _ in range(12):
            outcome(services, f"192.0.{network}.1", name=USERNAME)
    assert {outcome(services, "203.0.113.1", name=name) for name in (EMAIL, *strangers)} == {"refused"}


def test_a_name_has_to_wait_as_long_before_and_after_somebody_takes_it(services: FakeServices) -> None:
    assert [outcome(services) for _ in range(11)] == ["refused"] * 10 + [f"wait {WINDOW_SECONDS}"]
    account(services)
    assert outcome(services, password=PASSWORD) == f"wait {WINDOW_SECONDS}"


def test_an_attacker_at_the_limit_does_not_keep_a_known_device_out(services: FakeServices) -> None:
    account(services)
    key = key_of(sign_in(services))
    for network in range(6):
        for _ in range(11):
            outcome(services, f"192.0.{network}.1", device_key="ghd_" + "A" * 64)
    assert outcome(services, "203.0.113.9", PASSWORD) == f"wait {WINDOW_SECONDS}"
    answer = from_address(services, "203.0.113.9", PASSWORD, device_key=key)
    assert key_of(answer) == key, "a valid key is not replaced"


def test_a_device_has_tries_of_its_own_and_then_one_each_wait(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_wait_seconds=90)
    account(services)
    key = key_of(sign_in(services))
    tries = [outcome(services, device_key=key) for _ in range(DEVICE_FAILURES + 1)]
    assert tries == ["refused"] * DEVICE_FAILURES + ["wait 90"]
    adapters.clock.advance(90)
    assert outcome(services, device_key=key, password=PASSWORD) == "in"
    assert outcome(services, device_key=key) == "refused"
    assert [outcome(services) for _ in range(10)] == ["refused"] * 10, "the name's count is untouched"


@pytest.mark.parametrize(
    "key", ["ghd_", "ghd_" + "A" * 64, "ghr_" + "A" * 64, "x", "\ud800", "ghd_" + "A" * 9000, "\u00e9" * 64]
)
def test_a_key_that_is_no_devices_is_ignored_and_replaced(services: FakeServices, key: str) -> None:
    account(services)
    answer = from_address(services, "", PASSWORD, device_key=key)
    assert key_of(answer) != key
    assert key_of(from_address(services, "", PASSWORD, device_key=key_of(answer))) == key_of(answer)


def test_a_key_of_another_account_is_ignored(services: FakeServices) -> None:
    account(services)
    account(services, "bob@example.com", "bob")
    key = key_of(sign_in(services, "bob@example.com"))
    assert [outcome(services, device_key=key) for _ in range(11)] == [
        *["refused"] * 10,
        f"wait {WINDOW_SECONDS}",
    ]
    assert key_of(from_address(services, "", PASSWORD, name="bob", device_key=key)) == key


def test_a_breach_voids_every_device(services: FakeServices) -> None:
    account(services)
    key = key_of(sign_in(services))
    epoch = services.adapters.keys.breach()
    services.adapters.store.advance_epoch(epoch)
    answer = from_address(services, "", PASSWORD, device_key=key)
    assert key_of(answer) != key


def test_an_outage_of_the_keys_uses_up_no_attempts(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    adapters.keys.down.add("current")
    for _ in range(5):
        with pytest.raises(Unavailable):
            sign_in(services)
    adapters.keys.down.clear()
    assert not adapters.store.failures
    assert sign_in(services).access_token


def test_a_key_that_is_behind_the_table_takes_the_attempt_back(adapters: FakeAdapters) -> None:
    """After a breach Secrets Manager may show the old key for a while; a right password is no guess then."""
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    adapters.store.advance_epoch(1)
    for _ in range(5):
        with pytest.raises(Unavailable):
            sign_in(services)
    adapters.keys.breach()
    assert sign_in(services).access_token


def test_the_right_password_is_no_guess_whatever_scope_is_asked_for(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    user = account(services)
    for _ in range(5):
        with pytest.raises(InvalidScope) as refusal:
            sign_in(services, scope="nothing:held")
        assert (refusal.value.reason, refusal.value.user_id) == ("right_password_scope_refused", user.user_id)
    assert sign_in(services).access_token


def test_a_right_password_with_a_wrong_scope_forgives_no_other_attempt(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    assert outcome(services) == "refused"
    for _ in range(3):
        with pytest.raises(InvalidScope):
            sign_in(services, scope="nothing:held")
    assert [outcome(services) for _ in range(2)] == ["refused", f"wait {WINDOW_SECONDS}"]


def test_counts_go_on_over_a_rotation_and_begin_anew_with_a_breach(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=2)
    account(services)
    assert [outcome(services) for _ in range(2)] == ["refused"] * 2
    adapters.keys.rotate()
    assert outcome(services) == f"wait {WINDOW_SECONDS}"
    adapters.keys.breach()
    assert outcome(services) == "refused"
