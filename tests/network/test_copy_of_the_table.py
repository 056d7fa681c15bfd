"""A copy of the whole table gives an attacker no token.

What it does give: with the tag keys in it, tokens can be made up that look spent, and presenting one ends
its session. That costs a user a sign-in and is audited as reuse; it opens nothing. Nor does an old token
help, whose successors hang on nonces that are gone. (Whoever also holds the very predecessor has the one
nonce that is there, and so the current token: that takes a copy of the device's storage, at the right time.)
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


class StolenTable:
    """A server with two sessions, and the copy that was taken: every item, down to each value."""

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
        """Tell whether a session is still as it was copied."""
        view = self.server.services.adapters.sessions.session(session.user_id, session.session_id)
        return view.session == session

    def put_back(self, session: Session) -> None:
        """Undo the end of a session."""
        self._client.put_item(TableName=self._table, Item=session_item(session, keep_days=30))

    def secrets(self) -> list[bytes]:
        """Return all that could be taken for a secret, or for the one before or after it."""
        raw = {value for value in self.values if len(value) == 32}
        raw |= {hashlib.sha256(value).digest() for value in self.values}
        raw.add(RefreshToken.parse(self.spent).secret.reveal())
        nonces = [one.family.nonce for one in self.sessions if one.family.nonce]
        return sorted(raw | {hmac.digest(value, nonce, "sha256") for value in raw for nonce in nonces})


@pytest.fixture(scope="module")
def stolen() -> Iterator[StolenTable]:
    with over_http() as server, _client(server) as client:
        yield StolenTable(server, client)


def test_the_copy_is_a_whole_one(stolen: StolenTable) -> None:
    assert len(stolen.sessions) == 2
    assert sorted(one.family.generation for one in stolen.sessions) == [0, 2]
    families = [one.family for one in stolen.sessions]
    kept = {
        part for one in families for part in (one.current, one.previous, one.nonce, one.idempotency) if part
    }
    assert len(kept) == 5
    assert kept | {one.tag_key.reveal() for one in families} <= set(stolen.values)


def test_no_value_of_the_table_is_a_token(stolen: StolenTable) -> None:
    """As it is and in every usual spelling, as refresh token and as access token."""
    for value in stolen.values:
        for text in _spellings(value):
            answer = refresh(stolen.server, text)
            assert answer.status == 400, text
            assert me(stolen.server, text) == 401, text
    assert all(stolen.active(session) for session in stolen.sessions)


def test_a_token_made_up_from_the_table_opens_nothing_but_can_end_its_session(stolen: StolenTable) -> None:
    """With a tag that only the table's key can make, it passes for a spent one; that is all it can do."""
    for session in stolen.sessions:
        for secret in stolen.secrets():
            for generation in {session.family.generation, max(0, session.family.generation - 1)}:
                token = _made_up(session, generation, secret)
                answer = refresh(stolen.server, token, "key-two")
                assert (answer.status, error_of(answer)) == (400, "invalid_grant")
                assert not stolen.active(session)
                stolen.put_back(session)


def test_a_token_with_a_guessed_tag_says_nothing_about_its_session(stolen: StolenTable) -> None:
    for session in stolen.sessions:
        for secret in stolen.secrets():
            foreign = replace(session, family=replace(session.family, tag_key=Secret(secret)))
            if foreign.family.tag_key == session.family.tag_key:
                continue
            answer = refresh(stolen.server, _made_up(foreign, session.family.generation, secret))
            assert (answer.status, error_of(answer)) == (400, "invalid_grant")
        assert stolen.active(session)


def test_the_sessions_were_open_to_their_owner_all_along(stolen: StolenTable) -> None:
    """Without this the tests above could pass on a server that refuses everything."""
    answer = refresh(stolen.server, stolen.newest)
    session = next(one for one in stolen.sessions if one.family.generation)
    stolen.put_back(session)
    assert answer.status == 200


def _made_up(session: Session, generation: int, secret: bytes) -> str:
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
