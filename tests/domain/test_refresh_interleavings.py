"""Every interleaving, within small bounds, of a client, a network, a clock and a thief.

Equal scenes are looked at once and counted for every run that leads through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from chalicelib.domain.sessions.refresh_tokens import Exchange, RefreshToken, Replay, Reuse, decide
from tests.domain.refresh_model import (
    THIEFS_KEY,
    WINDOW,
    Budget,
    Scene,
    moves,
    nonce,
    opening,
    present,
    rule,
)

HONEST = Budget(sends=6, doubled_requests=2, waits=2)
ROBBED = Budget(sends=3, doubled_requests=1, waits=1, copies=1, thefts=3)
TINY = Budget(sends=2, doubled_requests=1, waits=1, copies=1, thefts=1, generations=2)
LONG_HONEST = Budget(sends=8, doubled_requests=3, waits=4)
LONG_ROBBED = Budget(sends=4, doubled_requests=1, waits=2, copies=2, thefts=3)


@dataclass
class Walk:
    """A walk through every run: how many begin at each scene, and so which scenes there are."""

    runs_from: dict[Scene, int] = field(default_factory=dict)

    def runs(self, scene: Scene) -> int:
        """Count the runs that begin here, having held every scene on the way to the invariants."""
        known = self.runs_from.get(scene)
        if known is None:
            check(scene)
            known = sum(self.runs(after) for after in moves(scene)) or 1
            self.runs_from[scene] = known
        return known

    def is_ever_lost(self) -> bool:
        return any(scene.ended or scene.signed_out for scene in self.runs_from)


@cache
def walked(scene: Scene) -> Walk:
    walk = Walk()
    walk.runs(scene)
    return walk


def walk_and_tell(capsys: pytest.CaptureFixture[str], what: str, scene: Scene) -> Walk:
    walk = walked(scene)
    with capsys.disabled():
        print(f"\n{what}: {walk.runs_from[scene]:,} interleavings through {len(walk.runs_from):,} moments")  # noqa: T201
    return walk


def check(scene: Scene) -> None:
    """Hold one moment to the rules: one token is current, and each other one is a retry or a theft."""
    if scene.ended or scene.family is None:
        assert scene.family is None
        return
    keys = {None, scene.first_key, "a key that nobody used"}
    for key in keys:
        for generation, text in enumerate(scene.tokens):
            said = decide(
                scene.family,
                RefreshToken.parse(text),
                now=scene.now,
                retry_window=WINDOW,
                idempotency_key=key,
                nonce=nonce(),
            )
            assert type(said) is rule(scene, generation, key), scene.trace
    if scene.keyed and not scene.loot and not scene.requests_overtake and not scene.signed_out:
        assert rule(scene, scene.held, scene.stored_key) is not Reuse, scene.trace


def soaking(short: Budget, long: Budget) -> pytest.MarkDecorator:
    bounds = [pytest.param(short, id="short"), pytest.param(long, marks=pytest.mark.soak, id="long")]
    return pytest.mark.parametrize("bounds", bounds)


@soaking(HONEST, LONG_HONEST)
def test_a_client_that_sends_the_key_never_loses_its_session(
    capsys: pytest.CaptureFixture[str], bounds: Budget
) -> None:
    """Answers lost, doubled or late, requests lost or doubled, retries at any time, and no thief."""
    walk = walk_and_tell(capsys, "honest client with key", opening(bounds, keyed=True))
    assert not walk.is_ever_lost()
    assert max(scene.held for scene in walk.runs_from) == 4


@soaking(HONEST, LONG_HONEST)
def test_a_client_without_the_key_loses_its_session_only_by_a_retry_after_the_window(
    capsys: pytest.CaptureFixture[str], bounds: Budget
) -> None:
    walk = walk_and_tell(capsys, "honest client without key", opening(bounds, keyed=False))
    assert walk.is_ever_lost()
    assert not walked(opening(replace(bounds, waits=0), keyed=False)).is_ever_lost()


@soaking(replace(HONEST, sends=5, doubled_requests=1), LONG_HONEST)
def test_only_a_request_that_the_use_of_its_own_successor_overtook_looks_like_theft(
    capsys: pytest.CaptureFixture[str], bounds: Budget
) -> None:
    """The contract cannot tell such a straggler from a thief: the older generation ends the session."""
    scene = opening(bounds, keyed=True, requests_overtake=True)
    assert walk_and_tell(capsys, "honest client with key, requests overtaken", scene).is_ever_lost()


@soaking(ROBBED, LONG_ROBBED)
@pytest.mark.parametrize("keyed", [True, False])
def test_with_a_thief_about_the_rules_hold_at_every_moment(
    capsys: pytest.CaptureFixture[str],
    keyed: bool,  # noqa: FBT001
    bounds: Budget,
) -> None:
    scene = opening(bounds, keyed=keyed, requests_overtake=True)
    walk = walk_and_tell(capsys, f"a thief, and a client {'with' if keyed else 'without'} key", scene)
    assert max(scene.generation for scene in walk.runs_from) == 4
    assert any(scene.ended and scene.loot for scene in walk.runs_from)


def test_a_theft_is_noticed_at_the_first_use_that_no_retry_explains() -> None:
    """Once client and thief have gone two ways, the spent token of the one ends the session of both."""
    parted = [
        scene
        for scene in walked(opening(ROBBED, keyed=True, requests_overtake=True)).runs_from
        if scene.loot and not scene.ended and not scene.waiting and scene.generation - scene.held >= 2
    ]
    assert parted
    assert {rule(scene, scene.held, "the key of the next operation") for scene in parted} == {Reuse}


def test_a_thief_without_the_owners_key_is_noticed_at_once_where_the_owner_was_first() -> None:
    """It cannot follow the owner's refreshes by presenting each predecessor within the window."""
    walk = walked(opening(ROBBED, keyed=True, requests_overtake=True))
    followed = [
        scene
        for scene in walk.runs_from
        if not scene.ended and scene.inside_window and scene.first_key not in {None, THIEFS_KEY}
    ]
    assert followed
    for scene in followed:
        for key in (None, THIEFS_KEY):
            after, answered = present(scene, scene.generation - 1, key)
            assert after.ended
            assert answered is None


def test_counting_equal_moments_once_counts_every_run() -> None:
    def one_by_one(scene: Scene) -> int:
        return sum(one_by_one(after) for after in moves(scene)) or 1

    for keyed in (True, False):
        scene = opening(TINY, keyed=keyed, requests_overtake=True)
        assert walked(scene).runs_from[scene] == one_by_one(scene)


def test_the_model_reaches_every_decision() -> None:
    scenes = walked(opening(ROBBED, keyed=True, requests_overtake=True)).runs_from
    seen = {rule(scene, generation, None) for scene in scenes for generation in range(scene.generation + 1)}
    assert seen == {Exchange, Replay, Reuse}
