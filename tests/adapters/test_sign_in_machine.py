"""Attempts, right and wrong, from anywhere, in random order: the store against a model of the contract."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import active
from chalicelib.domain.sign_in.attempts import BegunSignIn
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.limits import DEVICE_FAILURES, WINDOW_SECONDS
from tests.adapters.conftest import Store
from tests.adapters.records import LIMITS, NOW, account, device_key, id_of, session
from tests.fake_aws import aws_in_process
from tests.fakes import FakeClock

KNOWN = ["ada@example.com", "lovelace"]
NAMES = [*KNOWN, "bob@example.com", "nobody@example.com"]
ADDRESSES = ["192.0.2.1", "192.0.2.99", "198.51.100.7", "2001:db8::1", ""]
NETWORKS = {"192.0.2.99": "192.0.2.1"}
PAUSES = [0, 1, 30, 60, 3600, WINDOW_SECONDS // 2, WINDOW_SECONDS - 1, WINDOW_SECONDS]

name, address = st.sampled_from(NAMES), st.sampled_from(ADDRESSES)


class NameModel:
    """Failures of a name: at most so many from a network and in all, within seven days of the first."""

    def __init__(self) -> None:
        self.began_at, self.failures = 0, list[str]()

    def wait(self, network: str, now: int) -> int:
        if not self.failures or now >= self.began_at + WINDOW_SECONDS:
            return 0
        used_up = len(self.failures) >= LIMITS.name_failures
        used_up |= self.failures.count(network) >= LIMITS.network_failures
        return self.began_at + WINDOW_SECONDS - now if used_up else 0

    def charge(self, network: str, now: int) -> None:
        if not self.failures or now >= self.began_at + WINDOW_SECONDS:
            self.began_at, self.failures = now, []
        self.failures.append(network)


class DeviceModel:
    """Failures of a device: ten, then one each wait."""

    def __init__(self) -> None:
        self.failures, self.last = 0, 0

    def wait(self, now: int) -> int:
        if self.failures < DEVICE_FAILURES:
            return 0
        return max(0, self.last + LIMITS.device_wait_seconds - now)


class SignInMachine(RuleBasedStateMachine):
    """The fake store; the subclass has the table."""

    def place(self) -> Store:
        """Return the store to be tried."""
        return Store.fake()

    @initialize()
    def move_in(self) -> None:
        self.store, self.now, self.opened = self.place(), NOW, 0
        self.store.create(account(username="lovelace"))
        self.store.create(account("bob"))
        self.names = {one: NameModel() for one in NAMES}
        self.devices: dict[int, DeviceModel] = {}

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(name=name, address=address, times=st.integers(1, 4))
    def guess(self, name: str, address: str, times: int) -> None:
        for _ in range(times):
            self._attempt(name, address)

    @rule(name=name, address=address)
    def use_a_key_that_is_not_the_accounts(self, name: str, address: str) -> None:
        self._attempt(name, address, device_key("stranger", "bob" if name in KNOWN else "ada"))

    @rule(name=st.sampled_from(KNOWN), address=address)
    def sign_in(self, name: str, address: str) -> None:
        began_at, failures = self.names[name].began_at, list(self.names[name].failures)
        begun = self._attempt(name, address)
        if begun is None:
            return
        opened = self._open(begun)
        assert not opened
        self.devices[self.opened] = DeviceModel()
        model = self.names[name]
        model.failures.remove(NETWORKS.get(address, address))
        if model.began_at == began_at:
            assert sorted(model.failures) == sorted(failures)

    @rule(name=st.sampled_from(KNOWN), address=address, right=st.booleans(), data=st.data())
    def use_a_known_device(self, name: str, address: str, right: bool, data: st.DataObject) -> None:  # noqa: FBT001
        if not self.devices:
            return
        number = data.draw(st.sampled_from(sorted(self.devices)))
        model = self.devices[number]
        wait, begun = model.wait(self.now), None
        try:
            begun = self._begin(name, address, device_key(f"{number}"))
        except TooManyAttempts as refused:
            waited = refused.retry_after
        else:
            waited = 0
        assert waited == wait
        if waited:
            return
        model.failures, model.last = model.failures + 1, self.now
        if right and begun:
            assert self._open(begun)
            model.failures = 0

    @rule(name=st.sampled_from(KNOWN), address=address)
    def take_back_without_a_session(self, name: str, address: str) -> None:
        begun = self._attempt(name, address)
        if begun is not None:
            self.store.sign_ins.withdraw(begun.charge)
            self.names[name].failures.remove(NETWORKS.get(address, address))

    def _begin(self, name: str, address: str, key: DeviceKey | None = None) -> BegunSignIn:
        return self.store.begin(SignInName.of(name), self.now, address, device=key)

    def _attempt(self, name: str, address: str, key: DeviceKey | None = None) -> BegunSignIn | None:
        model, network = self.names[name], NETWORKS.get(address, address)
        wait, begun = model.wait(network, self.now), None
        try:
            begun = self._begin(name, address, key)
        except TooManyAttempts as refused:
            waited = refused.retry_after
        else:
            waited = 0
        assert waited == wait
        if waited:
            return None
        model.charge(network, self.now)
        return begun

    def _open(self, begun: BegunSignIn) -> bool:
        self.opened += 1
        label = f"{self.opened}"
        assert begun.candidate is not None
        assert begun.candidate.account.user_id == id_of("ada")
        opened = self.store.sign_ins.open(
            session(label, at=self.now),
            begun.candidate,
            begun.charge,
            device_key=device_key(label),
            rehash=None,
            limit=3,
        )
        live = active(self.store.sessions.stored(id_of("ada")), self.now, epoch=0)
        assert len(live) <= 3
        assert id_of(label) in {one.session_id for one in live}
        if len(self.devices) >= 20:
            self.devices.clear()
        return opened.device_is_known


class TableMachine(SignInMachine):
    """The same in DynamoDB."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()

    def place(self) -> Store:
        """Return a store in an imitation of AWS of its own."""
        aws: Any = self.stack.enter_context(aws_in_process())
        return Store.of(aws.services(FakeClock()))

    def teardown(self) -> None:
        """Take the imitation down."""
        self.stack.close()


SignInMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TableMachine.TestCase.settings = settings(max_examples=6, stateful_step_count=25, deadline=None)
TestSignInMachine = SignInMachine.TestCase
TestTableMachine = TableMachine.TestCase
