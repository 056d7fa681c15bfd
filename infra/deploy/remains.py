"""What a deleted stack leaves behind: the table and the secret. How to see it, delete it, take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from chalicelib.adapters.aws import error_code
from infra.deploy.data_guard import SECRET, TABLE
from infra.deploy.refusal import Refused
from infra.deploy.target import Target

RECOVERY_DAYS = 30
_PAUSE_SECONDS = 2

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Remain:
    """A table or a secret that stays, under the name that the stack knew it by."""

    resource: str
    kind: str
    physical_id: str

    @property
    def noun(self) -> str:
        """Return what it is."""
        return "table" if self.kind == TABLE else "secret"


def remains_of(resources: Iterable[dict[str, Any]]) -> list[Remain]:
    """Return what of a stack's resources holds data and outlives it, by resource."""
    found = [
        Remain(one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"])
        for one in resources
        if one["ResourceType"] in {TABLE, SECRET} and one.get("PhysicalResourceId")
    ]
    return sorted(found, key=lambda one: one.resource)


def show_kept(remains: Iterable[Remain], target: Target) -> None:
    """Say what is kept, how to delete it, and how to use it again."""
    kept = list(remains)
    for one in kept:
        click.echo(f"Kept      {one.noun} {one.physical_id}")
    if not kept:
        return
    adopt = " ".join(f"--adopt {one.resource}={one.physical_id}" for one in kept)
    on = f"--stage {target.stage} --region {target.region}"
    click.echo(
        "The next deploy of this stage makes a new, empty table and a new key. To have these again instead:"
    )
    click.echo(f"  .venv/bin/python -m infra deploy {on} {adopt}")
    click.echo("To delete them:")
    click.echo(f"  .venv/bin/python -m infra destroy {on} --delete-data {target.stack}")


def exists(remain: Remain, target: Target) -> bool:
    """Tell whether it is still there; a secret that is about to be deleted is not."""
    try:
        if remain.kind == TABLE:
            target.client("dynamodb").describe_table(TableName=remain.physical_id)
            return True
        secret = target.client("secretsmanager").describe_secret(SecretId=remain.physical_id)
    except ClientError as error:
        if _is_gone(error):
            return False
        raise
    return "DeletedDate" not in secret


def delete(remain: Remain, target: Target, sleep: Sleep) -> None:
    """Delete one, as far as AWS lets it be brought back for a while. One that is gone is no failure."""
    if not exists(remain, target):
        click.echo(f"Gone      {remain.noun} {remain.physical_id} was deleted before.")
    elif remain.kind == TABLE:
        _delete_table(remain.physical_id, target, sleep)
        # With point-in-time recovery on, DynamoDB makes this backup by itself.
        click.echo(f"Deleted   table {remain.physical_id}; DynamoDB keeps a backup of it for 35 days.")
    else:
        secrets = target.client("secretsmanager")
        secrets.delete_secret(SecretId=remain.physical_id, RecoveryWindowInDays=RECOVERY_DAYS)
        click.echo(f"Deleted   secret {remain.physical_id}; it can be restored for {RECOVERY_DAYS} days.")


def discard_unused(resources: Iterable[dict[str, Any]], target: Target, sleep: Sleep) -> None:
    """Delete what a stack that never worked has made, and would keep or protect.

    Raises Refused for a table with anything in it.
    """
    made = [one for one in resources if one["ResourceStatus"] != "DELETE_COMPLETE"]
    for one in remains_of(made):
        if one.kind == TABLE and exists(one, target) and not _is_empty(one, target):
            raise Refused(f"Table {one.physical_id} is not empty: it is left alone, and with it the stack.")
        delete(one, target, sleep)


def _is_empty(table: Remain, target: Target) -> bool:
    found = target.client("dynamodb").scan(TableName=table.physical_id, Limit=1, ConsistentRead=True)
    return not found["Items"]


def _delete_table(name: str, target: Target, sleep: Sleep) -> None:
    dynamodb = target.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        # The protection goes a moment later, and a table that is being updated cannot be deleted.
        while dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            sleep(_PAUSE_SECONDS)
    dynamodb.delete_table(TableName=name)


def _is_gone(error: ClientError) -> bool:
    return error_code(error) == "ResourceNotFoundException"
