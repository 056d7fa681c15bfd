"""What a deleted stack leaves behind: the table and the secret. How to see it, delete it, take it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from infra.deploy.data_guard import SECRET, TABLE
from infra.deploy.target import Target

RECOVERY_DAYS = 30


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


def delete(remain: Remain, target: Target) -> None:
    """Delete one, as far as AWS lets it be brought back for a while. One that is gone is no failure."""
    try:
        _delete_table(remain, target) if remain.kind == TABLE else _delete_secret(remain, target)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        click.echo(f"Gone      {remain.noun} {remain.physical_id} was deleted before.")


def _delete_table(remain: Remain, target: Target) -> None:
    dynamodb = target.client("dynamodb")
    table = dynamodb.describe_table(TableName=remain.physical_id)["Table"]
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=remain.physical_id, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=remain.physical_id)
    # With point-in-time recovery on, DynamoDB makes this backup by itself.
    click.echo(f"Deleted   table {remain.physical_id}; DynamoDB keeps a backup of it for 35 days.")


def _delete_secret(remain: Remain, target: Target) -> None:
    secrets = target.client("secretsmanager")
    if secrets.describe_secret(SecretId=remain.physical_id).get("DeletedDate"):
        click.echo(f"Gone      secret {remain.physical_id} was deleted before.")
        return
    secrets.delete_secret(SecretId=remain.physical_id, RecoveryWindowInDays=RECOVERY_DAYS)
    click.echo(f"Deleted   secret {remain.physical_id}; it can be restored for {RECOVERY_DAYS} days.")
