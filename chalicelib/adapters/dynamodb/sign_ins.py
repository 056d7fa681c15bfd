"""Sign-ins in DynamoDB: two round trips before the password check, one after it."""

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
    owner_of,
    password_key,
    password_of,
    session_of,
    sessions_partition,
)
from chalicelib.adapters.dynamodb.opening import SessionOpening
from chalicelib.adapters.dynamodb.system_items import system_key, system_state_of
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Contention
from chalicelib.adapters.threads import Starter, wait_for_all
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
    """Sign-ins in the table. `threads` runs reads in parallel with the charge.

    `ended_days` is how long ended sessions are kept. Every method raises Unavailable if the table cannot be
    reached.
    """

    def __init__(self, table: Table, threads: Starter, *, ended_days: int) -> None:
        self._table = table
        self._threads = threads
        self._keep_days = ended_days

    def begin(self, attempt: SignInAttempt, limits: SignInLimits) -> BegunSignIn:
        """Look up the name, then charge the attempt and read the account in parallel.

        Raises TooManyAttempts for an attempt beyond the limits.
        """
        name, failures, system, device_item = self._look_up(attempt)
        user_id = owner_of(name)
        epoch = max(attempt.epoch, system_state_of(system).epoch)
        device = _device_of_account(device_item, user_id, epoch)
        if device is None:
            refuse_used_up(failures_of(failures, attempt.network_id), attempt.at, limits, user_id)
        read_id, table = user_id or attempt.placeholder_id, self._table
        items = self._threads.start(partial(table.batch_get, account_key(read_id), password_key(read_id)))
        sessions = self._threads.start(partial(table.partition, sessions_partition(read_id)))
        devices = self._threads.start(partial(table.partition, devices_partition(read_id)))
        with wait_for_all(items, sessions, devices):
            charge: Charge | None = None
            if device is not None:
                charge = charge_device(table, device, attempt.at, limits)
            if charge is None:
                charge = charge_name(table, attempt, limits, failures, user_id)
        with self._withdraw_name_charge_on_failure(charge):
            account, password = items.result()
            candidate = _candidate(account, password, sessions.result(), devices.result())
        return BegunSignIn(candidate if user_id else None, charge, epoch)

    def withdraw(self, charge: Charge) -> None:
        """Withdraw a charge; do nothing if its counter no longer exists."""
        if isinstance(charge, NameCharge):
            update = withdrawal(self._table, charge)
        else:
            update = cleared(self._table, charge)
        # DynamoDB recognizes a transaction by its token. A plain update that is sent again after a lost
        # response would also withdraw the charge of another attempt.
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
        """Open a session. Raises AccountChanged, and Contention after losing every race.

        On Contention the charge is withdrawn.
        """
        opening = SessionOpening(self._table, session, device_key, rehash, limit, self._keep_days)
        try:
            return opening.run(candidate, charge)
        except Contention:
            if charge is not None:
                with suppress(Unavailable):
                    self.withdraw(charge)
            raise

    def forget_devices(self, user_id: str) -> None:
        """Delete the devices one by one. A later sign-in corrects the counter in the account."""
        for item in self._table.partition(devices_partition(user_id)):
            self._table.remove({"pk": item["pk"], "sk": item["sk"]})

    def unlock(self, failures_ids: Iterable[str]) -> int:
        """Delete the failures of names. Return how many names had any."""
        removed = [self._table.remove(failures_key(one)) for one in failures_ids]
        return sum(item is not None and integer(item, "total") > 0 for item in removed)

    @contextmanager
    def _withdraw_name_charge_on_failure(self, charge: Charge) -> Iterator[None]:
        """Withdraw the charge of a name if the account cannot be read: no password was checked.

        That of a device stays, since only a correct password resets its count; it can try again later.
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
    """Return the presented device if it belongs to the account and to the current epoch."""
    device = device_of(item) if item else None
    return device if device and device.user_id == user_id and device.epoch >= epoch else None


def _candidate(
    account: Item | None, password: Item | None, sessions: list[Item], devices: list[Item]
) -> SignInCandidate | None:
    # The account may have been deleted after its name was read.
    if account is None:
        return None
    return SignInCandidate(
        account_of(account),
        password_of(password) if password else None,
        tuple(session_of(item) for item in sessions),
        tuple(device_of(item) for item in devices),
    )
