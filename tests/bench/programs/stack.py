"""Script: run the local stack of the tree in the working directory, in a process of its own.

Usage: `python stack.py BCRYPT_COST USERS`. Prints one line of JSON, the environment of its functions and its
URL; ends when standard input does. With USERS above 0, the table holds as many copies of one user's items.
"""

import copy
import json
import os
import sys
import uuid
from typing import Any

EMAILS = [f"bench{number}@example.com" for number in range(8)]
PASSWORD = "correct horse battery staple"
_COPIED = "copied@example.com"


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - only the working directory's own name
    from chalicelib.domain.accounts.passwords import Password
    from chalicelib.oauth.requests import TokenRequest
    from chalicelib.services import get_services
    from infra.local.stack.local_stack import LocalStack

    cost, users = sys.argv[1], int(sys.argv[2])
    with LocalStack(environment={"BCRYPT_COST": cost}) as stack:
        services = get_services()
        for email in (*EMAILS, _COPIED):
            account = services.create_account(email=email, password=Password(PASSWORD))
        form = {"grant_type": "password", "username": _COPIED, "password": PASSWORD}
        services.token_endpoint(TokenRequest(form, stack.api_url, stack.api_url))
        if users:
            _copy_user(account.user_id, users)
        print(json.dumps({"url": stack.api_url, "environment": stack.environment}), file=answers, flush=True)
        sys.stdin.read()


def _copy_user(user_id: str, users: int) -> None:
    """Put copies of all items of a user into moto's table, under other keys but with the same attributes."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.table import Table

    _make_moto_flat(Table)
    tables = [
        table
        for regions in dynamodb_backends.values()
        for backend in regions.values()
        for table in backend.tables.values()
    ]
    (items,) = (table.items for table in tables)
    mine: list[tuple[Any, Any]] = [(pk, rows) for pk, rows in items.items() if user_id in str(pk.value)]
    if not mine:
        raise AssertionError("no item of the user to copy")
    for _ in range(users):
        other = uuid.uuid4().hex
        for pk, rows in mine:
            items[DynamoType({"S": pk.value.replace(user_id, other)})] = dict(rows)


def _make_moto_flat(table: Any) -> None:
    """Have moto take as long for a large table as for a small one, as DynamoDB does."""
    # moto copies a table before each transaction, to go back if one fails. Here none does.
    table.__deepcopy__ = lambda self, _: self
    # moto looks for a partition among all items.
    query = table.query

    def query_partition(self: Any, hash_key: Any, *arguments: Any, **options: Any) -> Any:
        partition = copy.copy(self)
        partition.items = {hash_key: self.items.get(hash_key, {})}
        return query(partition, hash_key, *arguments, **options)

    table.query = query_partition


if __name__ == "__main__":
    main()
