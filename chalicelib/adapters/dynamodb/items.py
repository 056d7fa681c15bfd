"""Mapping of accounts and sessions to items of the table and back.

docs/decisions/0001-one-table.md describes the whole layout. Names are stored as digests, so that keys have a
bounded length and contain no address.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import Family
from chalicelib.domain.sessions.session import Device, EndedSession, EndReason, Session
from chalicelib.domain.tokens.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef as Value

    from chalicelib.domain.accounts.names import SignInName

Item = dict[str, "Value"]

DAY = 86_400
LISTED = "ACCOUNTS#"
"""Partitions of the index `accounts`, each followed by the first digit of the user ids in it."""


def account_key(user_id: str) -> Item:
    """Return the key of an account."""
    return {"pk": {"S": f"ACCOUNT#{user_id}"}, "sk": {"S": "ACCOUNT"}}


def password_key(user_id: str) -> Item:
    """Return the key of a password hash: in its own partition, so that a policy can deny access to it."""
    return {"pk": {"S": f"PASSWORD#{user_id}"}, "sk": {"S": "PASSWORD"}}


def password_item(user_id: str, password_hash: PasswordHash) -> Item:
    """Return a password hash as an item."""
    return password_key(user_id) | {
        "user_id": {"S": user_id},
        "password_hash": {"S": password_hash.reveal()},
    }


def password_of(item: Item) -> PasswordHash:
    """Read a password hash."""
    return PasswordHash(item["password_hash"]["S"])


def name_key(name: SignInName) -> Item:
    """Return the key of a sign-in name."""
    # "surrogatepass": any string of a form has a key; no account has a name with a lone surrogate.
    digest = hashlib.sha256(name.canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return {"pk": {"S": f"NAME#{digest}"}, "sk": {"S": "NAME"}}


def owner_of(item: Item | None) -> str | None:
    """Return the user id of the account that a name finds, from the item of the name."""
    # A name that is reserved for a former owner has no account.
    return item["user_id"]["S"] if item and "user_id" in item else None


def sessions_partition(user_id: str) -> str:
    """Return the partition of a user's sessions that have not been ended."""
    return f"SESSIONS#{user_id}"


def ended_partition(user_id: str) -> str:
    """Return the partition of a user's ended sessions."""
    return f"ENDED#{user_id}"


def session_key(user_id: str, session_id: str) -> Item:
    """Return the key of a session that has not been ended."""
    return {"pk": {"S": sessions_partition(user_id)}, "sk": {"S": f"SESSION#{session_id}"}}


def account_item(account: Account) -> Item:
    """Return an account as an item."""
    item: Item = account_key(account.user_id) | {
        "user_id": {"S": account.user_id},
        "listed": {"S": LISTED + account.user_id[0]},
        "email": {"S": account.email},
        "password_version": number(account.password_version),
        "security_version": number(account.security_version),
        "disabled": {"BOOL": account.disabled},
        "created_at": number(account.created_at),
        "scope": {"S": str(account.permissions)},
        "metadata": {"S": account.metadata.text},
        "session_count": number(account.session_count),
        "device_count": number(account.device_count),
        "api_key_creations": number(account.api_key_creations),
        "recounts": number(account.recounts),
        "username_changes": times(account.username_changes),
    }
    if account.username is not None:
        item["username"] = {"S": account.username}
    return item


def account_of(item: Item) -> Account:
    """Read an account."""
    return Account(
        user_id=item["user_id"]["S"],
        email=item["email"]["S"],
        username=item["username"]["S"] if "username" in item else None,
        permissions=_scope_of(item["scope"]["S"]),
        created_at=integer(item, "created_at"),
        disabled=item["disabled"]["BOOL"],
        metadata=Metadata(item["metadata"]["S"]),
        password_version=integer(item, "password_version"),
        security_version=integer(item, "security_version"),
        session_count=integer(item, "session_count"),
        device_count=integer(item, "device_count"),
        api_key_creations=integer(item, "api_key_creations"),
        recounts=integer(item, "recounts"),
        username_changes=tuple(int(one["N"]) for one in item["username_changes"]["L"]),
    )


def session_item(session: Session, keep_days: int) -> Item:
    """Return a session as an item that DynamoDB deletes `keep_days` days after the session has expired.

    Until then the item explains why the user was signed out: an expired session leaves no other record.
    """
    family = session.family
    item: Item = session_key(session.user_id, session.session_id) | _device_item(session.device)
    item |= {
        "session_id": {"S": session.session_id},
        "user_id": {"S": session.user_id},
        "client_id": {"S": session.client_id},
        "epoch": number(session.epoch),
        "created_at": number(session.created_at),
        "last_used_at": number(session.last_used_at),
        "idle_expires_at": number(session.idle_expires_at),
        "expires_at": number(session.expires_at),
        "ttl": number(min(session.idle_expires_at, session.expires_at) + keep_days * DAY),
        "tag_key": {"B": family.tag_key.reveal()},
        "generation": number(family.generation),
        "current": {"B": family.current},
        "rotated_at": number(family.rotated_at),
    }
    if session.granted is not None:
        item["granted"] = {"S": str(session.granted)}
    for name, value in (
        ("previous", family.previous),
        ("nonce", family.nonce),
        ("idempotency", family.idempotency),
    ):
        if value is not None:
            item[name] = {"B": value}
    return item


def session_of(item: Item) -> Session:
    """Read a session."""
    return Session(
        session_id=item["session_id"]["S"],
        user_id=item["user_id"]["S"],
        client_id=item["client_id"]["S"],
        granted=_scope_of(item["granted"]["S"]) if "granted" in item else None,
        epoch=integer(item, "epoch"),
        created_at=integer(item, "created_at"),
        last_used_at=integer(item, "last_used_at"),
        idle_expires_at=integer(item, "idle_expires_at"),
        expires_at=integer(item, "expires_at"),
        family=_family_of(item),
        device=_device_of(item),
    )


def ended_item(ended: EndedSession, keep_days: int) -> Item:
    """Return an ended session as an item that is kept for `keep_days` days."""
    item: Item = {
        "pk": {"S": ended_partition(ended.user_id)},
        "sk": {"S": f"{ended.ended_at:012d}#{ended.session_id}"},
        "session_id": {"S": ended.session_id},
        "user_id": {"S": ended.user_id},
        "client_id": {"S": ended.client_id},
        "created_at": number(ended.created_at),
        "ended_at": number(ended.ended_at),
        "reason": {"S": ended.reason.value},
        "ttl": number(ended.ended_at + keep_days * DAY),
    }
    return item | _device_item(ended.device)


def ended_of(item: Item) -> EndedSession:
    """Read an ended session."""
    return EndedSession(
        session_id=item["session_id"]["S"],
        user_id=item["user_id"]["S"],
        client_id=item["client_id"]["S"],
        created_at=integer(item, "created_at"),
        ended_at=integer(item, "ended_at"),
        reason=EndReason(item["reason"]["S"]),
        device=_device_of(item),
    )


def number(value: int) -> Value:
    """Return an integer as a DynamoDB attribute value."""
    return {"N": str(value)}


def times(values: tuple[int, ...]) -> Value:
    """Return a list of Unix times as DynamoDB takes it."""
    return {"L": [number(one) for one in values]}


def integer(item: Item, name: str) -> int:
    """Read an integer."""
    return int(item[name]["N"])


def _family_of(item: Item) -> Family:
    return Family(
        tag_key=Secret(bytes(item["tag_key"]["B"])),
        generation=integer(item, "generation"),
        current=bytes(item["current"]["B"]),
        previous=_bytes_of(item, "previous"),
        nonce=_bytes_of(item, "nonce"),
        rotated_at=integer(item, "rotated_at"),
        idempotency=_bytes_of(item, "idempotency"),
    )


def _bytes_of(item: Item, name: str) -> bytes | None:
    return bytes(item[name]["B"]) if name in item else None


def _scope_of(text: str) -> Scope:
    return Scope(frozenset(text.split()))


def _device_item(device: Device) -> Item:
    return {
        "user_agent": {"S": device.user_agent},
        "address": {"S": device.address},
        "country": {"S": device.country},
    }


def _device_of(item: Item) -> Device:
    return Device(item["user_agent"]["S"], item["address"]["S"], item["country"]["S"])
