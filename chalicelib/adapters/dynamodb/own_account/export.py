"""Reads the data stored about a user for an export.

Each kind of item lists the attributes that are exported. No other attribute is exported, so a new secret one
cannot be exported by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.audit_items import audit_partition
from chalicelib.adapters.dynamodb.devices import devices_partition
from chalicelib.adapters.dynamodb.items import Item, account_key, ended_partition, sessions_partition
from chalicelib.adapters.dynamodb.own_account.former_names import former_names_partition
from chalicelib.adapters.dynamodb.own_account.profiles import profile_key
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.mail.dynamodb_store import address_key
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.export import ExportedItem, Section, Value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


@dataclass(frozen=True, slots=True)
class ExportedKind:
    """A kind of item: its name in the export, and the attributes that are exported."""

    name: str
    attributes: frozenset[str]


def _kind(name: str, attributes: str) -> ExportedKind:
    return ExportedKind(name, frozenset(attributes.split()))


_DEVICE = "user_agent address country"
EXPORTED: Mapping[str, ExportedKind] = {
    "ACCOUNT": _kind(
        "account",
        "user_id email username scope created_at disabled password_version security_version session_count "
        "device_count api_key_creations recounts username_changes metadata",
    ),
    "PROFILE": _kind("profile", "updated_at"),
    "ADDRESS": _kind("address_mark", "reason reported_at"),
    "NAMES": _kind("former_username", "username reserved_until"),
    "SESSIONS": _kind(
        "session",
        "session_id client_id granted epoch created_at last_used_at idle_expires_at expires_at rotated_at "
        f"generation {_DEVICE}",
    ),
    "DEVICES": _kind("device", "epoch created_at last_used_at failures last_attempt_at"),
    "KEYS": _kind("api_key", "key_id name scope epoch issued_at expires_at"),
    "ENDED": _kind("ended_session", f"session_id client_id created_at ended_at reason {_DEVICE}"),
    "AUDIT": _kind("change", "change_id event actor at granted withdrawn api_key"),
}
"""The kinds of items that are exported, by the first part of their partition key."""
_PARTITIONS = {
    Section.FORMER_NAMES: former_names_partition,
    Section.SESSIONS: sessions_partition,
    Section.DEVICES: devices_partition,
    Section.API_KEYS: "KEYS#{}".format,
    Section.ENDED_SESSIONS: ended_partition,
    Section.CHANGES: audit_partition,
}


def exported_item(item: Item) -> ExportedItem:
    """Return the exported form of an item."""
    kind = EXPORTED[item["pk"]["S"].partition("#")[0]]
    attributes = {name: _value(value) for name, value in item.items() if name in kind.attributes}
    return ExportedItem(kind.name, attributes, item["profile"]["S"] if "profile" in item else None)


def _value(value: AttributeValueTypeDef) -> Value:
    ((kind, content),) = value.items()
    if kind == "L":
        return [int(one["N"]) for one in value["L"]]
    return int(value["N"]) if kind == "N" else value["S"] if kind == "S" else bool(content)


class DynamoDBPersonalData:
    """Implements `PersonalData` with the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def exported_account(self, account: Account) -> list[ExportedItem]:
        """Read account, profile and the mark of the address in one call."""
        items = self._table.batch_get(
            account_key(account.user_id),
            profile_key(account.user_id),
            address_key(SignInName.of(account.email)),
        )
        return [exported_item(one) for one in items if one is not None]

    def exported(
        self, user_id: str, section: Section, *, limit: int, after: str | None
    ) -> tuple[list[ExportedItem], str | None]:
        """Read part of a partition, in reverse order."""
        items, is_whole = self._table.page(_PARTITIONS[section](user_id), limit=limit, before=after)
        return [exported_item(one) for one in items], None if is_whole or not items else items[-1]["sk"]["S"]
