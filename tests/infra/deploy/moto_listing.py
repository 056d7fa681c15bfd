"""What a stack consists of, as CloudFormation lists it."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Stack
from moto.core.responses import ActionResult


def list_stack_resources(response: Any) -> Any:
    """Answer ListStackResources, also for a stack that left something."""
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    if stack.status == "DELETE_COMPLETE":
        listed = [{**one, "ResourceStatus": "DELETE_SKIPPED"} for one in stack.left]
    else:
        listed = summaries(stack)
    return ActionResult({"StackResourceSummaries": listed})


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
