"""Adapters that inject faults around the write of a refresh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import boto3
from botocore.config import Config

from chalicelib.adapters.dynamodb.sessions import DynamoDBSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.ports import Clock, Sessions
from chalicelib.domain.sessions.session import Session
from chalicelib.services import AwsAdapters
from chalicelib.settings import Settings
from tests.fakes import FakeAdapters, FakeClock, FakeStore, RecordingAudit


class Crashed(Exception):
    """The function ended between its write and its response."""


@dataclass
class FaultInjection:
    """Faults around the next successful write of a refresh."""

    interlude: Callable[[], object] | None = None
    crash_next: bool = False
    crashes: int = 0

    def around(self, write: Callable[[], Session | None], after: Session) -> Session | None:
        """Run another request between the read and the write, and crash after the write."""
        interlude, self.interlude = self.interlude, None
        if interlude is not None:
            interlude()
        written = write()
        if written is after and self.crash_next:
            self.crash_next = False
            self.crashes += 1
            raise Crashed
        return written


class _FakeStore(FakeStore):
    def __init__(self, clock: FakeClock, faults: FaultInjection) -> None:
        super().__init__()
        self._clock, self._faults = clock, faults

    def rotate(self, before: Session, after: Session) -> Session | None:
        return self._faults.around(lambda: super(_FakeStore, self).rotate(before, after), after)

    def sweep(self) -> None:
        now = self._clock()
        expired = [at for at, session in self.live.items() if not session.is_active(now, session.epoch)]
        for at in expired:
            del self.live[at]


class FaultyFakes(FakeAdapters):
    """The fakes with injected faults."""

    store: _FakeStore

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.faults = FaultInjection()
        self.store = _FakeStore(self.clock, self.faults)

    def sweep(self) -> None:
        """Delete expired items, as DynamoDB's TTL does eventually."""
        self.store.sweep()


class _TableSessions(DynamoDBSessions):
    faults: FaultInjection

    def rotate(self, before: Session, after: Session) -> Session | None:
        return self.faults.around(lambda: super(_TableSessions, self).rotate(before, after), after)


class FaultyAws(AwsAdapters):
    """moto with injected faults."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.faults = FaultInjection()

    @cached_property
    def audit(self) -> RecordingAudit:
        return RecordingAudit()

    @cached_property
    def _table(self) -> Table:
        # A long timeout and no retries: moto copies the whole table for each transaction, which takes seconds
        # for a large one, and it ignores ClientRequestToken, so it refuses a repeated transaction.
        config = Config(read_timeout=60, retries={"total_max_attempts": 1}, max_pool_connections=50)
        region, url = self.settings.aws_region, self.settings.aws_endpoint_url
        client = boto3.client("dynamodb", region_name=region, endpoint_url=url, config=config)
        return Table(client, self.settings.users_table, self._backoff)

    @cached_property
    def sessions(self) -> Sessions:
        sessions = _TableSessions(self._table, ended_days=self.settings.ended_session_days)
        sessions.faults = self.faults
        return sessions

    def sweep(self) -> None:
        """Delete expired items, as DynamoDB's TTL does eventually."""
        client, name, now = self._table.client, self._table.name, self.clock()
        for page in client.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                if "ttl" in item and int(item["ttl"]["N"]) <= now:
                    client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})
