"""What a stack consists of, as CloudFormation lists it."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Stack
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import DeletionProtectedException
from moto.dynamodb.models import dynamodb_backends
from moto.secretsmanager.models import secretsmanager_backends


def list_stack_resources(response: Any) -> Any:
    """Answer ListStackResources, also for a stack that left something."""
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    if stack.status == "DELETE_COMPLETE":
        listed = [{**one, "ResourceStatus": "DELETE_SKIPPED"} for one in stack.left]
    else:
        listed = [
            {**one, "ResourceStatus": one["ResourceStatus"] if is_there(stack, one) else "DELETE_COMPLETE"}
            for one in summaries(stack)
        ]
    return ActionResult({"StackResourceSummaries": listed})


def is_there(stack: Stack, one: dict[str, Any]) -> bool:
    """Tell whether a table or a secret has not been deleted since; of others nobody asks."""
    place = stack.account_id, stack.region_name
    if one["ResourceType"] == "AWS::DynamoDB::Table":
        return one["PhysicalResourceId"] in dynamodb_backends[place[0]][place[1]].tables
    if one["ResourceType"] == "AWS::SecretsManager::Secret":
        return one["PhysicalResourceId"] in secretsmanager_backends[place[0]][place[1]].secrets
    return True


def summaries(stack: Stack) -> list[dict[str, Any]]:
    """Return what a stack has made."""
    made = stack.resource_map._parsed_resources
    return [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": getattr(made[name], "physical_resource_id", name),
            "ResourceType": described["Type"],
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": stack.creation_time,
        }
        for name, described in stack.resource_map._resource_json_map.items()
        if name in made
    ]


def take_away(stack: Stack) -> dict[str, str]:
    """Delete what holds data, whatever its policy says; return what cannot be deleted, with the reason."""
    stays = {}
    for one in summaries(stack):
        if one["ResourceType"] == "AWS::DynamoDB::Table":
            try:
                dynamodb_backends[stack.account_id][stack.region_name].delete_table(one["PhysicalResourceId"])
            except DeletionProtectedException:
                stays[one["LogicalResourceId"]] = "Resource cannot be deleted as it is currently protected."
        elif one["ResourceType"] == "AWS::SecretsManager::Secret":
            secretsmanager_backends[stack.account_id][stack.region_name].delete_secret(
                one["PhysicalResourceId"], recovery_window_in_days=None, force_delete_without_recovery=True
            )
    return stays
