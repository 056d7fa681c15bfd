"""The stack of the data, gatehouse-STAGE-data, with its protection by AWS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from infra.deploy import guards
from infra.deploy.release import Release
from infra.deploy.stack import Stack, State
from infra.deploy.target import Target
from infra.template.build import as_text

SECRET = "SigningSecret"  # noqa: S105 - a resource of the template
_POLICY = Path(__file__).with_name("policies") / "data-stack.json"


@dataclass(frozen=True)
class DataStack:
    """Table, signing key and logs of a stage. Their names are fixed, so existing data is found by name."""

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

    def describe_secret(self) -> dict[str, Any]:
        """Return the description of the secret; empty where there is none, or one that is being deleted."""
        client = self.target.client("secretsmanager")
        try:
            found: dict[str, Any] = client.describe_secret(SecretId=self.secret)
        except client.exceptions.ResourceNotFoundException:
            return {}
        return {} if "DeletedDate" in found else found

    def change(self, state: State, release: Release) -> None:
        """Create or update the stack; data of a deleted stack is imported. Raises Refused."""
        secret = self.describe_secret()
        if secret and not state.exists:
            if self.stack.dry_run:
                click.echo(f"Data of stage {self.target.stage} exists without a stack, and would be imported")
                return
            self._import_secret(release, secret["ARN"])
            state = self.stack.ready()
        self.stack.change(
            state,
            guards.check_data,
            values=release.values,
            tags=release.tags,
            TemplateBody=as_text(release.document),
            ImportExistingResources=True,
        )
        if not self.stack.dry_run:
            client, name = self.stack.client, self.stack.name
            client.set_stack_policy(StackName=name, StackPolicyBody=_POLICY.read_text("utf-8"))
            client.update_termination_protection(StackName=name, EnableTerminationProtection=True)

    def delete(self, state: State) -> None:
        """Delete stack, table and secret; the logs expire by themselves. Can be repeated."""
        if state.exists:
            self.stack.client.update_termination_protection(
                StackName=self.stack.name, EnableTerminationProtection=False
            )
            self.stack.delete(state)
        self._delete_table()
        secrets = self.target.client("secretsmanager")
        try:
            gone = secrets.delete_secret(SecretId=self.secret, RecoveryWindowInDays=7)
        except (secrets.exceptions.ResourceNotFoundException, secrets.exceptions.InvalidRequestException):
            return
        click.echo(
            f"Deleted   signing key {self.secret}; until {gone['DeletionDate']:%Y-%m-%d} it can be "
            "restored, and no new stage can have its name. To free the name at once:\n"
            f"  aws secretsmanager delete-secret --secret-id {self.secret} --force-delete-without-recovery"
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

    def _import_secret(self, release: Release, arn: str) -> None:
        """Import the secret alone: its identifier is no property, so ImportExistingResources cannot."""
        alone = {**release.document, "Resources": {SECRET: release.document["Resources"][SECRET]}}
        del alone["Outputs"]  # an import takes none
        resource = {
            "ResourceType": "AWS::SecretsManager::Secret",
            "LogicalResourceId": SECRET,
            "ResourceIdentifier": {"Id": arn},
        }
        change_set = self.stack.prepare(
            "IMPORT", release.values, release.tags, TemplateBody=as_text(alone), ResourcesToImport=[resource]
        )
        if change_set:
            self.stack.execute(change_set)
