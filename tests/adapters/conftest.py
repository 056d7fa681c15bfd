"""The stores that must not be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange, ChangeKind
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.export import PersonalData
from chalicelib.domain.accounts.own.profiles import Profiles
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.ports import Accounts, Sessions
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.sign_in.attempts import BegunSignIn, SignInCandidate
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.limits import SignInLimits
from chalicelib.domain.sign_in.ports import SignIns
from chalicelib.domain.tokens.key_ports import System
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.verification.ports import Verifications, VerifiedChanges
from tests.adapters.records import HASH, LIMITS, NAME, NOW, account, attempt, session
from tests.changes import changed, set_disabled
from tests.fake_aws import Aws, AwsServices, aws_behind_one_thread, aws_in_process
from tests.fakes import FakeClock, FakeStore

T = TypeVar("T")


@dataclass(frozen=True)
class ChangedByTests:
    """The accounts of a store, whose changes are made by somebody whom a test need not name."""

    inner: Accounts
    own: OwnChanges

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create(
        self, account: Account, password_hash: PasswordHash = HASH, change: AccountChange | None = None
    ) -> None:
        """Create an account."""
        change = change or changed(account.user_id, ChangeKind.CREATED)
        self.inner.create(account, password_hash, change)

    def set_permissions(
        self, account: Account, permissions: Scope, change: AccountChange | None = None
    ) -> bool:
        """Replace the permissions."""
        change = change or changed(account.user_id, ChangeKind.PERMISSIONS)
        return self.inner.administer(account, replace(account, permissions=permissions), [change])

    def set_disabled(self, user_id: str, change: AccountChange | None = None, *, disabled: bool) -> bool:
        """Disable or enable an account."""
        return set_disabled(self.inner, user_id, change, disabled=disabled)

    def delete(self, account: Account, change: AccountChange | None = None) -> bool:
        """Remove an account with the names of `account`, and leave its sessions and devices."""
        found = self.inner.account(account.user_id) or account
        given = replace(found, email=account.email, username=account.username)
        change = change or changed(account.user_id, ChangeKind.DELETED)
        return self.own.delete_account(AccountState(given, None, [], []), [], change)


@dataclass(frozen=True)
class Store:
    """All sides of one store."""

    accounts: ChangedByTests
    sessions: Sessions
    sign_ins: SignIns
    system: System
    verifications: Verifications
    verified: VerifiedChanges
    own: OwnChanges
    api_keys: ApiKeys
    profiles: Profiles
    data: PersonalData

    @staticmethod
    def of(services: AwsServices) -> Store:
        """Return the store of services."""
        adapters = services.adapters
        return Store(
            ChangedByTests(adapters.accounts, adapters.own_changes),
            adapters.sessions,
            adapters.sign_ins,
            adapters.system,
            adapters.verifications,
            adapters.verified_changes,
            adapters.own_changes,
            adapters.api_keys,
            adapters.profiles,
            adapters.personal_data,
        )

    @staticmethod
    def fake(fake: FakeStore | None = None) -> Store:
        """Return a store over dictionaries."""
        fake = fake or FakeStore()
        return Store(ChangedByTests(fake, fake), fake, fake, fake, fake, fake, fake, fake, fake, fake)

    def create(self, account: Account, password_hash: PasswordHash = HASH) -> None:
        """Add an account."""
        self.accounts.create(account, password_hash)

    def begin(
        self,
        name: SignInName = NAME,
        at: int = NOW,
        address: str = "192.0.2.1",
        *,
        device: DeviceKey | None = None,
        limits: SignInLimits = LIMITS,
    ) -> BegunSignIn:
        """Begin a sign-in."""
        return self.sign_ins.begin(attempt(name, at, address, device), limits)

    def candidate(self, name: SignInName = NAME, at: int = NOW + 10**7) -> SignInCandidate:
        """Return whom a name finds, without a charge that stays. `at` is in a window of its own."""
        begun = self.begin(name, at)
        self.sign_ins.withdraw(begun.charge)
        assert begun.candidate is not None
        return begun.candidate

    def known(self, user_id: str) -> Account:
        """Return an account that is there."""
        found: Account | None = self.accounts.account(user_id)
        assert found is not None
        return found

    def open(
        self,
        session: Session,
        *,
        limit: int = 20,
        account: Account | None = None,
        rehash: PasswordHash | None = None,
    ) -> tuple[EndedSession, ...]:
        """Open a session on a new device, for the account as it is or as it was when the sign-in began."""
        listed = tuple(self.sessions.stored(session.user_id))
        candidate = SignInCandidate(account or self.known(session.user_id), HASH, listed)
        key = DeviceKey(session.user_id, Secret(bytes.fromhex(session.session_id * 2)))
        opened = self.sign_ins.open(session, candidate, None, device_key=key, rehash=rehash, limit=limit)
        return opened.evicted

    def ended(self, user_id: str) -> list[EndedSession]:
        """Return the ended sessions on every page."""
        found: list[EndedSession] = []
        page = self.sessions.ended(user_id, limit=2)
        while page.older is not None:
            found.extend(page.sessions)
            page = self.sessions.ended(user_id, limit=2, before=page.older)
        return [*found, *page.sessions]

    def live(self, user_id: str) -> set[str]:
        """Return the ids of the sessions that have not ended."""
        return {one.session_id for one in self.sessions.stored(user_id)}


def _stores(kind: str, place: Callable[[], AbstractContextManager[Aws]]) -> Iterator[Store]:
    if kind == "fake":
        yield Store.fake()
        return
    with place() as aws:
        yield Store.of(aws.services(FakeClock(), signed=True))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _stores(request.param, aws_in_process)


@pytest.fixture(params=["fake", "dynamodb"])
def raced_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _stores(request.param, aws_behind_one_thread)


@pytest.fixture(params=["boto3", "signed"])
def either_client(request: pytest.FixtureRequest, aws: Aws, clock: FakeClock) -> AwsServices:
    """Return services on moto, with boto3 and with signed requests."""
    return aws.services(clock, signed=request.param == "signed")


@pytest.fixture
def stocked(either_client: AwsServices) -> Store:
    """Return the store in DynamoDB, with an account and a session of it."""
    store = Store.of(either_client)
    store.create(account())
    store.open(session())
    store.begin()
    return store


def at_once(jobs: Iterable[Callable[[], T]]) -> list[T | Exception]:
    """Run jobs in a thread each; return what each returned or raised, in their order."""
    todo = list(jobs)

    def outcome(job: Callable[[], T]) -> T | Exception:
        try:
            return job()
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            return error

    with ThreadPoolExecutor(len(todo)) as pool:
        return list(pool.map(outcome, todo))
