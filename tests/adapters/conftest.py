"""The stores that must not be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange, ChangeKind
from chalicelib.domain.ports import Accounts, Sessions
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.tokens.key_ports import System
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.records import account, session
from tests.changes import changed
from tests.fake_aws import Aws, AwsServices, aws_behind_one_thread, aws_in_process
from tests.fakes import FakeClock, FakeStore

T = TypeVar("T")


@dataclass(frozen=True)
class ChangedByTests:
    """The accounts of a store, whose changes are made by somebody whom a test need not name."""

    inner: Accounts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create(self, account: Account, change: AccountChange | None = None) -> None:
        """Create an account."""
        self.inner.create(account, change or changed(account.user_id, ChangeKind.CREATED))

    def set_permissions(
        self, account: Account, permissions: Scope, change: AccountChange | None = None
    ) -> bool:
        """Replace the permissions."""
        change = change or changed(account.user_id, ChangeKind.PERMISSIONS)
        return self.inner.set_permissions(account, permissions, change)

    def set_disabled(self, user_id: str, change: AccountChange | None = None, *, disabled: bool) -> bool:
        """Disable or enable an account."""
        return self.inner.set_disabled(user_id, change or changed(user_id), disabled=disabled)

    def delete(self, account: Account, change: AccountChange | None = None) -> bool:
        """Remove an account."""
        return self.inner.delete(account, change or changed(account.user_id, ChangeKind.DELETED))


@dataclass(frozen=True)
class Store:
    """All sides of one store."""

    accounts: ChangedByTests
    sessions: Sessions
    system: System

    @staticmethod
    def of(services: AwsServices) -> Store:
        """Return the store of services."""
        adapters = services.adapters
        return Store(ChangedByTests(adapters.accounts), adapters.sessions, adapters.system)

    def known(self, user_id: str) -> Account:
        """Return an account that is there."""
        found: Account | None = self.accounts.account(user_id)
        assert found is not None
        return found

    def open(self, session: Session, *, limit: int = 20) -> tuple[EndedSession, ...]:
        """Open a session for the account as it stands."""
        return self.sessions.open(session, self.known(session.user_id), None, limit)

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
        fake = FakeStore()
        yield Store(ChangedByTests(fake), fake, fake)
        return
    with place() as aws:
        yield Store.of(aws.services(FakeClock()))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _stores(request.param, aws_in_process)


@pytest.fixture(params=["fake", "dynamodb"])
def raced_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from _stores(request.param, aws_behind_one_thread)


@pytest.fixture
def stocked(aws_house: AwsServices) -> Store:
    """Return the store in DynamoDB, with an account and a session of it."""
    store = Store.of(aws_house)
    store.accounts.create(account())
    store.open(session())
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
