"""What the succession of keys refuses: a key before its turn, a version of a stale read, an interruption."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.tokens.signing_keys import SigningKey
from chalicelib.oauth.key_rotation import RotationRefused
from tests.fake_keys import CURRENT, PENDING
from tests.oauth.forge import parts
from tests.oauth.key_stage import LEAD, Stage, said


def test_the_next_key_neither_signs_nor_verifies_before_its_turn() -> None:
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    answer = stage.sign_in()
    following = stage.current.following
    assert following is not None
    token = stage.adapters.codec.sign(parts(answer.access_token)[1], following.key)
    with pytest.raises(InvalidToken):
        stage.verifies(replace(answer, access_token=token))
    stage.services.key_rotation.create_secret("00000000-2222-4222-8222-222222222222", early=True)
    with pytest.raises(InvalidToken):
        stage.verifies(replace(answer, access_token=token))
    stage.services.key_rotation.finish_secret("00000000-2222-4222-8222-222222222222")
    stage.verifies(replace(answer, access_token=token))


def test_a_function_that_sees_the_promotion_late_says_so() -> None:
    """The table records the replacement; a token of the next key may be good."""
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    stale = stage.adapters.keys.current()
    stage.rotate(after=LEAD)
    answer = stage.sign_in()
    stage.adapters.keys.cached = stale
    with pytest.raises(Unavailable):
        stage.verifies(answer)


def pending(stage: Stage, key: SigningKey) -> str:
    version = "00000000-3333-4333-8333-333333333333"
    stage.adapters.keys.add(replace(key, version=version), label=PENDING)
    return version


def test_a_version_made_from_a_stale_read_is_not_promoted() -> None:
    """It would sign with a key that was replaced, or leave out one whose tokens live."""
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    before = stage.adapters.keys.published()
    stage.rotate(after=LEAD)
    succession, now = stage.services.key_rotation.succession, stage.adapters.clock.now
    for since in (0, now):
        stale = succession.after(before, "00000000-3333-4333-8333-333333333333", now, since)
        version = pending(stage, stale)
        with pytest.raises(RotationRefused):
            stage.services.key_rotation.finish_secret(version)
        del stage.adapters.keys.versions[version]
    assert stage.adapters.keys.version_of[CURRENT] != "00000000-3333-4333-8333-333333333333"


def test_only_public_parts_of_replaced_keys_are_kept() -> None:
    stage = Stage("ES256")
    for _ in range(4):
        stage.rotate(early=True)
    materials = [one.key.material.reveal() for one in stage.current.retired if one.key.is_public]
    assert materials
    assert not any(b'"d"' in material for material in materials)


@pytest.mark.parametrize("step", ["create_secret", "test_secret", "finish_secret"])
@pytest.mark.parametrize("method", ["labels", "key", "add", "promote", "remove_label"])
def test_a_step_that_was_interrupted_is_repeated(step: str, method: str) -> None:
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    stage.adapters.clock.advance(LEAD)
    (_, coming), version = stage.published, "00000000-4444-4444-8444-444444444444"
    for name in ("create_secret", "test_secret", "finish_secret"):
        if name == step:
            stage.adapters.keys.mute = {method}
            with suppress(Unavailable):
                getattr(stage.services.key_rotation, name)(version)
            stage.adapters.keys.mute = set()
        getattr(stage.services.key_rotation, name)(version)
    assert said(stage.sign_in())[1] == coming


def test_of_two_rotations_at_once_one_is_refused() -> None:
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    answer, rotation = stage.sign_in(), stage.services.key_rotation
    first, second = (f"0000000{one}-5555-4555-8555-555555555555" for one in (1, 2))
    for version in (first, second):
        rotation.create_secret(version, early=True)
    stage.adapters.keys.version_of[PENDING] = first
    rotation.finish_secret(first)
    stage.adapters.keys.version_of[PENDING] = second
    with pytest.raises(RotationRefused):
        rotation.finish_secret(second)
    assert stage.current.version_id == first
    stage.verifies(answer, stage.sign_in())
