"""Replacing the signing key: any step may be repeated, and no live token loses its verifier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.keys import KeyMaterial
from chalicelib.oauth.key_rotation import RotationRefused
from tests.fake_keys import CURRENT, PENDING, PREVIOUS
from tests.fakes import FakeHouse
from tests.oauth.actors import account, claims_of, refresh, sign_in
from tests.oauth.forge import parts

NEXT, AFTER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def rotate(house: FakeHouse, version: str) -> None:
    rotation = house.key_rotation
    rotation.create_secret(version)
    rotation.set_secret(version)
    rotation.test_secret(version)
    rotation.finish_secret(version)


def test_the_four_steps_make_a_new_key_sign(house: FakeHouse) -> None:
    old = house.world.keys.version_of[CURRENT]
    rotate(house, NEXT)
    assert house.world.keys.version_of == {CURRENT: NEXT, PREVIOUS: old}
    account(house)
    assert parts(sign_in(house).access_token)[0]["kid"] == NEXT


def test_a_pending_key_neither_signs_nor_verifies(house: FakeHouse) -> None:
    account(house)
    house.key_rotation.create_secret(NEXT)
    answer = sign_in(house)
    assert parts(answer.access_token)[0]["kid"] != NEXT
    pending = house.world.keys.versions[NEXT]
    forged = house.world.codec.sign(claims_of(house, answer).to_mapping(), pending)
    with pytest.raises(InvalidToken):
        claims_of(house, replace(answer, access_token=forged))


def test_a_key_is_new_random_and_long_enough(house: FakeHouse) -> None:
    rotate(house, NEXT)
    rotate(house, AFTER)
    materials = [key.material.reveal() for key in house.world.keys.versions.values()]
    assert len(set(materials)) == 3
    assert all(len(material) >= 64 for material in materials)


@pytest.mark.parametrize("times", [2, 3])
def test_every_step_may_be_repeated(house: FakeHouse, times: int) -> None:
    rotation, keys = house.key_rotation, house.world.keys
    old = keys.version_of[CURRENT]
    for _ in range(times):
        rotation.create_secret(NEXT)
    made = keys.versions[NEXT]
    for _ in range(times):
        rotation.set_secret(NEXT)
        rotation.test_secret(NEXT)
    assert [rotation.finish_secret(NEXT) for _ in range(times)] == [True] + [False] * (times - 1)
    assert keys.versions[NEXT] == made
    assert keys.version_of == {CURRENT: NEXT, PREVIOUS: old}


def test_the_whole_rotation_may_be_repeated_after_its_end(house: FakeHouse) -> None:
    rotate(house, NEXT)
    labels = dict(house.world.keys.version_of)
    house.key_rotation.create_secret(NEXT)
    house.key_rotation.set_secret(NEXT)
    house.key_rotation.test_secret(NEXT)
    assert house.key_rotation.finish_secret(NEXT) is False
    assert house.world.keys.version_of == labels


@pytest.mark.parametrize("method", ["labels", "key", "add", "promote", "remove_label"])
@pytest.mark.parametrize("switch", ["down", "mute"])
def test_a_step_that_crashed_at_any_call_succeeds_when_it_is_repeated(
    house: FakeHouse, method: str, switch: str
) -> None:
    keys = house.world.keys
    old = keys.version_of[CURRENT]
    for step in ("create_secret", "test_secret", "finish_secret"):
        setattr(keys, switch, {method})
        try:
            getattr(house.key_rotation, step)(NEXT)
        except Unavailable:
            setattr(keys, switch, set())
            getattr(house.key_rotation, step)(NEXT)
        setattr(keys, switch, set())
    assert keys.version_of == {CURRENT: NEXT, PREVIOUS: old}


@pytest.mark.parametrize("switch", ["down", "mute"])
def test_an_end_that_was_cut_off_after_the_promotion_is_still_told_when_it_is_repeated(
    house: FakeHouse, switch: str
) -> None:
    house.key_rotation.create_secret(NEXT)
    house.world.keys.down = {"remove_label"}
    with pytest.raises(Unavailable):
        house.key_rotation.finish_secret(NEXT)
    house.world.keys.down = set()
    assert house.key_rotation.finish_secret(NEXT) is True


def test_an_earlier_rotation_that_is_finished_again_brings_its_key_not_back(house: FakeHouse) -> None:
    keys = house.world.keys
    first = keys.version_of[CURRENT]
    rotate(house, NEXT)
    rotate(house, AFTER)
    labels = dict(keys.version_of)
    for late in (NEXT, first):
        with pytest.raises(RotationRefused):
            house.key_rotation.finish_secret(late)
    assert keys.version_of == labels


def test_a_breach_between_the_look_and_the_promotion_stands(house: FakeHouse) -> None:
    house.key_rotation.create_secret(NEXT)
    house.world.keys.before["promote"] = lambda: house.key_rotation.replace_without_grace(AFTER, 1)
    with pytest.raises(Unavailable):
        house.key_rotation.finish_secret(NEXT)
    assert house.world.keys.version_of == {CURRENT: AFTER}


def test_a_version_without_a_value_is_not_promoted(house: FakeHouse) -> None:
    before = dict(house.world.keys.version_of)
    for step in (house.key_rotation.test_secret, house.key_rotation.finish_secret):
        with pytest.raises(RotationRefused):
            step(NEXT)
    assert house.world.keys.version_of == before


def test_a_pending_key_that_is_the_current_one_is_not_promoted(house: FakeHouse) -> None:
    keys = house.world.keys
    current = keys.versions[keys.version_of[CURRENT]]
    keys.add(replace(current, kid=NEXT), label=PENDING)
    with pytest.raises(RotationRefused):
        house.key_rotation.finish_secret(NEXT)


def test_a_pending_key_from_before_a_breach_is_not_promoted(house: FakeHouse) -> None:
    house.key_rotation.create_secret(NEXT)
    house.key_rotation.replace_without_grace(AFTER, 1)
    with pytest.raises(RotationRefused):
        house.key_rotation.finish_secret(NEXT)
    assert house.world.keys.version_of == {CURRENT: AFTER}


def test_a_key_that_cannot_verify_what_it_signs_is_refused(house: FakeHouse) -> None:
    keys = house.world.keys
    keys.add(replace(keys.new_key(), kid=NEXT, algorithm="HS512"), label=PENDING)
    with pytest.raises((RotationRefused, InvalidToken)):
        house.key_rotation.test_secret(NEXT)


def test_no_session_notices_a_rotation(house: FakeHouse) -> None:
    account(house)
    answer = sign_in(house)
    for version in (NEXT, AFTER):
        for step in ("create_secret", "set_secret", "test_secret", "finish_secret"):
            getattr(house.key_rotation, step)(version)
            assert claims_of(house, answer)
            assert refresh(house, sign_in(house).refresh_token).access_token
            house.world.clock.advance(60)
    assert claims_of(house, refresh(house, answer.refresh_token))


def test_after_two_rotations_the_first_key_is_gone_with_the_last_token_that_it_signed(
    house: FakeHouse,
) -> None:
    account(house)
    answer = sign_in(house)
    rotate(house, NEXT)
    rotate(house, AFTER)
    house.world.clock.advance(3599)
    assert claims_of(house, answer)
    house.world.clock.advance(61)
    old = parts(answer.access_token)[0]["kid"]
    assert house.world.keys.current().verifier(old, house.world.clock.now) is None


def test_a_rotation_that_was_finished_late_keeps_the_tokens_of_the_key_before(house: FakeHouse) -> None:
    """A key signs until the next one is promoted, however long ago that one was made."""
    account(house)
    house.key_rotation.create_secret(NEXT)
    house.world.clock.advance(3 * 3600)
    answer = sign_in(house)
    house.key_rotation.finish_secret(NEXT)
    house.world.clock.advance(60)
    rotate(house, AFTER)
    assert claims_of(house, answer)


def test_a_breach_leaves_one_key_and_no_grace(house: FakeHouse) -> None:
    account(house)
    answer = sign_in(house)
    rotate(house, NEXT)
    house.key_rotation.replace_without_grace(AFTER, 1)
    assert house.world.keys.version_of == {CURRENT: AFTER}
    with pytest.raises(InvalidToken):
        claims_of(house, answer)
    assert claims_of(house, sign_in(house))


def test_a_breach_may_be_repeated(house: FakeHouse) -> None:
    house.key_rotation.replace_without_grace(AFTER, 1)
    key = house.world.keys.versions[AFTER]
    house.key_rotation.replace_without_grace(AFTER, 1)
    assert house.world.keys.versions[AFTER] == key
    assert house.world.keys.version_of == {CURRENT: AFTER}


def test_a_secret_without_a_current_version_is_refused(house: FakeHouse) -> None:
    house.world.keys.version_of.clear()
    with pytest.raises(RotationRefused):
        house.key_rotation.create_secret(NEXT)


def test_a_key_of_the_wrong_material_is_never_made(house: FakeHouse) -> None:
    house.key_rotation.create_secret(NEXT)
    key = house.world.keys.versions[NEXT]
    assert key.algorithm == "HS256"
    assert isinstance(key.material, KeyMaterial)
    assert key.material.reveal().isascii()
