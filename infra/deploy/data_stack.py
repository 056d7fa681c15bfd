"""The stack of the data, gatehouse-STAGE-data, and the guards that AWS puts before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from infra.deploy import guards
from infra.deploy.change_set import ChangeSet
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, State
from infra.deploy.target import Target
from infra.template.build import Document, as_text

RECOVERY_DAYS = 7
SECRET = "SigningSecret"  # noqa: S105 - a resource of the template
STACK_POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "*"},
    ]
}


@dataclass(frozen=True)
class DataStack:
    """Table, signing key and logs of a stage. Their names are fixed, so kept data is found by them."""

    target: Target
    stack: Stack

    @property
    def table(self) -> str:
        """Return the name of the table."""
        return f"gatehouse-{self.target.stage}"

    @property
    def secret(self) -> str:
        """Return the name of the signing secret."""
        return f"gatehouse-{self.target.stage}/signing-key"

    @property
    def _free_the_name(self) -> str:
        return f"aws secretsmanager delete-secret --secret-id {self.secret} --force-delete-without-recovery"

    def describe_secret(self) -> dict[str, Any] | None:
        """Return what Secrets Manager says of the secret, None where there is none. Raises Refused.

        A secret that is being deleted keeps its name until that is done.
        """
        client = self.target.client("secretsmanager")
        try:
            found: dict[str, Any] = client.describe_secret(SecretId=self.secret)
        except client.exceptions.ResourceNotFoundException:
            return None
        if "DeletedDate" in found:
            raise Refused(
                f"The signing key {self.secret} is being deleted, and keeps its name until then. "
                f"To have the key back:\n  aws secretsmanager restore-secret --secret-id {self.secret}"
                f"\nTo free the name:\n  {self._free_the_name}"
            )
        return found

    def prepare(
        self, state: State | None, document: Document, values: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """Work out the changes; data that an earlier stack has left is imported. Raises Refused."""
        secret = self.describe_secret()
        if state is None and secret is not None:
            self._import_secret(document, values, tags, secret["ARN"])
            state = self.stack.ready()
        change_set = self.stack.prepare(
            "UPDATE" if state else "CREATE",
            values,
            tags,
            TemplateBody=as_text(document),
            ImportExistingResources=True,
        )
        if change_set and state:
            try:
                guards.check_data(change_set.changes)
            except Refused:
                self.stack.discard(change_set)
                raise
        return change_set

    def protect(self) -> None:
        """Have CloudFormation refuse to replace or delete any of it, whoever asks."""
        client = self.stack.client
        client.set_stack_policy(StackName=self.stack.name, StackPolicyBody=json.dumps(STACK_POLICY))
        client.update_termination_protection(StackName=self.stack.name, EnableTerminationProtection=True)

    def delete(self, state: State | None) -> None:
        """Delete stack, table and secret; the logs expire by themselves. Can be repeated."""
        if state:
            self.stack.client.update_termination_protection(
                StackName=self.stack.name, EnableTerminationProtection=False
            )
            self.stack.delete(state)
        self._delete_table()
        secrets = self.target.client("secretsmanager")
        try:
            gone = secrets.delete_secret(SecretId=self.secret, RecoveryWindowInDays=RECOVERY_DAYS)
        except (secrets.exceptions.ResourceNotFoundException, secrets.exceptions.InvalidRequestException):
            return
        click.echo(
            f"Deleted   signing key {self.secret}; until {gone['DeletionDate']:%Y-%m-%d} it can be "
            f"restored; no new stage can have its name until then. At once:\n  {self._free_the_name}"
        )

    def _delete_table(self) -> None:
        dynamodb = self.target.client("dynamodb")
        try:
            dynamodb.update_table(TableName=self.table, DeletionProtectionEnabled=False)
            # A table that is being updated cannot be deleted.
            dynamodb.get_waiter("table_exists").wait(TableName=self.table, WaiterConfig={"Delay": 2})
            dynamodb.delete_table(TableName=self.table)
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        dynamodb.get_waiter("table_not_exists").wait(TableName=self.table, WaiterConfig={"Delay": 2})
        # With point-in-time recovery on, DynamoDB makes this backup by itself.
        click.echo(f"Deleted   table {self.table}; DynamoDB keeps a backup of it for 35 days.")

    def _import_secret(
        self, document: Document, values: Mapping[str, str], tags: Mapping[str, str], arn: str
    ) -> None:
        """Import the secret alone: its identifier is no property, which ImportExistingResources wants."""
        alone = {**document, "Resources": {SECRET: document["Resources"][SECRET]}}
        del alone["Outputs"]  # an import takes none
        change_set = self.stack.prepare(
            "IMPORT",
            values,
            tags,
            TemplateBody=as_text(alone),
            ResourcesToImport=[
                {
                    "ResourceType": "AWS::SecretsManager::Secret",
                    "LogicalResourceId": SECRET,
                    "ResourceIdentifier": {"Id": arn},
                }
            ],
        )
        if change_set:
            self.stack.execute(change_set)
