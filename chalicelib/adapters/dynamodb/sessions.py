"""Sessions in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import (
    account_key,
    account_of,
    ended_item,
    ended_of,
    ended_partition,
    number,
    session_item,
    session_key,
    session_of,
    sessions_partition,
)
from chalicelib.adapters.dynamodb.system_items import (
    system_key,
    system_state_of,
)
from chalicelib.domain.ports import SessionView
from chalicelib.domain.sessions.session import EndedSessionPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from chalicelib.adapters.dynamodb.items import Item
    from chalicelib.adapters.dynamodb.table import Table
    from chalicelib.domain.sessions.session import EndedSession, EndReason, Session

_EXISTS = "attribute_exists(pk)"


class DynamoDBSessions:
    """The sessions in the table. `ended_days` is how long ended sessions are kept.

    Every method raises Unavailable if the table cannot be reached.
    """

    def __init__(self, table: Table, *, ended_days: int) -> None:
        self._table = table
        self._keep_days = ended_days

    def session(self, user_id: str, session_id: str) -> SessionView:
        """Return a session and the state of the system."""
        session, system = self._table.batch_get(session_key(user_id, session_id), system_key(user_id))
        return SessionView(session_of(session) if session else None, system_state_of(system))

    def session_and_account(self, user_id: str, session_id: str) -> SessionView:
        """Return a session, its account and the state of the system."""
        session, account, system = self._table.batch_get(
            session_key(user_id, session_id), account_key(user_id), system_key(user_id)
        )
        return SessionView(
            session_of(session) if session else None,
            system_state_of(system),
            account_of(account) if account else None,
        )

    def rotate(self, before: Session, after: Session) -> Session | None:
        """Write `after` on condition that generation and hash of the refresh token are those of `before`.

        Return what the table contains then: `after`, the session that another request wrote, or None.
        """
        is_written, item = self._table.put_or_old(
            {
                "TableName": self._table.name,
                "Item": session_item(after, self._keep_days),
                "ConditionExpression": "generation = :generation AND #current = :current",
                "ExpressionAttributeNames": {"#current": "current"},
                "ExpressionAttributeValues": {
                    ":generation": number(before.family.generation),
                    ":current": {"B": before.family.current},
                },
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        return after if is_written else self._stored_session(after, item)

    def stored(self, user_id: str) -> list[Session]:
        """Return the sessions of a user."""
        return [session_of(item) for item in self._table.partition(sessions_partition(user_id))]

    def ended(self, user_id: str, *, limit: int, before: str | None = None) -> EndedSessionPage:
        """Return one page of the ended sessions of a user. The cursor is the sort key of the last one."""
        # One more than requested, to recognize the last page.
        items, is_whole = self._table.page(ended_partition(user_id), limit=limit + 1, before=before)
        page = items[:limit]
        older = page[-1]["sk"]["S"] if page and not (is_whole and len(items) == len(page)) else None
        return EndedSessionPage(tuple(ended_of(item) for item in page), older)

    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions one by one, so that one that has ended meanwhile does not block the others."""
        ended = [session.ended(reason, now) for session in sessions]
        return [one for one in ended if self._table.transact(self._end_actions([one]))]

    def all_stored(self) -> Iterator[Session]:
        """Return the sessions of every user."""
        return map(session_of, self._table.scan("SESSIONS#"))

    def _end_actions(self, ended: list[EndedSession]) -> list[TransactWriteItemTypeDef]:
        actions: list[TransactWriteItemTypeDef] = []
        for one in ended:
            actions.append(self._table.delete(session_key(one.user_id, one.session_id), _EXISTS))
            actions.append({"Put": {"TableName": self._table.name, "Item": ended_item(one, self._keep_days)}})
        return actions

    def _stored_session(self, session: Session, item: Item | None) -> Session | None:
        # Not every DynamoDB engine returns the item of a failed condition.
        item = item or self._table.get(session_key(session.user_id, session.session_id))
        return session_of(item) if item else None
