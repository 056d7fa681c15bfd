"""Accounts, names, codes, sessions and deletions in random order, against a model of the contract.

Everything goes through the use cases; the machine sees what an app sees, and the codes that were mailed.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.profiles import Profile
from chalicelib.domain.errors import InvalidGrant
from chalicelib.domain.preconditions import Precondition
from tests.accounts.codes_machine import ADDRESSES, MOSTLY, USERNAMES, CodesMachine, password
from tests.changes import ACTOR
from tests.fake_aws import aws_in_process
from tests.fakes import FakeServices
from tests.oauth.actors import refresh

username = st.sampled_from([*USERNAMES, None])


class AccountsMachine(CodesMachine):
    """Runs on fakes; `TableMachine` runs on a table."""

    @precondition(lambda self: self.model.people)
    @rule(data=st.data(), is_right=MOSTLY)
    def sign_in(self, data: st.DataObject, is_right: bool) -> None:  # noqa: FBT001
        person = data.draw(st.sampled_from(self.model.people * 3 + self.model.deleted))
        name = data.draw(st.sampled_from([one for one in (person.email, person.username) if one]))
        self._sign_in(name, person.password if is_right else f"not {person.password}")

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data())
    def refresh(self, data: st.DataObject) -> None:
        session = self._some_session(data)
        try:
            token = refresh(self.services, session.refresh_token).refresh_token
        except InvalidGrant:
            assert session.ended
        else:
            assert not session.ended
            assert token is not None
            session.refresh_token = token

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data(), name=username)
    def rename(self, data: st.DataObject, name: str | None) -> None:
        session = self._some_session(data)
        person, now = session.person, self.clock.now
        is_free = name is None or self.model.is_available(name, person, now)
        try:
            done = self._as(session, lambda: self.services.change_username(session.claims, name, ""))
        except Conflict:
            assert not is_free
            return
        if done is not None:
            assert is_free
            self.model.rename(person, name, now)

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data(), chosen=password)
    def change_password(self, data: st.DataObject, chosen: str) -> None:
        session = self._some_session(data)
        person = session.person

        def change() -> bool:
            self.services.change_password(session.claims, person.password, chosen, "")
            return True

        if self._as(session, change):
            person.password, person.voids = chosen, person.voids + 1
            self.model.end_sessions(person, but=session)

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data(), number=st.integers())
    def put_profile(self, data: st.DataObject, number: int) -> None:
        session = self._some_session(data)
        profile = Profile(f'{{"n": {number}}}')

        def put() -> bool:
            self.services.own_profile.replace(session.claims, profile, Precondition())
            return True

        if self._as(session, put):
            assert self.services.own_profile.read(session.claims, Precondition()) == profile

    @precondition(lambda self: self.model.people)
    @rule(data=st.data(), disabled=st.sampled_from([False, False, True]))
    def disable_or_enable(self, data: st.DataObject, disabled: bool) -> None:  # noqa: FBT001
        person = data.draw(st.sampled_from(self.model.people))
        administration = self.services.administration
        person.disabled, person.voids = disabled, person.voids + 1
        if disabled:
            administration.disable(person.user_id, ACTOR)
            self.model.end_sessions(person)
        else:
            administration.enable(person.user_id, ACTOR)

    @precondition(lambda self: self.model.sessions)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        session = self._some_session(data)
        person = session.person

        def delete() -> bool:
            self.services.delete_account(session.claims, person.password, "")
            return True

        if self._as(session, delete):
            self.model.delete(person)
            assert self.left_of(person.user_id) <= {"AUDIT"}

    @invariant()
    def each_name_finds_its_owner(self) -> None:
        for name in [*ADDRESSES, *USERNAMES]:
            found = self.services.adapters.accounts.find(SignInName.of(name))
            owner = self.model.owner(name)
            assert (found.user_id if found else None) == (owner.user_id if owner else None), name

    @invariant()
    def each_account_is_as_expected(self) -> None:
        for person in self.model.people:
            found = self.services.adapters.accounts.account(person.user_id)
            assert found is not None
            assert (found.email, found.username, found.disabled) == (
                person.email,
                person.username,
                person.disabled,
            )

    def left_of(self, user_id: str) -> set[str]:
        """Return the kinds of items that are left of an account."""
        assert isinstance(self.services, FakeServices)
        store = self.services.adapters.store
        kinds: dict[str, set[str]] = {
            "ACCOUNT": set(store.accounts),
            "PASSWORD": set(store.hashes),
            "PROFILE": set(store.profiles),
            "NAME": {*store.names.values(), *(owner for owner, _ in store.reserved.values())},
            "NAMES": {owner for owner, _ in store.former},
            "DEVICES": {owner for owner, _ in store.devices},
            "SESSIONS": {owner for owner, _ in store.live},
            "ENDED": {owner for owner, _, _ in store.past},
            "AUDIT": {one.user_id for one in store.recorded},
        }
        return {kind for kind, owners in kinds.items() if user_id in owners}


class TableMachine(AccountsMachine):
    """The same on a table in moto."""

    def start(self) -> None:
        self.stack = ExitStack()
        self.aws = self.stack.enter_context(aws_in_process())
        self.services = self.aws.services(self.clock)
        vars(self.services.adapters)["mail_queue"] = self.queue

    def teardown(self) -> None:
        self.stack.close()

    def left_of(self, user_id: str) -> set[str]:
        """Return the kinds of items that name an account, but for what expires by itself."""
        mine = [item for item in self.aws.items() if user_id in str(item)]
        return {item["pk"]["S"].partition("#")[0] for item in mine} - {"VERIFICATION"}


AccountsMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=60, deadline=None)
TestAccountsMachine = AccountsMachine.TestCase


@pytest.mark.soak
def test_accounts_on_a_table() -> None:
    run_state_machine_as_test(
        TableMachine, settings=settings(max_examples=60, stateful_step_count=60, deadline=None)
    )
