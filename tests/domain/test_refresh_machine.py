"""The model of the interleavings in random runs that are longer than any walk could be."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.sessions.refresh_tokens import Exchange
from tests.domain import refresh_model
from tests.domain.refresh_model import THIEFS_KEY, WINDOW, Budget, Scene, check_loss, opening, present

ENDLESS = Budget(generations=10**6)


class RefreshMachine(RuleBasedStateMachine):
    """Server, client, network, clock and thief. What the rules decide is checked inside `present`."""

    scene: Scene

    @initialize(keyed=st.booleans())
    def sign_in(self, keyed: bool) -> None:  # noqa: FBT001
        self.scene = opening(ENDLESS, keyed=keyed, requests_overtake=True)
        self.in_flight: list[tuple[int, int]] = []
        self.answers: list[tuple[int, int | None]] = []
        self.loot: list[tuple[int, str | None]] = []
        self.reused = False

    @precondition(lambda self: not self.scene.signed_out)
    @rule()
    def send(self) -> None:
        operation = self.scene.operation if self.scene.waiting else self.scene.operation + 1
        self.scene = replace(self.scene, operation=operation, waiting=True)
        self.in_flight.append((operation, self.scene.held))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), for_the_last_time=st.booleans())
    def request_arrives(self, data: st.DataObject, for_the_last_time: bool) -> None:  # noqa: FBT001
        operation, generation = data.draw(st.sampled_from(self.in_flight))
        if for_the_last_time:
            self.in_flight.remove((operation, generation))
        before = replace(self.scene, loot=tuple(self.loot))
        answered = self._present(generation, self.scene.key(operation))
        if answered is None and not before.ended:
            check_loss(before, generation, operation)
        self.answers.append((operation, answered))

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def answer_arrives(self, data: st.DataObject) -> None:
        operation, answered = data.draw(st.sampled_from(self.answers))
        if self.scene.waiting and operation == self.scene.operation:
            held = self.scene.held if answered is None else answered
            self.scene = replace(self.scene, waiting=False, held=held, signed_out=answered is None)

    @rule(seconds=st.integers(0, 3 * WINDOW))
    def wait(self, seconds: int) -> None:
        now = self.scene.now + seconds
        rotated_at = self.scene.family.rotated_at if self.scene.family else 0
        self.scene = replace(self.scene, now=now, inside_window=now - rotated_at <= WINDOW)

    @rule(with_the_key=st.booleans())
    def thief_copies(self, with_the_key: bool) -> None:  # noqa: FBT001
        self.loot.append((self.scene.held, self.scene.stored_key if with_the_key else None))

    @precondition(lambda self: self.loot)
    @rule(data=st.data())
    def thief_presents(self, data: st.DataObject) -> None:
        generation, copied_key = data.draw(st.sampled_from(self.loot))
        answered = self._present(generation, data.draw(st.sampled_from([copied_key, THIEFS_KEY, None])))
        if answered is not None:
            self.loot.append((answered, None))

    @invariant()
    def one_token_is_current(self) -> None:
        if self.scene.ended:
            assert self.scene.family is None
        else:
            issued = range(len(self.scene.tokens))
            current = [one for one in issued if refresh_model.rule(self.scene, one, None) is Exchange]
            assert current == [self.scene.generation]
            assert len(set(self.scene.tokens)) == self.scene.generation + 1

    @invariant()
    def after_reuse_nothing_works(self) -> None:
        self.reused = self.reused or self.scene.ended
        assert self.scene.ended is self.reused

    def _present(self, generation: int, key: str | None) -> int | None:
        self.scene, answered = present(self.scene, generation, key)
        assert not (self.reused and answered is not None)
        return answered


RefreshMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestRefreshMachine = RefreshMachine.TestCase
