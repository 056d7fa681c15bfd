"""Changes of the algorithm: two rotations there, two back, a published key never early, no token lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.tokens.public_keys import published_keys
from chalicelib.domain.tokens.signing_keys import SigningKey
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.key_rotation import RotationRefused
from tests.fake_keys import CURRENT, PENDING
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import account, claims_of, sign_in
from tests.oauth.forge import parts

DAY = 86_400
LEAD = DAY + 60 + 60
"""A day, the cache of keys, and the leeway of clocks."""


class Stage:
    """One table and one secret, and an operator who changes the setting."""

    def __init__(self, algorithm: str) -> None:
        self.services: FakeServices = fake_services(signing_algorithm=algorithm)
        self.adapters = self.services.adapters
        self.count = 0
        account(self.services)

    def set(self, algorithm: str) -> None:
        settings = replace(self.services.settings, signing_algorithm=algorithm)
        self.services = FakeServices(settings, self.adapters)

    def rotate(self, *, early: bool = False, after: int = 0) -> bool:
        """Rotate `after` so many seconds; tell whether the signing key was kept."""
        self.adapters.clock.advance(after)
        self.count += 1
        version = f"{self.count:08}-1111-4111-8111-111111111111"
        kept = self.services.key_rotation.create_secret(version, early=early)
        self.services.key_rotation.test_secret(version)
        self.services.key_rotation.finish_secret(version)
        assert self.current.version_id == version
        return kept

    @property
    def current(self) -> SigningKey:
        return self.adapters.keys.current().current

    @property
    def published(self) -> list[str]:
        """Return the ids of the published keys."""
        keys = published_keys(self.adapters.keys.published(), self.adapters.clock.now)
        assert not any(set(one) & {"d", "p", "q", "k"} for one in keys)
        return [one["kid"] for one in keys]

    def sign_in(self) -> TokenResponse:
        return sign_in(self.services)

    def verifies(self, *answers: TokenResponse) -> None:
        for answer in answers:
            claims_of(self.services, answer)


def said(answer: TokenResponse) -> tuple[str, str]:
    header = parts(answer.access_token)[0]
    return header["alg"], header["kid"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_change_of_algorithm_takes_two_rotations_there_and_back(algorithm: str) -> None:
    stage = Stage(algorithm)
    before = stage.sign_in()
    assert stage.published == []
    assert not stage.rotate()
    between = stage.sign_in()
    assert said(between)[0] == "HS256"
    assert len(stage.published) == 1
    stage.verifies(before, between)
    (coming,) = stage.published
    stage.adapters.clock.advance(LEAD - 1800)
    newest = stage.sign_in()
    stage.rotate(after=1800)
    after = stage.sign_in()
    assert said(after) == (algorithm, coming)
    assert stage.published[0] == coming
    assert len(stage.published) == 2
    stage.verifies(newest, after)
    stage.set("HS256")
    stage.rotate(after=LEAD)
    back = stage.sign_in()
    assert said(back)[0] == algorithm
    assert stage.current.following is None
    stage.rotate()
    last = stage.sign_in()
    assert said(last)[0] == "HS256"
    stage.verifies(back, last)
    # Whoever verifies elsewhere has the keys of what still lives.
    assert said(back)[1] in stage.published
    stage.rotate(after=DAY)
    stage.rotate(after=DAY)
    assert stage.published == []


def test_from_one_asymmetric_algorithm_to_the_other_likewise() -> None:
    stage = Stage("RS256")
    stage.rotate()
    stage.rotate(after=LEAD)
    stage.set("ES256")
    stage.rotate(after=LEAD)
    assert said(stage.sign_in())[0] == "RS256"
    stage.rotate(after=LEAD)
    assert said(stage.sign_in())[0] == "ES256"


@pytest.mark.parametrize("wait", [0, 60, DAY, LEAD - 1])
def test_a_key_signs_no_sooner_than_a_day_after_its_publication(wait: int) -> None:
    """A rotation that comes earlier succeeds: the signing key stays, and so does the one that waits."""
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    first = stage.sign_in()
    published = stage.published
    assert stage.rotate(after=wait)
    assert said(stage.sign_in()) == said(first)
    assert stage.published == published
    # The time counts from the first publication, however many rotations come meanwhile.
    stage.rotate(after=LEAD - wait)
    assert said(stage.sign_in())[1] == published[1]


def test_an_hmac_key_is_replaced_while_the_published_one_waits() -> None:
    stage = Stage("ES256")
    stage.rotate()
    first, (coming,) = stage.sign_in(), stage.published
    assert not stage.rotate(after=3600)
    second = stage.sign_in()
    assert said(second)[0] == "HS256"
    assert said(first)[1] != said(second)[1]
    assert stage.published == [coming]
    stage.rotate(after=LEAD - 3600)
    assert said(stage.sign_in())[1] == coming


def test_frequent_rotations_do_not_keep_the_next_key_waiting_for_ever() -> None:
    stage = Stage("ES256")
    kids = set()
    for _ in range(20):
        stage.rotate(after=DAY // 2)
        kids.add(said(stage.sign_in())[1])
        assert len(stage.current.retired) < 8
    assert len(kids) >= 5


def test_a_promotion_that_came_late_publishes_late() -> None:
    """A version may stay pending for days; what it lists is published when it becomes current."""
    stage = Stage("ES256")
    version = "00000000-2222-4222-8222-222222222222"
    stage.services.key_rotation.create_secret(version)
    stage.adapters.clock.advance(3 * DAY)
    stage.services.key_rotation.finish_secret(version)
    stage.rotate(after=60)
    assert said(stage.sign_in())[0] == "HS256"
    stage.rotate(after=LEAD)
    assert said(stage.sign_in())[0] == "ES256"


def test_a_promotion_that_was_not_recorded_counts_as_of_now() -> None:
    stage = Stage("ES256")
    stage.rotate()
    stage.adapters.store.system_state = replace(stage.adapters.store.system_state, replaced_at={})
    stage.rotate(after=LEAD)
    assert said(stage.sign_in())[0] == "HS256"
    stage.rotate(after=LEAD)
    assert said(stage.sign_in())[0] == "ES256"


def test_a_rotation_at_once_is_the_operators_decision() -> None:
    stage = Stage("ES256")
    stage.rotate(early=True)
    first = stage.sign_in()
    stage.rotate(early=True)
    second = stage.sign_in()
    assert [said(first)[0], said(second)[0]] == ["HS256", "ES256"]
    assert stage.services.key_rotation.next_signs_at() == stage.adapters.clock.now + LEAD
    stage.verifies(first, second)


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256"])
def test_a_breach_waits_for_nothing(algorithm: str) -> None:
    stage = Stage("ES256")
    stage.rotate()
    stage.rotate(after=LEAD)
    old = stage.sign_in()
    stage.set(algorithm)
    replacement = stage.services.key_rotation.replace_without_grace(1)
    stage.services.key_rotation.tidy_labels(replacement)
    stage.adapters.store.system_state = stage.adapters.store.system_state.with_epoch(1)
    new = stage.sign_in()
    assert said(new) == (algorithm, replacement.key.version_id)
    with pytest.raises(InvalidToken):
        stage.verifies(old)
    assert said(old)[1] not in stage.published
    assert len(stage.published) == (0 if algorithm == "HS256" else 2)
    stage.rotate(after=LEAD)
    stage.verifies(stage.sign_in())


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
