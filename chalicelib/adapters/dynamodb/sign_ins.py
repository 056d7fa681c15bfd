"""Signing in with DynamoDB: two round trips up to the password, one after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from chalicelib.adapters.dynamodb.devices import (
    charge_device,
    cleared,
    device_key_of,
    device_of,
    devices_partition,
)
from chalicelib.adapters.dynamodb.failures import (
    charge_name,
    failures_key,
    failures_of,
    refuse_used_up,
    withdrawal,
)
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_key,
    account_of,
    integer,
    name_key,
    password_key,
    password_of,
    session_of,
    sessions_partition,
)
from chalicelib.adapters.dynamodb.opening import SessionOpening
from chalicelib.adapters.dynamodb.system_items import system_key, system_state_of
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Contention
from chalicelib.adapters.threads import Starter, all_done
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.sign_in.attempts import (
    BegunSignIn,
    Charge,
    NameCharge,
    OpenedSession,
    SignInAttempt,
    SignInCandidate,
)
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from chalicelib.domain.sign_in.limits import SignInLimits


class DynamoDBSignIns:
    """The sign-ins' side of the table. `threads` runs reads beside the charge.

    `ended_days` is how long the end of a session can be explained.
    """

    def __init__(self, table: Table, threads: Starter, *, ended_days: int) -> None:
        self._table = table
        self._threads = threads
        self._keep_days = ended_days

    def begin(self, attempt: SignInAttempt, limits: SignInLimits) -> BegunSignIn:
        """Read what the name leads to, then charge the attempt with the account read beside that."""
        name, failures, system, device_item = self._look_up(attempt)
        user_id = name["user_id"]["S"] if name else None
        epoch = max(attempt.epoch, system_state_of(system).epoch)
        device = _device_of_account(device_item, user_id, epoch)
        if device is None:
            refuse_used_up(failures_of(failures, attempt.network_id), attempt.at, limits, user_id)
        wanted, table = user_id or attempt.stand_in, self._table
        rows = self._threads.start(partial(table.batch_get, account_key(wanted), password_key(wanted)))
        sessions = self._threads.start(partial(table.partition, sessions_partition(wanted)))
        devices = self._threads.start(partial(table.partition, devices_partition(wanted)))
        with all_done(rows, sessions, devices):
            charge: Charge | None = None
            if device is not None:
                charge = charge_device(table, device, attempt.at, limits)
            if charge is None:
                charge = charge_name(table, attempt, limits, failures, user_id)
        with self._name_charge_taken_back(charge):
            account, password = rows.result()
            candidate = _candidate(account, password, sessions.result(), devices.result())
        return BegunSignIn(candidate if user_id else None, charge, epoch)

    def withdraw(self, charge: Charge) -> None:
        """Take a charge back; one whose count is gone needs none."""
        if isinstance(charge, NameCharge):
            update = withdrawal(self._table, charge)
        else:
            update = cleared(self._table, charge)
        # A transaction has a token by which DynamoDB recognizes it. A plain update that is sent again, since
        # its answer was lost, would take back the charge of another attempt as well.
        self._table.transact([{"Update": update}])

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
        """Open a session. Where others are in the way for too long, the charge is taken back."""
        opening = SessionOpening(self._table, session, device_key, rehash, limit, self._keep_days)
        try:
            return opening.run(candidate, charge)
        except Contention:
            if charge is not None:
                with suppress(Unavailable):
                    self.withdraw(charge)
            raise

    def forget_devices(self, user_id: str) -> None:
        """Delete the devices one by one; the account's count of them is corrected by a later sign-in."""
        for item in self._table.partition(devices_partition(user_id)):
            self._table.remove({"pk": item["pk"], "sk": item["sk"]})

    def unlock(self, failures_ids: Iterable[str]) -> int:
        """Delete the failures of names."""
        removed = [self._table.remove(failures_key(one)) for one in failures_ids]
        return sum(item is not None and integer(item, "total") > 0 for item in removed)

    @contextmanager
    def _name_charge_taken_back(self, charge: Charge) -> Iterator[None]:
        """Take the charge of a name back where the password cannot be checked: it was no guess.

        A device's stays, since only a right password clears it; it can try again after a while.
        """
        try:
            yield
        except Unavailable:
            if isinstance(charge, NameCharge):
                with suppress(Unavailable):
                    self.withdraw(charge)
            raise

    def _look_up(self, attempt: SignInAttempt) -> list[Item | None]:
        keys = [name_key(attempt.name), failures_key(attempt.failures_id), system_key(attempt.failures_id)]
        key = attempt.device_key
        if key is None:
            return [*self._table.batch_get(*keys), None]
        return self._table.batch_get(*keys, device_key_of(key.user_id, key.digest()))


def _device_of_account(item: Item | None, user_id: str | None, epoch: int) -> KnownDevice | None:
    """Return the device that was presented, if it is one of the account and of no past epoch."""
    device = device_of(item) if item else None
    return device if device and device.user_id == user_id and device.epoch >= epoch else None


def _candidate(
    account: Item | None, password: Item | None, sessions: list[Item], devices: list[Item]
) -> SignInCandidate | None:
    # An account that was deleted since its name was read has no item.
    if account is None:
        return None
    return SignInCandidate(
        account_of(account),
        password_of(password) if password else None,
        tuple(session_of(item) for item in sessions),
        tuple(device_of(item) for item in devices),
    )
