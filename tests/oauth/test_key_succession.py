"""Changes of the algorithm: two rotations there, two back, a published key never early, no token lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import InvalidToken
from tests.oauth.key_stage import DAY, LEAD, Stage, said


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
