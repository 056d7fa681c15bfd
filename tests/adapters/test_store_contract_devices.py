"""What every store promises of known devices: attempts of their own, and how many there are."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.attempts import DeviceCharge, NameCharge, OpenedSession
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES, DeviceKey
from chalicelib.domain.sign_in.limits import DEVICE_FAILURES, WINDOW_SECONDS
from tests.adapters.conftest import Store
from tests.adapters.records import NAME, NOW, account, device_key, id_of, session

ADA = id_of("ada")
OTHER = SignInName.of("lovelace")


@pytest.fixture(autouse=True)
def _ada(store: Store) -> None:
    store.create(account(username="lovelace"))


def sign_in(
    store: Store,
    label: str,
    at: int = NOW,
    presented: DeviceKey | None = None,
    user: str = "ada",
    epoch: int = 0,
) -> OpenedSession:
    """Sign in with the right password; a new device has the key of `label`."""
    name = NAME if user == "ada" else SignInName.of(f"{user}@example.com")
    begun = store.begin(name, at, device=presented)
    assert begun.candidate is not None
    return store.sign_ins.open(
        session(f"{label} {at}", user, at=at, epoch=epoch),
        begun.candidate,
        begun.charge,
        device_key=device_key(label, user),
        rehash=None,
        limit=20,
    )


def charged(store: Store, key: DeviceKey | None, at: int = NOW + 10, name: SignInName = NAME) -> str:
    """Tell what a failing attempt is charged to, or how long it has to wait."""
    try:
        charge = store.begin(name, at, device=key).charge
    except TooManyAttempts as error:
        return f"wait {error.retry_after}"
    return "device" if isinstance(charge, DeviceCharge) else "name"


def known(store: Store) -> set[str]:
    """Return the digests of the account's known devices."""
    return {one.digest for one in store.candidate().devices}


def test_a_successful_sign_in_makes_a_device_known(store: Store) -> None:
    assert charged(store, device_key("phone")) == "name"
    assert sign_in(store, "phone") == OpenedSession((), device_is_known=False)
    assert charged(store, device_key("phone")) == "device"
    (device,) = store.candidate().devices
    assert (device.user_id, device.digest) == (ADA, device_key("phone").digest())
    assert (device.created_at, device.last_used_at) == (NOW, NOW)
    assert store.known(ADA).device_count == 1


def test_a_known_device_is_not_made_known_again_but_used(store: Store) -> None:
    sign_in(store, "phone")
    opened = sign_in(store, "another", NOW + 5, device_key("phone"))
    assert opened.device_is_known
    (device,) = store.candidate().devices
    assert (device.digest, device.created_at, device.last_used_at, device.failures) == (
        device_key("phone").digest(),
        NOW,
        NOW + 5,
        0,
    )
    assert store.known(ADA).device_count == 1


def test_a_device_has_its_failures_and_then_one_attempt_each_wait(store: Store) -> None:
    sign_in(store, "phone")
    key = device_key("phone")
    assert [charged(store, key) for _ in range(DEVICE_FAILURES)] == ["device"] * DEVICE_FAILURES
    assert [charged(store, key, NOW + 10 + at) for at in (0, 1, 59)] == ["wait 60", "wait 59", "wait 1"]
    assert [charged(store, key, NOW + 70) for _ in range(2)] == ["device", "wait 60"]
    assert charged(store, key, NOW + 130) == "device"


def test_what_is_charged_to_a_device_never_touches_the_name_nor_the_other_way_round(store: Store) -> None:
    sign_in(store, "phone")
    key = device_key("phone")
    for _ in range(DEVICE_FAILURES + 5):
        charged(store, key)
    assert [charged(store, None) for _ in range(3)] == ["name"] * 3
    assert charged(store, None) == f"wait {WINDOW_SECONDS}"
    assert charged(store, key).startswith("wait 60")
    sign_in(store, "tablet", NOW + 2 * WINDOW_SECONDS)
    for _ in range(3):
        charged(store, None, NOW + 2 * WINDOW_SECONDS)
    assert charged(store, device_key("tablet"), NOW + 2 * WINDOW_SECONDS) == "device"


@pytest.mark.parametrize("ending", ["open", "withdraw"])
def test_a_right_password_clears_the_failures_of_the_device(store: Store, ending: str) -> None:
    sign_in(store, "phone")
    key = device_key("phone")
    for _ in range(DEVICE_FAILURES - 1):
        charged(store, key)
    if ending == "open":
        sign_in(store, "new", NOW + 20, key)
    else:
        store.sign_ins.withdraw(store.begin(at=NOW + 20, device=key).charge)
    assert [charged(store, key, NOW + 21) for _ in range(DEVICE_FAILURES)] == ["device"] * DEVICE_FAILURES
    assert charged(store, key, NOW + 21).startswith("wait")


def test_a_device_counts_for_every_name_of_its_account_and_for_no_other_account(store: Store) -> None:
    store.create(account("bob"))
    sign_in(store, "phone")
    assert charged(store, device_key("phone"), name=OTHER) == "device"
    assert charged(store, device_key("phone"), name=SignInName.of("bob@example.com")) == "name"
    assert charged(store, device_key("phone"), name=SignInName.of("nobody")) == "name"
    # A key that names another account has another digest, and is none of that account's either.
    assert charged(store, device_key("phone", "bob"), name=SignInName.of("bob@example.com")) == "name"
    assert charged(store, device_key("never seen")) == "name"


def test_a_device_of_a_past_epoch_is_none(store: Store) -> None:
    sign_in(store, "phone")
    store.system.advance_epoch(1)
    assert charged(store, device_key("phone")) == "name"
    sign_in(store, "phone again", NOW + 20, device_key("phone"), epoch=1)
    assert charged(store, device_key("phone again"), NOW + 21) == "device"


def test_beyond_the_limit_the_longest_unused_device_is_forgotten(store: Store) -> None:
    for number in range(MAX_DEVICES):
        sign_in(store, f"{number}", NOW + number)
    sign_in(store, "-", NOW + 100, device_key("0"))
    sign_in(store, "newest", NOW + 101)
    expected = [*range(2, MAX_DEVICES), "newest", 0]
    assert known(store) == {device_key(f"{label}").digest() for label in expected}
    assert store.known(ADA).device_count == MAX_DEVICES


def test_beyond_the_limit_devices_of_a_past_epoch_go_first(store: Store) -> None:
    for number in range(MAX_DEVICES):
        sign_in(store, f"{number}", NOW + number, epoch=int(number < 3))
    store.system.advance_epoch(1)
    sign_in(store, "newest", NOW + 100, epoch=1)
    gone = device_key("3").digest()
    assert gone not in known(store)
    assert len(known(store)) == MAX_DEVICES


def test_forgotten_devices_take_no_place(store: Store) -> None:
    for number in range(MAX_DEVICES):
        sign_in(store, f"{number}", NOW + number)
    store.sign_ins.forget_devices(ADA)
    assert known(store) == set()
    assert charged(store, device_key("3"), NOW + 50) == "name"
    sign_in(store, "new", NOW + 100)
    sign_in(store, "newer", NOW + 101)
    assert known(store) == {device_key("new").digest(), device_key("newer").digest()}
    assert store.known(ADA).device_count == 2


def test_a_device_forgotten_while_its_owner_signs_in_is_replaced_by_a_new_one(store: Store) -> None:
    sign_in(store, "phone")
    begun = store.begin(at=NOW + 1, device=device_key("phone"))
    store.sign_ins.forget_devices(ADA)
    assert begun.candidate is not None
    opened = store.sign_ins.open(
        session("late", at=NOW + 1),
        begun.candidate,
        begun.charge,
        device_key=device_key("new"),
        rehash=None,
        limit=20,
    )
    assert not opened.device_is_known
    assert known(store) == {device_key("new").digest()}


def test_withdrawing_a_charge_of_a_forgotten_device_is_nothing(store: Store) -> None:
    sign_in(store, "phone")
    charge = store.begin(at=NOW + 1, device=device_key("phone")).charge
    store.sign_ins.forget_devices(ADA)
    store.sign_ins.withdraw(charge)
    assert known(store) == set()


def test_a_charge_says_what_it_was_made_on(store: Store) -> None:
    sign_in(store, "phone")
    assert isinstance(store.begin(at=NOW + 1).charge, NameCharge)
    charge = store.begin(at=NOW + 1, device=device_key("phone")).charge
    assert charge == DeviceCharge(ADA, device_key("phone").digest())
