"""Networks, name keys and device keys: what signing in is counted by."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.attempts import SignInAttempt, failures_id
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.limits import WINDOW_SECONDS, NameFailures, SignInLimits, device_wait
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.sign_in.network import UNKNOWN_NETWORK, network_of
from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey

KEY = NameKey(b"n" * 64)
ADA = SignInName.of("ada@example.com")


def attempt(name: SignInName = ADA, address: str = "192.0.2.1", key: NameKey = KEY) -> SignInAttempt:
    return SignInAttempt.of(name, key, address=address, device_key=None, epoch=0, at=0)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.1", "192.0.3.0/24"),
        ("2001:db8:1:2::1", "2001:db8:1::/48"),
        ("2001:db8:1:ffff:ffff::", "2001:db8:1::/48"),
        ("2001:DB8:2::", "2001:db8:2::/48"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("::ffff:c000:207", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("fe80::1%eth1", "fe80::/48"),
    ],
)
def test_a_network_is_a_24_or_a_48(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("address", ["", " ", "unknown", "192.0.2", "192.0.2.1, 10.0.0.1", "1" * 64, "::x"])
def test_what_is_no_address_is_one_network(address: str) -> None:
    assert network_of(address) == UNKNOWN_NETWORK


@given(st.text(max_size=64))
def test_any_text_has_a_network(address: str) -> None:
    assert isinstance(network_of(address), str)


def test_stored_attempts_reveal_neither_name_nor_network() -> None:
    one = attempt()
    assert failures_id(ADA, KEY) == one.failures_id
    assert len(one.failures_id) == 64
    assert len(one.network_id) == 16
    other_key = attempt(key=NameKey(b"m" * 64))
    assert {one.failures_id, one.network_id, one.placeholder_id}.isdisjoint(
        {other_key.failures_id, other_key.network_id, other_key.placeholder_id}
    )


def test_a_network_cannot_be_followed_from_one_name_to_another() -> None:
    bob = SignInName.of("bob@example.com")
    assert attempt().network_id != attempt(bob).network_id
    assert attempt(address="192.0.2.200").network_id == attempt().network_id
    assert attempt(address="192.0.3.200").network_id != attempt().network_id


def test_digests_of_different_purposes_or_parts_differ() -> None:
    parts = [("a", "b", "c"), ("a", "bc"), ("ab", "c"), ("a", "b\x00c"), ("abc",), ("a", "", "bc")]
    digests = [KEY.digest(*one) for one in parts]
    assert all(one != other for one, other in combinations(digests, 2))


def test_a_name_key_shows_nothing_and_is_derived_where_a_secret_has_none() -> None:
    key = SigningKey("kid", KeyMaterial(b"k" * 64))
    assert key.name_key == SigningKey("other kid", KeyMaterial(b"k" * 64)).name_key
    assert key.name_key != SigningKey("kid", KeyMaterial(b"j" * 64)).name_key
    assert b"k" * 8 not in key.name_key.reveal()
    assert "k" * 8 not in repr(key)
    assert SigningKey("kid", KeyMaterial(b"k" * 64), own_name_key=KEY).name_key == KEY
    assert KEY.reveal().decode() not in repr(SigningKey("kid", KeyMaterial(b"k" * 64), own_name_key=KEY))


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_a_device_key_comes_back_from_its_wire_form(user: bytes, secret: bytes) -> None:
    key = DeviceKey(user.hex(), Secret(secret))
    text = key.serialize()
    assert text.startswith("ghd_")
    assert len(text) == 68
    assert DeviceKey.parse(text) == key
    assert key.digest() not in text
    assert repr(secret) not in repr(key)


@given(st.text(max_size=80))
def test_no_other_text_is_a_device_key_or_an_error(text: str) -> None:
    key = DeviceKey.parse(text)
    assert key is None or key.serialize() == text


def test_the_limits_count_by_network_and_in_all() -> None:
    limits = SignInLimits(network_failures=2, name_failures=4, device_wait_seconds=9)

    def wait(total: int, from_network: int, now: int) -> int:
        return NameFailures(100, total, from_network).wait(now, limits)

    assert [wait(3, one, 100) for one in (0, 1, 2, 3)] == [0, 0, WINDOW_SECONDS, WINDOW_SECONDS]
    assert wait(4, 0, 100 + WINDOW_SECONDS - 1) == 1
    assert wait(4, 0, 100 + WINDOW_SECONDS) == 0
    assert [device_wait(one, 100, 104, limits) for one in (0, 9, 10, 99)] == [0, 0, 5, 5]
    assert device_wait(10, 100, 109, limits) == 0
