"""A copy of the whole table contains no usable token.

With the tag keys in it, an attacker can forge tokens that look spent; presenting one ends its session. That
forces a sign-in and is audited as reuse, but grants no access. An old token does not help either: its
successors depend on nonces that were overwritten. (With the immediate predecessor and the stored nonce the
current token can be computed; that also takes a copy of the device's storage, at the right time.)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.aws import dynamodb
from chalicelib.adapters.dynamodb.items import session_item, session_of
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import Family, RefreshSecret, RefreshToken
from chalicelib.domain.sessions.session import Session
from tests.network.calls import me, refresh, sign_in, successor
from tests.network.servers import Server, error_of, over_http

Item = dict[str, Any]
SHORTEST_SECRET = 16
"""Bytes of a value that could not be guessed: counts, times and names are no secrets."""


class StolenTable:
    """A server with two sessions, and a copy of its table: every item and every value in it."""

    def __init__(self, server: Server, client: Any) -> None:
        self.server = server
        self._client, self._table = client, server.services.settings.users_table
        server.create_account("victim@example.com")
        self.spent = sign_in(server, "victim@example.com")
        second = successor(refresh(server, self.spent, "key-one"))
        self.newest = successor(refresh(server, second, "key-two"))
        sign_in(server, "victim@example.com")
        items: list[Item] = client.scan(TableName=self._table, ConsistentRead=True)["Items"]
        self.sessions = [session_of(item) for item in items if item["pk"]["S"].startswith("SESSIONS#")]
        self.values = sorted({value for item in items for value in _values(item)})

    def active(self, session: Session) -> bool:
        """Return whether a session is unchanged since the copy."""
        view = self.server.services.adapters.sessions.session(session.user_id, session.session_id)
        return view.session == session

    def put_back(self, session: Session) -> None:
        """Restore a session that was ended."""
        self._client.put_item(TableName=self._table, Item=session_item(session, keep_days=30))

    def secrets(self) -> list[bytes]:
        """Return every value that could be a secret, its predecessor or its successor."""
        raw = {value for value in self.values if len(value) == 32}
        raw |= {hashlib.sha256(value).digest() for value in self.values if len(value) >= SHORTEST_SECRET}
        raw.add(RefreshToken.parse(self.spent).secret.reveal())
        nonces = [one.family.nonce for one in self.sessions if one.family.nonce]
        return sorted(raw | {hmac.digest(value, nonce, "sha256") for value in raw for nonce in nonces})


@pytest.fixture(scope="module")
def stolen() -> Iterator[StolenTable]:
    with over_http() as server, _client(server) as client:
        yield StolenTable(server, client)


def test_the_copy_is_complete(stolen: StolenTable) -> None:
    assert len(stolen.sessions) == 2
    assert sorted(one.family.generation for one in stolen.sessions) == [0, 2]
    families = [one.family for one in stolen.sessions]
    kept = {
        part for one in families for part in (one.current, one.previous, one.nonce, one.idempotency) if part
    }
    assert len(kept) == 5
    assert kept | {one.tag_key.reveal() for one in families} <= set(stolen.values)


def test_no_value_of_the_table_is_accepted_as_a_token(stolen: StolenTable) -> None:
    """In every usual encoding, as refresh token and as access token."""
    for value in stolen.values:
        for text in _spellings(value):
            answer = refresh(stolen.server, text)
            assert answer.status == 400, text
            assert me(stolen.server, text) == 401, text
    assert all(stolen.active(session) for session in stolen.sessions)


def test_a_token_forged_from_the_table_grants_no_access_but_ends_its_session(stolen: StolenTable) -> None:
    """Its tag is valid, so it counts as a spent token."""
    for session in stolen.sessions:
        for secret in stolen.secrets():
            for generation in {session.family.generation, max(0, session.family.generation - 1)}:
                token = _forged(session, generation, secret)
                answer = refresh(stolen.server, token, "key-two")
                assert (answer.status, error_of(answer)) == (400, "invalid_grant")
                assert not stolen.active(session)
                stolen.put_back(session)


def test_a_token_with_a_guessed_tag_does_not_end_its_session(stolen: StolenTable) -> None:
    for session in stolen.sessions:
        for secret in stolen.secrets():
            foreign = replace(session, family=replace(session.family, tag_key=Secret(secret)))
            if foreign.family.tag_key == session.family.tag_key:
                continue
            answer = refresh(stolen.server, _forged(foreign, session.family.generation, secret))
            assert (answer.status, error_of(answer)) == (400, "invalid_grant")
        assert stolen.active(session)


def test_the_owner_can_still_refresh(stolen: StolenTable) -> None:
    """Otherwise the tests above would pass on a server that refuses everything."""
    answer = refresh(stolen.server, stolen.newest)
    session = next(one for one in stolen.sessions if one.family.generation)
    stolen.put_back(session)
    assert answer.status == 200


def _forged(session: Session, generation: int, secret: bytes) -> str:
    family = Family(session.family.tag_key, generation, current=b"")
    return family.token(session.user_id, session.session_id, RefreshSecret(secret)).serialize()


def _values(item: Item) -> Iterator[bytes]:
    for value in item.values():
        (content,) = value.values()
        for one in content if isinstance(content, list) else [content]:
            raw = one if isinstance(one, bytes) else str(one).encode()
            yield raw
            yield from raw.split(b"#")
            try:
                yield bytes.fromhex(raw.split(b"#")[-1].decode())
            except ValueError:
                continue


def _spellings(value: bytes) -> set[str]:
    encoded = {value.hex(), base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode()}
    texts = {value.decode("latin-1"), *encoded, *(text.rstrip("=") for text in encoded)}
    return {text for text in texts if text and text.isascii() and text.isprintable()} | {
        "ghr_" + text[:112].ljust(112, "A") for text in encoded
    }


@contextmanager
def _client(server: Server) -> Iterator[Any]:
    settings = server.services.settings
    with closing(dynamodb(settings.aws_region, settings.aws_endpoint_url)) as client:
        yield client
