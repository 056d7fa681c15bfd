"""The conditional write of a refresh on dynalite, an implementation of DynamoDB other than moto.

`make test` installs it if npm is available.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from chalicelib.adapters.aws import dynamodb
from chalicelib.adapters.dynamodb.items import session_item
from chalicelib.adapters.dynamodb.sessions import DynamoDBSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import RefreshSecret, start
from chalicelib.domain.sessions.session import Session
from infra.local.environment import local_credentials

DYNALITE = Path(__file__).parents[2] / ".local/dynalite/node_modules/.bin/dynalite"
AT_ONCE, ROUNDS, REGION = 16, 100, "us-east-1"
pytestmark = pytest.mark.skipif(
    not DYNALITE.exists(), reason="dynalite is not installed: `make test` installs it with npm"
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run dynalite for the tests of this module."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(DYNALITE), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - a fixed command
        assert process.stdout is not None
        try:
            assert "istening" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def sessions(url: str) -> Iterator[DynamoDBSessions]:
    with local_credentials(), closing(dynamodb(REGION, url)) as client:
        client.create_table(
            TableName="gatehouse",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        client.get_waiter("table_exists").wait(
            TableName="gatehouse", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
        )
        yield DynamoDBSessions(Table(client, "gatehouse", lambda _: None), ended_days=30)


def test_one_of_sixteen_writers_succeeds_and_the_others_get_its_session(sessions: DynamoDBSessions) -> None:
    session = _session()
    sessions._table.client.put_item(TableName="gatehouse", Item=session_item(session, 30))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for round_ in range(ROUNDS):
            session = _race(pool, sessions, session, round_)
    assert sessions.session(session.user_id, session.session_id).session == session
    assert session.family.generation == ROUNDS


def test_a_deleted_session_is_not_written_again(sessions: DynamoDBSessions) -> None:
    gone = replace(_session(), session_id="ee" * 16)
    assert sessions.rotate(gone, _next(gone, 0, 0)) is None
    assert sessions.session(gone.user_id, gone.session_id).session is None


def _race(pool: ThreadPoolExecutor, sessions: DynamoDBSessions, before: Session, round_: int) -> Session:
    start_ = Barrier(AT_ONCE)

    def write(number: int) -> tuple[Session, Session | None]:
        mine = _next(before, round_, number)
        start_.wait(timeout=20)
        return mine, sessions.rotate(before, mine)

    written = list(pool.map(write, range(AT_ONCE)))
    (winner,) = [mine for mine, result in written if result == mine]
    assert all(result == winner for _, result in written)
    return winner


def _session() -> Session:
    family = start(RefreshSecret(b"s" * 32), Secret(b"t" * 32))
    return Session("ab" * 16, "cd" * 16, "mobile-app", None, 0, 1, 1, 2_000_000_000, 2_000_000_000, family)


def _next(before: Session, round_: int, number: int) -> Session:
    current = RefreshSecret(f"{round_} {number}".encode()).digest()
    family = replace(
        before.family,
        generation=before.family.generation + 1,
        current=current,
        previous=before.family.current,
        nonce=current,
    )
    return replace(before, family=family)
