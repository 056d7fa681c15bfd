"""Codes in random order, as the part of the machine of accounts that asks for them and enters them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from chalicelib.accounts.verification.requests import Requester
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import GatehouseError, InvalidGrant, InvalidToken, TooManyAttempts
from chalicelib.domain.verification.verification import Purpose, VerificationToken
from chalicelib.services import Services
from tests.accounts.accounts_model import Code, Model, OpenSession, Person, expiry
from tests.fake_mail import FakeMailQueue
from tests.fakes import FakeAdapters, FakeClock, fake_services
from tests.oauth.actors import claims_of, sign_in

ADDRESSES = ["ada@example.com", "bob@example.com", "eve@example.com"]
USERNAMES = ["lovelace", "byron"]
PASSWORDS = ["a tin of green paint", "a roll of brown paper"]
PAUSES = [1, 60, 599, 3600]
SESSIONS = 12
"""Sessions of a person, below the limit at which one is evicted."""

MOSTLY = st.sampled_from([True, True, True, False])
address, password = map(st.sampled_from, (ADDRESSES, PASSWORDS))


class CodesMachine(RuleBasedStateMachine):
    """Sign-up, reset and change of address, through the use cases."""

    services: Services

    @initialize()
    def build(self) -> None:
        self.clock = FakeClock()
        self.queue = FakeMailQueue()
        self.model = Model()
        self.start()
        for to in ADDRESSES[:2]:
            self._ask_to_sign_up(to, "192.0.2.1")
            code = self.model.codes[-1]
            self._complete(code, code.code, PASSWORDS[0], None)
            self._completed(code, PASSWORDS[0])
            self._sign_in(to, PASSWORDS[0])

    def start(self) -> None:
        services = fake_services(FakeAdapters(self.clock))
        self.services, self.queue = services, services.adapters.mail_queue

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(to=address, network=st.integers(1, 250))
    def sign_up(self, to: str, network: int) -> None:
        self._ask_to_sign_up(to, f"192.0.{network}.1")

    @rule(to=address, network=st.integers(1, 250))
    def forget_password(self, to: str, network: int) -> None:
        token = self.services.password_reset.begin(to, Requester(f"192.0.{network}.1"))
        self._asked(token, Purpose.PASSWORD_RESET, to, self.model.owner(to))

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data(), to=address)
    def ask_for_another_address(self, data: st.DataObject, to: str) -> None:
        session = self._some_session(data)
        person = session.person
        token = self._as(
            session,
            lambda: self.services.email_change.begin(
                session.claims, to, person.password, Requester("192.0.2.1")
            ),
        )
        if isinstance(token, VerificationToken):
            self._asked(token, Purpose.EMAIL_CHANGE, to, person)

    @precondition(lambda self: self.model.codes)
    @rule(data=st.data(), is_right=MOSTLY, is_newest=MOSTLY, chosen=password)
    def enter_code(self, data: st.DataObject, is_right: bool, is_newest: bool, chosen: str) -> None:  # noqa: FBT001
        codes = self.model.codes[-1:] if is_newest else self.model.codes
        self._enter(data.draw(st.sampled_from(codes)), chosen, is_right=is_right)

    @rule(to=address, network=st.integers(1, 250), chosen=password)
    def reset_password(self, to: str, network: int, chosen: str) -> None:
        self.forget_password(to, network)
        self._enter(self.model.codes[-1], chosen, is_right=True)

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data(), to=address)
    def change_address(self, data: st.DataObject, to: str) -> None:
        self.ask_for_another_address(data, to)
        if self.model.codes:
            self._enter(self.model.codes[-1], PASSWORDS[0], is_right=True)

    def _enter(self, code: Code, chosen: str, *, is_right: bool) -> None:
        session = None
        if code.purpose is Purpose.EMAIL_CHANGE:
            session = self._session_of(code.person)
            if session is None:
                return
        text = code.code if is_right else f"{(int(code.code) + 1) % 10**8:08d}"
        expected = is_right and self.model.opens(code, self.clock.now)
        code.tries += self.model.can_be_tried(code, self.clock.now)
        try:
            self._complete(code, text, chosen, session)
        except InvalidCode:
            assert not expected
        else:
            assert expected
            self._completed(code, chosen)

    def _sign_in(self, name: str, attempt: str) -> None:
        found = self.model.owner(name)
        live = [one for one in self.model.sessions if one.person is found and not one.ended]
        if len(live) >= SESSIONS:
            return
        try:
            answer = sign_in(self.services, name, attempt)
        except TooManyAttempts:
            return
        except InvalidGrant:
            assert found is None or found.disabled or found.password != attempt
            return
        assert found is not None
        assert not found.disabled
        assert found.password == attempt
        token = answer.refresh_token
        assert token is not None
        self.model.sessions.append(OpenSession(found, claims_of(self.services, answer), token))

    def _ask_to_sign_up(self, to: str, network_address: str) -> None:
        token = self.services.registration.begin(to, None, Requester(network_address))
        self._asked(token, Purpose.SIGN_UP, to, None)

    def _asked(self, token: VerificationToken, purpose: Purpose, to: str, bound: Person | None) -> None:
        mail = self.queue.requests[-1]
        assert mail.code is not None
        now = self.clock.now
        code = Code(token, mail.code.reveal(), purpose, to, mail.created_at == now, expiry(now))
        code.person, code.voids = bound, bound.voids if bound else 0
        self.model.codes.append(code)

    def _complete(self, code: Code, text: str, chosen: str, session: OpenSession | None) -> None:
        if code.purpose is Purpose.SIGN_UP:
            self.services.registration.complete(code.token, text, chosen)
        elif code.purpose is Purpose.PASSWORD_RESET:
            self.services.password_reset.complete(code.token, text, chosen)
        else:
            assert session is not None
            self.services.email_change.complete(session.claims, code.token, text, "")

    def _completed(self, code: Code, chosen: str) -> None:
        code.is_spent = True
        if code.purpose is Purpose.SIGN_UP:
            found = self.services.adapters.accounts.find(SignInName.of(code.address))
            assert found is not None
            assert found.user_id not in {one.user_id for one in self.model.deleted}
            self.model.people.append(Person(found.user_id, code.address, chosen))
            return
        person = code.person
        assert person is not None
        person.voids += 1
        if code.purpose is Purpose.EMAIL_CHANGE:
            person.email = code.address
        else:
            person.password = chosen
            self.model.end_sessions(person)

    def _as(self, session: OpenSession, call: Callable[[], Any]) -> Any:
        """Call what needs a session. Return None where there were too many tries."""
        try:
            done = call()
        except InvalidToken:
            assert session.ended
            return None
        except TooManyAttempts:
            return None
        except GatehouseError:
            assert not session.ended
            raise
        assert not session.ended
        return done

    def _some_session(self, data: st.DataObject) -> OpenSession:
        live = [one for one in self.model.sessions if not one.ended]
        return data.draw(st.sampled_from(live * 5 + self.model.sessions))

    def _session_of(self, person: Person | None) -> OpenSession | None:
        mine = [one for one in self.model.sessions if one.person is person and not one.ended]
        return mine[0] if mine else None
