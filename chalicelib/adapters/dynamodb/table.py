"""The DynamoDB table and its operations. Every read is strongly consistent, except of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code, translate_aws_errors
from chalicelib.adapters.dynamodb_actions import TransactionActions
from chalicelib.adapters.dynamodb_errors import Contention, Refused, refusal_of, refused_item
from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        KeysAndAttributesTypeDef,
        PutItemInputTypeDef,
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
    )

    from chalicelib.adapters.dynamodb.items import Item

_Result = TypeVar("_Result")

MAX_ACTIONS = 100
"""Actions of one transaction."""
_CONFLICT_ATTEMPTS = 5
"""Attempts to write while other transactions lock an item; each locks it for milliseconds."""
_BATCH_ATTEMPTS = 3
"""Attempts to read the keys of a batch. botocore retries only if every key of a batch was throttled."""


class Table(TransactionActions):
    """One DynamoDB table. Methods that call AWS raise Unavailable on any failure except a failed condition.

    `backoff` is called before each retry with the number of the retry, and sleeps longer each time.
    """

    def __init__(self, client: DynamoDBClient, name: str, backoff: Callable[[int], None]) -> None:
        self.client = client
        self.name = name
        self._backoff = backoff

    def get(self, key: Item) -> Item | None:
        """Return one item."""
        with translate_aws_errors():
            return self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")

    def batch_get(self, *keys: Item, attributes: Sequence[str] = ()) -> list[Item | None]:
        """Return several items in one round trip, in the order of their keys; with `attributes`, only those.

        Keys that AWS leaves unprocessed, because a partition is throttled, are requested again.
        """
        found: dict[tuple[str, str], Item] = {}
        unread: Sequence[Item] = keys
        for attempt in range(_BATCH_ATTEMPTS):
            if attempt:
                self._backoff(attempt)
            items, unread = self._read_batch(unread, attributes)
            found.update({(item["pk"]["S"], item["sk"]["S"]): item for item in items})
            if not unread:
                return [found.get((key["pk"]["S"], key["sk"]["S"])) for key in keys]
        # A key that was not read is not a missing item.
        raise Unavailable("aws left keys unread")

    def _read_batch(
        self, keys: Sequence[Item], attributes: Sequence[str]
    ) -> tuple[Sequence[Item], Sequence[Item]]:
        """Return the items that were read, and the keys that were not."""
        request: KeysAndAttributesTypeDef = {"Keys": keys, "ConsistentRead": True}
        if attributes:
            # By aliases, since some names are reserved words.
            names = {f"#{name}": name for name in attributes}
            request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        with translate_aws_errors():
            answer = self.client.batch_get_item(RequestItems={self.name: request})
            unprocessed = answer["UnprocessedKeys"]
            return answer["Responses"][self.name], unprocessed[self.name]["Keys"] if unprocessed else []

    def partition(self, pk: str) -> list[Item]:
        """Return all items of one partition. Use it only for partitions of limited size."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
        }
        return list(self._pages(self.client.query, request))

    def scan(self, leading: str) -> Iterator[Item]:
        """Return all items whose partition key begins with `leading`. This reads the whole table."""
        request = {
            "TableName": self.name,
            "FilterExpression": "begins_with(pk, :leading)",
            "ExpressionAttributeValues": {":leading": {"S": leading}},
            "ConsistentRead": True,
        }
        return self._pages(self.client.scan, request)

    def _pages(self, operation: Callable[..., Any], request: dict[str, Any]) -> Iterator[Item]:
        """Return the items of every page of a query or scan."""
        start: dict[str, Any] = {}
        while True:
            with translate_aws_errors():
                page = operation(**request, **start)
                items: list[Item] = page["Items"]
            yield from items
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def page(self, pk: str, *, limit: int, before: str | None = None) -> tuple[list[Item], bool]:
        """Return the last items of a partition, in reverse order, and whether these are all.

        With `before`, a sort key, only items before it. One call, with at most about one megabyte.
        """
        request: QueryInputTypeDef = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if before is not None:
            request["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": before}}
        with translate_aws_errors():
            answer = self.client.query(**request)
            return answer["Items"], "LastEvaluatedKey" not in answer

    def listed(self, partition: str, *, after: str, limit: int) -> list[str]:
        """Return at most `limit` user ids of a partition of the index `accounts`, those after `after`.

        An index can only be read eventually consistent.
        """
        with translate_aws_errors():
            answer = self.client.query(
                TableName=self.name,
                IndexName="accounts",
                KeyConditionExpression="listed = :partition AND user_id > :after",
                ExpressionAttributeValues={":partition": {"S": partition}, ":after": {"S": after}},
                Limit=limit,
            )
            return [item["user_id"]["S"] for item in answer["Items"]]

    def update_or_old(self, request: UpdateItemInputTypeDef) -> tuple[bool, Item | None]:
        """Update one item. Return whether the condition held, and the attributes that were requested."""
        return self._write(lambda: self.client.update_item(**request).get("Attributes"))

    def put_or_old(self, request: PutItemInputTypeDef) -> tuple[bool, Item | None]:
        """Write one item. Return whether the condition held, and the attributes that were requested."""
        return self._write(lambda: self.client.put_item(**request).get("Attributes"))

    def remove(self, key: Item) -> Item | None:
        """Delete one item. Return it, or None if it did not exist."""

        def call() -> Item | None:
            answer = self.client.delete_item(TableName=self.name, Key=key, ReturnValues="ALL_OLD")
            return answer.get("Attributes")

        return self._write(call)[1] or None

    def _write(self, call: Callable[[], Item | None]) -> tuple[bool, Item | None]:
        def attempt() -> tuple[bool, Item | None] | None:
            try:
                return True, call()
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False, refused_item(error)
                # botocore does not retry this error.
                if error_code(error) != "TransactionConflictException":
                    raise
                return None

        return self._until_done(attempt)

    def transact(self, actions: Sequence[TransactWriteItemTypeDef]) -> bool:
        """Write all actions or none. Return False if a condition failed."""
        try:
            self.transact_or_refuse(actions)
        except Refused:
            return False
        return True

    def transact_or_refuse(self, actions: Sequence[TransactWriteItemTypeDef]) -> None:
        """Write all actions or none. Raises Refused, with the current items of actions that request them."""

        def attempt() -> bool | None:
            try:
                self.client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                refusal = refusal_of(error)
                if refusal is not None:
                    raise refusal from error
                return None
            return True

        self._until_done(attempt)

    def _until_done(self, attempt: Callable[[], _Result | None]) -> _Result:
        """Repeat an attempt to write while it returns None, which means a transaction conflict."""
        for retry in range(_CONFLICT_ATTEMPTS):
            if retry:
                self._backoff(retry)
            with translate_aws_errors():
                result = attempt()
            if result is not None:
                return result
        raise Contention("aws transaction conflict")
