"""Replacing the signing key: any step may be repeated, and no live token loses its verifier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.oauth.key_rotation import RotationRefused
from tests.fake_keys import CURRENT, PENDING, PREVIOUS
from tests.fakes import FakeServices
from tests.oauth.actors import account, claims_of, refresh, sign_in
from tests.oauth.forge import parts

NEXT, AFTER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def breach(services: FakeServices) -> str:
    """Replace the key as a breach does; return its version."""
    replacement = services.key_rotation.replace_without_grace(1)
    services.key_rotation.tidy_labels(replacement)
    return replacement.key.kid


def rotate(services: FakeServices, version: str) -> None:
    rotation = services.key_rotation
    rotation.create_secret(version)
    rotation.set_secret(version)
    rotation.test_secret(version)
    rotation.finish_secret(version)


def test_the_four_steps_make_a_new_key_sign(services: FakeServices) -> None:
    old = services.adapters.keys.version_of[CURRENT]
    rotate(services, NEXT)
    assert services.adapters.keys.version_of == {CURRENT: NEXT, PREVIOUS: old}
    account(services)
    assert parts(sign_in(services).access_token)[0]["kid"] == NEXT


def test_a_pending_key_neither_signs_nor_verifies(services: FakeServices) -> None:
    account(services)
    services.key_rotation.create_secret(NEXT)
    answer = sign_in(services)
    assert parts(answer.access_token)[0]["kid"] != NEXT
    pending = services.adapters.keys.versions[NEXT]
    forged = services.adapters.codec.sign(claims_of(services, answer).to_mapping(), pending)
    with pytest.raises(InvalidToken):
        claims_of(services, replace(answer, access_token=forged))


def test_a_key_is_new_random_and_long_enough(services: FakeServices) -> None:
    rotate(services, NEXT)
    rotate(services, AFTER)
    materials = [key.material.reveal() for key in services.adapters.keys.versions.values()]
    assert len(set(materials)) == 3
    assert all(len(material) >= 64 for material in materials)


def test_a_rotation_keeps_the_key_of_names_and_a_breach_makes_a_new_one(services: FakeServices) -> None:
    """The first version of the secret has none of its own: what was derived is written from then on."""
    keys = services.adapters.keys
    derived = keys.versions[keys.version_of[CURRENT]].name_key
    rotate(services, NEXT)
    assert keys.versions[NEXT].own_name_key == derived
    rotate(services, AFTER)
    assert keys.versions[AFTER].own_name_key == derived
    breach = services.key_rotation.replace_without_grace(epoch=1).key
    own = breach.own_name_key
    assert own is not None
    assert own != derived
    assert (len(own.reveal()), own.reveal() != breach.material.reveal()) == (64, True)


@pytest.mark.parametrize("times", [2, 3])
def test_every_step_may_be_repeated(services: FakeServices, times: int) -> None:
    rotation, keys = services.key_rotation, services.adapters.keys
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


def test_the_whole_rotation_may_be_repeated_after_its_end(services: FakeServices) -> None:
    rotate(services, NEXT)
    labels = dict(services.adapters.keys.version_of)
    services.key_rotation.create_secret(NEXT)
    services.key_rotation.set_secret(NEXT)
    services.key_rotation.test_secret(NEXT)
    assert services.key_rotation.finish_secret(NEXT) is False
    assert services.adapters.keys.version_of == labels


@pytest.mark.parametrize("method", ["labels", "key", "add", "promote", "remove_label"])
@pytest.mark.parametrize("switch", ["down", "mute"])
def test_a_step_that_crashed_at_any_call_succeeds_when_it_is_repeated(
    services: FakeServices, method: str, switch: str
) -> None:
    keys = services.adapters.keys
    old = keys.version_of[CURRENT]
    for step in ("create_secret", "test_secret", "finish_secret"):
        setattr(keys, switch, {method})
        try:
            getattr(services.key_rotation, step)(NEXT)
        except Unavailable:
            setattr(keys, switch, set())
            getattr(services.key_rotation, step)(NEXT)
        setattr(keys, switch, set())
    assert keys.version_of == {CURRENT: NEXT, PREVIOUS: old}


@pytest.mark.parametrize("switch", ["down", "mute"])
def test_a_finish_that_stopped_after_the_promotion_is_reported_when_repeated(
    services: FakeServices, switch: str
) -> None:
    services.key_rotation.create_secret(NEXT)
    services.adapters.keys.down = {"remove_label"}
    with pytest.raises(Unavailable):
        services.key_rotation.finish_secret(NEXT)
    services.adapters.keys.down = set()
    assert services.key_rotation.finish_secret(NEXT) is True


def test_an_earlier_rotation_that_is_finished_again_brings_its_key_not_back(services: FakeServices) -> None:
    keys = services.adapters.keys
    first = keys.version_of[CURRENT]
    rotate(services, NEXT)
    rotate(services, AFTER)
    labels = dict(keys.version_of)
    for late in (NEXT, first):
        with pytest.raises(RotationRefused):
            services.key_rotation.finish_secret(late)
    assert keys.version_of == labels


def test_a_promotion_does_not_revert_a_breach_after_its_read(services: FakeServices) -> None:
    services.key_rotation.create_secret(NEXT)
    services.adapters.keys.before["promote"] = lambda: breach(services)
    with pytest.raises(RotationRefused):
        services.key_rotation.finish_secret(NEXT)
    assert set(services.adapters.keys.version_of) == {CURRENT}
    assert services.key_rotation.current().epoch == 1


def test_a_version_without_a_value_is_not_promoted(services: FakeServices) -> None:
    before = dict(services.adapters.keys.version_of)
    for step in (services.key_rotation.test_secret, services.key_rotation.finish_secret):
        with pytest.raises(RotationRefused):
            step(NEXT)
    assert services.adapters.keys.version_of == before


def test_a_pending_key_that_is_the_current_one_is_not_promoted(services: FakeServices) -> None:
    keys = services.adapters.keys
    current = keys.versions[keys.version_of[CURRENT]]
    keys.add(replace(current, kid=NEXT), label=PENDING)
    with pytest.raises(RotationRefused):
        services.key_rotation.finish_secret(NEXT)


def test_a_pending_key_from_before_a_breach_is_not_promoted(services: FakeServices) -> None:
    services.key_rotation.create_secret(NEXT)
    after = breach(services)
    with pytest.raises(RotationRefused):
        services.key_rotation.finish_secret(NEXT)
    assert services.adapters.keys.version_of == {CURRENT: after}


def test_a_key_that_cannot_verify_what_it_signs_is_refused(services: FakeServices) -> None:
    keys = services.adapters.keys
    keys.add(replace(keys.new_key(), kid=NEXT, algorithm="HS512"), label=PENDING)
    with pytest.raises((RotationRefused, InvalidToken, Unavailable)):
        services.key_rotation.test_secret(NEXT)


def test_no_session_notices_a_rotation(services: FakeServices) -> None:
    account(services)
    answer = sign_in(services)
    for version in (NEXT, AFTER):
        for step in ("create_secret", "set_secret", "test_secret", "finish_secret"):
            getattr(services.key_rotation, step)(version)
            assert claims_of(services, answer)
            assert refresh(services, sign_in(services).refresh_token).access_token
            services.adapters.clock.advance(60)
    assert claims_of(services, refresh(services, answer.refresh_token))


def test_after_two_rotations_the_first_key_expires_with_its_last_token(
    services: FakeServices,
) -> None:
    account(services)
    answer = sign_in(services)
    rotate(services, NEXT)
    rotate(services, AFTER)
    services.adapters.clock.advance(3599)
    assert claims_of(services, answer)
    services.adapters.clock.advance(61)
    old = parts(answer.access_token)[0]["kid"]
    assert services.adapters.keys.current().verifier(old, services.adapters.clock.now) is None


def test_a_rotation_that_was_finished_late_keeps_the_tokens_of_the_key_before(services: FakeServices) -> None:
    """A key signs until the next one is promoted, however long ago that one was made."""
    account(services)
    services.key_rotation.create_secret(NEXT)
    services.adapters.clock.advance(3 * 3600)
    answer = sign_in(services)
    services.key_rotation.finish_secret(NEXT)
    services.adapters.clock.advance(60)
    rotate(services, AFTER)
    assert claims_of(services, answer)


def test_a_breach_leaves_one_key_and_no_grace(services: FakeServices) -> None:
    account(services)
    answer = sign_in(services)
    rotate(services, NEXT)
    assert services.adapters.keys.version_of == {CURRENT: breach(services)}
    with pytest.raises(InvalidToken):
        claims_of(services, answer)
    assert claims_of(services, sign_in(services))


def test_a_breach_may_be_repeated(services: FakeServices) -> None:
    first, second = breach(services), breach(services)
    assert first != second
    assert services.adapters.keys.version_of == {CURRENT: second}
    assert services.key_rotation.current().epoch == 2


def test_a_secret_without_a_current_version_is_refused(services: FakeServices) -> None:
    services.adapters.keys.version_of.clear()
    with pytest.raises(RotationRefused):
        services.key_rotation.create_secret(NEXT)


def test_a_key_of_the_wrong_material_is_never_made(services: FakeServices) -> None:
    services.key_rotation.create_secret(NEXT)
    key = services.adapters.keys.versions[NEXT]
    assert key.algorithm == "HS256"
    assert key.material.reveal().isascii()
