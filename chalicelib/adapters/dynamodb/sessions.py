"""Sessions in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.attempts import without_failures
from chalicelib.adapters.dynamodb.items import (
    Item,
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
from chalicelib.adapters.dynamodb.table import Refused, Table
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import AccountChanged, SessionView
from chalicelib.domain.sessions.session import (
    EndedSession,
    EndedSessionPage,
    EndReason,
    Session,
    active,
    sessions_to_evict,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TURNS = 8
_SESSION_PUT = 1
"""Position in the transaction that opens a session."""
_THERE = "attribute_exists(pk)"
_UNCHANGED = "password_version = :version AND disabled = :enabled"


class DynamoDBSessions:
    """The sessions' side of the table. `ended_days` is how long an end can be explained."""

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

    def open(
        self, session: Session, account: Account, rehash: PasswordHash | None, limit: int
    ) -> tuple[EndedSession, ...]:
        """Write the session in one transaction with what the sign-in depends on.

        The account counts at least its standing sessions, so below the limit nothing need be read. At the
        limit they are read, which costs one more round trip, and the least recently used gives way.
        """
        now = session.created_at
        for turn in range(_TURNS):
            full = account.session_count >= limit
            live = active(self.stored(account.user_id), now, session.epoch) if full else None
            leaving = sessions_to_evict(live, limit, session, turn) if live else []
            evicted = [one.ended(EndReason.EVICTED, now) for one in leaving]
            places = None if live is None else (len(live), len(leaving))
            actions = [
                self._account_update(account, places, rehash, limit, now),
                self._table.put(session_item(session, self._keep_days), "attribute_not_exists(pk)"),
                *self._end_actions(evicted),
            ]
            try:
                self._table.transact_or_refuse(actions)
            except Refused as refused:
                if _SESSION_PUT in refused.items:
                    # Its id is random: only this very call can have written it, and its answer was lost.
                    return tuple(evicted)
                account = self._still_the_same(account)
                continue
            return tuple(evicted)
        raise Unavailable("too many sign-ins of one user at once")

    def rotate(self, before: Session, after: Session) -> Session | None:
        """Replace a session if nobody else has, by the generation and hash of its refresh token."""
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
        return after if is_written else self._as_it_stands(after, item)

    def stored(self, user_id: str) -> list[Session]:
        """Return the sessions of a user."""
        return [session_of(item) for item in self._table.partition(sessions_partition(user_id))]

    def ended(self, user_id: str, *, limit: int, before: str | None = None) -> EndedSessionPage:
        """Return one page of the ended sessions of a user. The cursor is the sort key of the last one."""
        # One more than asked for, so that the last page is known as the last.
        items, is_whole = self._table.page(ended_partition(user_id), limit=limit + 1, before=before)
        page = items[:limit]
        older = page[-1]["sk"]["S"] if page and not (is_whole and len(items) == len(page)) else None
        return EndedSessionPage(tuple(ended_of(item) for item in page), older)

    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions one by one, so that one which has just ended does not hold up the others."""
        ended = [session.ended(reason, now) for session in sessions]
        return [one for one in ended if self._table.transact(self._end_actions([one]))]

    def all_stored(self) -> Iterator[Session]:
        """Return the sessions of every user."""
        return map(session_of, self._table.scan("SESSIONS#"))

    def _account_update(
        self,
        account: Account,
        places: tuple[int, int] | None,
        rehash: PasswordHash | None,
        limit: int,
        now: int,
    ) -> TransactWriteItemTypeDef:
        """Return the account's part: still the same, one more session, no failures, the new hash.

        `places` are those taken and those given up, where they were counted. Swapping one session for another
        is no recount, so that many sign-ins can each do it at once.
        """
        values: Item = {":version": number(account.password_version), ":enabled": {"BOOL": False}}
        if places is None:
            sets, package = ["session_count = session_count + :one"], "session_count < :limit"
            values |= {":one": number(1), ":limit": number(limit)}
        else:
            taken, given_up = places
            sets = ["session_count = :count", "session_recounts = session_recounts + :recount"]
            package = "session_count = :counted AND session_recounts = :recounted"
            values |= {
                ":count": number(taken - given_up + 1),
                ":counted": number(account.session_count),
                ":recount": number(0 if given_up == 1 else 1),
                ":recounted": number(account.session_recounts),
            }
        if rehash is not None:
            sets.append("password_hash = :hash")
            values[":hash"] = {"S": rehash.reveal()}
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": account_key(account.user_id),
                "UpdateExpression": f"SET {', '.join(sets)} {without_failures(now)}",
                "ConditionExpression": f"{_UNCHANGED} AND {package}",
                "ExpressionAttributeValues": values,
            }
        }

    def _end_actions(self, ended: list[EndedSession]) -> list[TransactWriteItemTypeDef]:
        actions: list[TransactWriteItemTypeDef] = []
        for one in ended:
            actions.append(self._table.delete(session_key(one.user_id, one.session_id), _THERE))
            actions.append({"Put": {"TableName": self._table.name, "Item": ended_item(one, self._keep_days)}})
        return actions

    def _still_the_same(self, account: Account) -> Account:
        """Read the account again after a refusal. Raises AccountChanged where that was the reason."""
        item = self._table.get(account_key(account.user_id))
        now = account_of(item) if item else None
        if now is None or now.disabled or now.password_version != account.password_version:
            raise AccountChanged
        return now

    def _as_it_stands(self, session: Session, item: Item | None) -> Session | None:
        # An engine that does not hand back what refused is asked once more.
        item = item or self._table.get(session_key(session.user_id, session.session_id))
        return session_of(item) if item else None
