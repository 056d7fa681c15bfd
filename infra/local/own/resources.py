"""Create the resources of own functions in a local AWS, and read the variables that refer to them.

moto's CloudFormation creates them, since it supports attributes, conditions and most types of resources.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.cloudformation import Evaluator
from infra.local.environment import ACCOUNT, REGION, STACK
from infra.local.own.fragment import Fragment

Clients = Callable[[str], Any]
"""Returns a boto3 client for the local AWS by the name of a service."""
_AWS_QUEUES = f"https://sqs.{REGION}.amazonaws.com/"
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}


class OwnResourcesError(Exception):
    """`infra/functions.yaml` cannot be created locally. The message states the reason."""


def create_own_resources(fragment: Fragment, clients: Clients) -> None:
    """Create the resources of the fragment that exist locally. Raises OwnResourcesError."""
    if fragment.is_empty():
        return
    try:
        stack = fragment.stack(_create_secrets(fragment, clients))
        with closing(clients("cloudformation")) as cloudformation:
            cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(stack))
        _expire_items(fragment, clients)
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        raise OwnResourcesError(f"infra/functions.yaml cannot be created locally: {error}") from error


def own_variables(clients: Clients, aws_url: str = "") -> dict[str, str]:
    """Return the environment variables of own functions; none if no resources were created.

    With `aws_url`, the URLs of queues begin with it, as in Lambda they begin with the address of AWS.
    """
    with closing(clients("cloudformation")) as cloudformation:
        try:
            (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        except ClientError:
            return {}
    found = {one["Description"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    if not aws_url:
        return found
    return {name: value.replace(_AWS_QUEUES, f"{aws_url}/", 1) for name, value in found.items()}


def _create_secrets(fragment: Fragment, clients: Clients) -> dict[str, str]:
    values = {**_PSEUDO_PARAMETERS, **fragment.values}
    evaluator = Evaluator(
        {"Conditions": fragment.conditions, "Resources": fragment.secrets}, values.__getitem__
    )
    found = evaluator.present("Resources") if fragment.secrets else {}
    wanted = {name: evaluator.resolve(one.get("Properties") or {}) for name, one in found.items()}
    if not wanted:
        return {}
    with closing(clients("secretsmanager")) as manager:
        return {name: _create_secret(manager, name, one) for name, one in wanted.items()}


def _create_secret(manager: Any, logical_id: str, wanted: Mapping[str, Any]) -> str:
    text = wanted.get("SecretString")
    generate = dict(wanted.get("GenerateSecretString") or {})
    if text is None:
        document = json.loads(generate.pop("SecretStringTemplate", "{}"))
        key = generate.pop("GenerateStringKey", "")
        password = manager.get_random_password(**generate)["RandomPassword"]
        text = json.dumps({**document, key: password}) if key else password
    name = wanted.get("Name", f"{STACK}-{logical_id}")
    return str(manager.create_secret(Name=name, SecretString=text)["ARN"])


def _expire_items(fragment: Fragment, clients: Clients) -> None:
    """Set the expiry of tables, which moto's CloudFormation ignores."""
    expiring = {
        name: one["Properties"]["TimeToLiveSpecification"]
        for name, one in fragment.created.items()
        if "TimeToLiveSpecification" in (one.get("Properties") or {})
    }
    if not expiring:
        return
    with ExitStack() as stack:
        cloudformation = stack.enter_context(closing(clients("cloudformation")))
        dynamodb = stack.enter_context(closing(clients("dynamodb")))
        found = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        tables = {one.get("LogicalResourceId"): one.get("PhysicalResourceId") for one in found}
        for name, expiry in expiring.items():
            if name in tables:
                dynamodb.update_time_to_live(TableName=tables[name], TimeToLiveSpecification=expiry)
