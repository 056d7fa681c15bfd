"""Profiles in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import Item, account_key, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Refused
from chalicelib.domain.accounts.own.profiles import NO_PROFILE, Profile
from chalicelib.domain.sign_in.ports import AccountChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_ACCOUNT = 0
"""Position of the action whose condition fails if the account is disabled or deleted."""


def profile_key(user_id: str) -> Item:
    """Return the key of a profile."""
    return {"pk": {"S": f"PROFILE#{user_id}"}, "sk": {"S": "PROFILE"}}


def profile_item(user_id: str, profile: Profile, now: int) -> Item:
    """Return a profile as an item."""
    return profile_key(user_id) | {
        "user_id": {"S": user_id},
        "profile": {"S": profile.text},
        "tag": {"S": profile.tag},
        "updated_at": number(now),
    }


def profile_of(item: Item | None) -> Profile:
    """Read a profile."""
    return Profile(item["profile"]["S"]) if item else NO_PROFILE


class DynamoDBProfiles:
    """The profiles in the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def profile(self, user_id: str) -> Profile:
        """Return a profile."""
        return profile_of(self._table.get(profile_key(user_id)))

    def put_profile(self, user_id: str, profile: Profile, now: int, *, before: Profile | None) -> bool:
        """Write a profile, in one transaction with the check that its account exists."""
        table = self._table
        put: PutTypeDef = {"TableName": table.name, "Item": profile_item(user_id, profile, now)}
        if before is not None:
            # A missing item is `before`, too, if `before` is the empty profile.
            missing = "attribute_not_exists(pk) OR " if before == NO_PROFILE else ""
            put["ConditionExpression"] = f"{missing}tag = :tag"
            put["ExpressionAttributeValues"] = {":tag": {"S": before.tag}}
        account = table.check(account_key(user_id), "disabled = :enabled", {":enabled": {"BOOL": False}})
        try:
            table.transact_or_refuse([account, {"Put": put}])
        except Refused as refused:
            if _ACCOUNT in refused.items:
                raise AccountChanged from refused
            return False
        return True
