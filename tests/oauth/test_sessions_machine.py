"""Sign-ins, refreshes, thefts, outages and lost answers in random order, against a model of three lines."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.errors import InvalidGrant, InvalidScope, Unavailable
from chalicelib.domain.sessions.refresh_tokens import RefreshToken
from tests.fakes import fake_services
from tests.oauth.actors import account, refresh, sign_in

WINDOW, LIMIT = 10, 3
KEYS = [None, "k1", "k2"]


@dataclass
class Expected:
    """What the contract says of one session. A token that the client never heard of is None."""

    session_id: str
    tokens: list[str | None]
    used_at: int
    rotated_at: int = -(10**9)
    first_key: str | None = None
    ended: bool = False

    def says(self, generation: int, now: int, key: str | None) -> str:
        if self.ended:
            return "refused"
        newest = len(self.tokens) - 1
        if generation == newest:
            return "exchange"
        in_time = key is not None or now - self.rotated_at <= WINDOW
        if generation == newest - 1 and key == self.first_key and in_time:
            return "repeat"
        return "reuse"


class SessionsMachine(RuleBasedStateMachine):
    """Everything goes through the token endpoint; the model sees what it was sent and what it answered."""

    @initialize()
    def move_in(self) -> None:
        self.services = fake_services(max_sessions=LIMIT)
        self.adapters = self.services.adapters
        self.user = account(self.services)
        self.sessions: list[Expected] = []
        self.thefts = 0

    @rule()
    def sign_in(self) -> None:
        token = sign_in(self.services).refresh_token
        now = self.adapters.clock.now
        opened = Expected(RefreshToken.parse(token).session_id, [token], used_at=now)
        self.sessions.append(opened)
        gone = {one.session_id for one in self.adapters.store.past.values()}
        evicted = [one for one in self.sessions if not one.ended and one.session_id in gone]
        assert len(evicted) == max(0, sum(not one.ended for one in self.sessions) - LIMIT)
        for one in evicted:
            assert one.used_at == min(other.used_at for other in self.sessions if not other.ended)
            one.ended = True

    @rule(seconds=st.integers(0, 2 * WINDOW))
    def wait(self, seconds: int) -> None:
        self.adapters.clock.advance(seconds)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), key=st.sampled_from(KEYS), back=st.integers(0, 3))
    def refresh(self, data: st.DataObject, key: str | None, back: int) -> None:
        session, generation, token = self._some_token(data, back)
        if token is None:
            return
        said = session.says(generation, self.adapters.clock.now, key)
        try:
            answer = refresh(self.services, token, idempotency_key=key).refresh_token
        except InvalidGrant:
            assert said in {"refused", "reuse"}
            self._refused(session, said)
        else:
            assert said in {"exchange", "repeat"}
            self._answered(session, said, answer, key)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), key=st.sampled_from(KEYS), mute=st.booleans())
    def refresh_in_an_outage(self, data: st.DataObject, key: str | None, mute: bool) -> None:  # noqa: FBT001
        session, generation, token = self._some_token(data, 0)
        if token is None or session.says(generation, self.adapters.clock.now, key) != "exchange":
            return
        setattr(self.adapters.store, "mute" if mute else "down", {"rotate"})
        try:
            refresh(self.services, token, idempotency_key=key)
        except Unavailable:
            self.adapters.store.mute, self.adapters.store.down = set(), set()
        else:
            raise AssertionError("an outage went unnoticed")
        if mute:
            self._answered(session, "exchange", None, key)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), scope=st.sampled_from(["a  b", "users:write"]))
    def ask_for_a_scope_that_cannot_be(self, data: st.DataObject, scope: str) -> None:
        session, generation, token = self._some_token(data, 0)
        if token is None or session.says(generation, self.adapters.clock.now, None) != "exchange":
            return
        try:
            refresh(self.services, token, scope=scope)
        except InvalidScope:
            return
        raise AssertionError("a scope that cannot be was granted")

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), end=st.sampled_from(["=", " ", "A", ""]))
    def mangle(self, data: st.DataObject, end: str) -> None:
        _, _, token = self._some_token(data, 3)
        try:
            refresh(self.services, (token or "ghr_")[:-1] + end + end)
        except InvalidGrant:
            return
        raise AssertionError("a mangled token was exchanged")

    @invariant()
    def the_table_holds_the_sessions_that_stand(self) -> None:
        live = {session_id for _, session_id in self.adapters.store.live}
        assert live == {one.session_id for one in self.sessions if not one.ended}
        assert len(live) <= LIMIT

    @invariant()
    def every_theft_is_audited_once(self) -> None:
        assert self.adapters.audit.names.count("refresh_token_reuse") == self.thefts

    def _some_token(self, data: st.DataObject, back: int) -> tuple[Expected, int, str | None]:
        session = data.draw(st.sampled_from(self.sessions))
        generation = max(0, len(session.tokens) - 1 - back)
        return session, generation, session.tokens[generation]

    def _refused(self, session: Expected, said: str) -> None:
        if said == "reuse":
            session.ended = True
            self.thefts += 1

    def _answered(self, session: Expected, said: str, answer: str | None, key: str | None) -> None:
        if said == "exchange":
            assert answer is None or answer not in session.tokens
            session.tokens.append(answer)
            session.rotated_at = session.used_at = self.adapters.clock.now
            session.first_key = key
        else:
            assert session.tokens[-1] in {None, answer}, "not the same bytes"
            session.tokens[-1] = answer


SessionsMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestSessionsMachine = SessionsMachine.TestCase
