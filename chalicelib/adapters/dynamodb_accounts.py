"""Accounts and sign-in names in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code, outages
from chalicelib.adapters.dynamodb_items import (
    DAY,
    SYSTEM_KEY,
    Item,
    account_item,
    account_key,
    account_of,
    integer,
    name_key,
    number,
)
from chalicelib.adapters.dynamodb_table import Table, was_refused
from chalicelib.domain.accounts import Account
from chalicelib.domain.errors import InvalidAccount, TooManyAttempts
from chalicelib.domain.names import SignInName
from chalicelib.domain.ports import AttemptPolicy, SignInCandidate
from chalicelib.domain.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateItemInputTypeDef

_MAY_TRY = "(attribute_not_exists(failures) OR failures < :free OR last_attempt_at <= :waited)"


class DynamoDBAccounts:
    """The accounts' side of the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, account: Account) -> None:
        """Write the account and its names in one transaction: uniqueness is a condition, not a look first."""
        free = "attribute_not_exists(pk)"
        actions: list[TransactWriteItemTypeDef] = [self._table.put(account_item(account), free)]
        for name in account.sign_in_names:
            item: Item = name_key(name) | {"user_id": {"S": account.user_id}}
            actions.append(self._table.put(item, free))
        if not self._table.transact(actions):
            raise InvalidAccount("name taken", description="The address or user name is already taken.")

    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        item = self._table.get(account_key(user_id))
        return account_of(item) if item else None

    def find(self, name: SignInName) -> Account | None:
        """Return the account that a name finds."""
        item = self._table.get(name_key(name))
        return self.account(item["user_id"]["S"]) if item else None

    def begin_sign_in(self, name: SignInName, now: int, policy: AttemptPolicy) -> SignInCandidate:
        """Charge an attempt, then read account and epoch. A name that finds nobody costs as many calls."""
        charged, old = self._charge(name_key(name), now, policy, known=True)
        if charged is None and (old is None or "user_id" not in old):
            self._charge_unknown(name, now, policy)
            return SignInCandidate(None, 0)
        found = charged or old
        assert found is not None  # noqa: S101 - for the type checker: the line above has returned
        items = self._table.batch_get(account_key(found["user_id"]["S"]), SYSTEM_KEY)
        if charged is None:
            # Refused only now, after the same calls that an unknown name costs.
            raise _too_many(found, now, policy)
        account, system = items
        return SignInCandidate(account_of(account) if account else None, epoch_of(system))

    def set_permissions(self, account: Account, permissions: Scope) -> bool:
        """Replace the permissions, if nobody else has meanwhile."""
        return self._table.update(
            account_key(account.user_id),
            "SET #scope = :after",
            condition="#scope = :before",
            values={":before": {"S": str(account.permissions)}, ":after": {"S": str(permissions)}},
            names={"#scope": "scope"},
        )

    def set_disabled(self, user_id: str, *, disabled: bool) -> bool:
        """Disable or enable an account; its sessions are not touched here."""
        return self._table.update(
            account_key(user_id),
            "SET disabled = :disabled",
            condition="attribute_exists(pk)",
            values={":disabled": {"BOOL": disabled}},
        )

    def delete(self, account: Account) -> bool:
        """Remove the account and its names in one transaction. Return False where they have changed."""
        own: Item = {":user_id": {"S": account.user_id}}
        keys = [account_key(account.user_id), *map(name_key, account.sign_in_names)]
        actions = [self._table.delete(key, "user_id = :user_id", own) for key in keys]
        return self._table.transact(actions)

    def _charge_unknown(self, name: SignInName, now: int, policy: AttemptPolicy) -> None:
        charged, old = self._charge(name_key(name, "UNKNOWN"), now, policy, known=False)
        if charged is None:
            raise _too_many(old, now, policy)

    def _charge(
        self, key: Item, now: int, policy: AttemptPolicy, *, known: bool
    ) -> tuple[Item | None, Item | None]:
        """Return the item after the charge, or None and the item that refused it."""
        request: UpdateItemInputTypeDef = {
            "TableName": self._table.name,
            "Key": key,
            "UpdateExpression": "ADD failures :one SET last_attempt_at = :now",
            "ConditionExpression": ("attribute_exists(user_id) AND " if known else "") + _MAY_TRY,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        values: Item = {
            ":one": number(1),
            ":now": number(now),
            ":free": number(policy.free_failures),
            ":waited": number(now - policy.wait_seconds),
        }
        if not known:
            # Nobody clears the failures of a name that finds nobody, so they expire.
            request["UpdateExpression"] += ", #ttl = :ttl"
            request["ExpressionAttributeNames"] = {"#ttl": "ttl"}
            values[":ttl"] = number(now + DAY)
        request["ExpressionAttributeValues"] = values
        with outages():
            try:
                return self._table.client.update_item(**request)["Attributes"], None
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return None, was_refused(error)


def epoch_of(system: Item | None) -> int:
    """Read the epoch; none was ever written before the first breach."""
    return integer(system, "epoch") if system else 0


def _too_many(item: Item | None, now: int, policy: AttemptPolicy) -> TooManyAttempts:
    waited_since = integer(item, "last_attempt_at") if item and "last_attempt_at" in item else now
    return TooManyAttempts(max(1, waited_since + policy.wait_seconds - now))
