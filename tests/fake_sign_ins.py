"""Signing in over dictionaries, by the same rules as the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session, active, sessions_to_evict
from chalicelib.domain.sign_in.attempts import (
    BegunSignIn,
    Charge,
    DeviceCharge,
    NameCharge,
    OpenedSession,
    SignInAttempt,
    SignInCandidate,
)
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES, DeviceKey, KnownDevice, devices_to_evict
from chalicelib.domain.sign_in.limits import NameFailures, SignInLimits, device_wait
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.tokens.system_state import SystemState
from tests.fake_outage import Remote, remote


@dataclass
class Failures:
    """The failed sign-ins of a name, by network."""

    began_at: int
    by_network: dict[str, int] = field(default_factory=dict)

    def seen_from(self, network_id: str) -> NameFailures:
        """Return what counts for one network."""
        total = sum(self.by_network.values())
        return NameFailures(self.began_at, total, self.by_network.get(network_id, 0))


class FakeSignIns(Remote):
    """Serves `SignIns`. Its dictionaries are open, so that a test may look inside."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.hashes: dict[str, PasswordHash] = {}
        self.names: dict[SignInName, str] = {}
        self.failures: dict[str, Failures] = {}
        self.devices: dict[tuple[str, str], KnownDevice] = {}
        self.live: dict[tuple[str, str], Session] = {}
        self.past: dict[tuple[str, int, str], EndedSession] = {}
        self.system_state = SystemState()

    @remote
    def begin(self, attempt: SignInAttempt, limits: SignInLimits) -> BegunSignIn:
        """Charge an attempt, and find whom its name belongs to."""
        user_id = self.names.get(attempt.name)
        epoch = max(attempt.epoch, self.system_state.epoch)
        device = self._device_of_account(attempt.device_key, user_id, epoch)
        charge: Charge
        if device is None:
            charge = self._charge_name(attempt, limits, user_id)
            self.round_trips += 1
        else:
            self.round_trips += 1
            charge = self._charge_device(device, attempt.at, limits)
        return BegunSignIn(self._candidate(user_id), charge, epoch)

    @remote
    def withdraw(self, charge: Charge) -> None:
        """Take a charge back."""
        self._withdraw(charge)

    @remote
    def open(
        self,
        session: Session,
        candidate: SignInCandidate,
        charge: Charge | None,
        *,
        device_key: DeviceKey,
        rehash: PasswordHash | None,
        limit: int,
    ) -> OpenedSession:
        """Write the session, take the charge back, note the device, store a new hash."""
        user_id, now = session.user_id, session.created_at
        device = self._charged_device(charge)
        if (user_id, session.session_id) in self.live:
            return OpenedSession((), device is not None)
        stored = self.accounts.get(user_id)
        if stored is None or stored.disabled or stored.password_version != candidate.account.password_version:
            raise AccountChanged
        evicted, account = self._room_for(session, stored, candidate, limit)
        self._end(evicted)
        self.live[user_id, session.session_id] = session
        if device is None:
            account = self._remember(device_key, session, account)
        else:
            self.devices[user_id, device.digest] = replace(device, last_used_at=now)
        if charge is not None:
            self._withdraw(charge)
        self.accounts[user_id] = account
        if rehash is not None:
            self.hashes[user_id] = rehash
        return OpenedSession(tuple(evicted), device is not None)

    @remote
    def unlock(self, failures_ids: Iterable[str]) -> int:
        """Forget the failures of names."""
        gone = [self.failures.pop(one, None) for one in failures_ids]
        return sum(one is not None and any(one.by_network.values()) for one in gone)

    @remote
    def forget_devices(self, user_id: str) -> None:
        """Forget the known devices of an account."""
        for one in self.devices_of(user_id):
            del self.devices[user_id, one.digest]

    def devices_of(self, user_id: str) -> list[KnownDevice]:
        """Return the known devices of an account."""
        mine = [one for one in self.devices.values() if one.user_id == user_id]
        return sorted(mine, key=lambda one: one.digest)

    def _candidate(self, user_id: str | None) -> SignInCandidate | None:
        account = self.accounts.get(user_id or "")
        if account is None:
            return None
        mine = account.user_id
        sessions, devices = tuple(self._stored(mine)), tuple(self.devices_of(mine))
        return SignInCandidate(account, self.hashes.get(mine), sessions, devices)

    def _device_of_account(
        self, key: DeviceKey | None, user_id: str | None, epoch: int
    ) -> KnownDevice | None:
        if key is None or user_id != key.user_id:
            return None
        device = self.devices.get((user_id, key.digest()))
        return device if device and device.epoch >= epoch else None

    def _charge_name(self, attempt: SignInAttempt, limits: SignInLimits, user_id: str | None) -> NameCharge:
        failures = self.failures.get(attempt.failures_id)
        seen = failures.seen_from(attempt.network_id) if failures else None
        if seen and seen.wait(attempt.at, limits):
            raise TooManyAttempts(seen.wait(attempt.at, limits), user_id=user_id)
        if failures is None or seen is None or seen.is_over(attempt.at):
            failures = self.failures[attempt.failures_id] = Failures(attempt.at)
        network = attempt.network_id
        failures.by_network[network] = failures.by_network.get(network, 0) + 1
        return NameCharge(attempt.failures_id, network, failures.began_at)

    def _charge_device(self, device: KnownDevice, now: int, limits: SignInLimits) -> DeviceCharge:
        seconds = device_wait(device.failures, device.last_attempt_at, now, limits)
        if seconds:
            raise TooManyAttempts(seconds, user_id=device.user_id)
        charged = replace(device, failures=device.failures + 1, last_attempt_at=now)
        self.devices[device.user_id, device.digest] = charged
        return DeviceCharge(device.user_id, device.digest)

    def _charged_device(self, charge: Charge | None) -> KnownDevice | None:
        if not isinstance(charge, DeviceCharge):
            return None
        return self.devices.get((charge.user_id, charge.digest))

    def _withdraw(self, charge: Charge) -> None:
        device = self._charged_device(charge)
        if device is not None:
            self.devices[device.user_id, device.digest] = replace(device, failures=0)
        if not isinstance(charge, NameCharge):
            return
        failures, network = self.failures.get(charge.failures_id), charge.network_id
        if failures and failures.began_at == charge.began_at and failures.by_network.get(network, 0):
            failures.by_network[network] -= 1

    def _remember(self, key: DeviceKey, session: Session, account: Account) -> Account:
        now, mine = session.created_at, self.devices_of(account.user_id)
        if account.device_count < MAX_DEVICES:
            surplus, count = 0, account.device_count + 1
        else:
            surplus = max(0, len(mine) + 1 - MAX_DEVICES)
            count = len(mine) - surplus + 1
        for one in devices_to_evict(mine, surplus, session.epoch):
            del self.devices[one.user_id, one.digest]
        new = KnownDevice(account.user_id, key.digest(), session.epoch, now, now, last_attempt_at=now)
        self.devices[account.user_id, key.digest()] = new
        return replace(account, device_count=count)

    def _room_for(
        self, session: Session, stored: Account, candidate: SignInCandidate, limit: int
    ) -> tuple[list[EndedSession], Account]:
        if stored.session_count < limit:
            return [], replace(stored, session_count=stored.session_count + 1)
        live = active(self._stored(stored.user_id), session.created_at, session.epoch)
        surplus = max(0, len(live) + 1 - limit)
        earlier = {one.session_id for one in candidate.sessions}
        leaving = sessions_to_evict(live, surplus, earlier)
        count = len(live) - surplus + 1
        recounts = stored.recounts + (count != stored.session_count)
        ended = [one.ended(EndReason.EVICTED, session.created_at) for one in leaving]
        return ended, replace(stored, session_count=count, recounts=recounts)

    def _stored(self, user_id: str) -> list[Session]:
        mine = [one for one in self.live.values() if one.user_id == user_id]
        return sorted(mine, key=lambda one: one.session_id)

    def _end(self, sessions: list[EndedSession]) -> list[EndedSession]:
        gone = [one for one in sessions if self.live.pop((one.user_id, one.session_id), None) is not None]
        self.past.update({(one.user_id, one.ended_at, one.session_id): one for one in gone})
        return gone
