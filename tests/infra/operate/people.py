"""The AWS calls of people at a terminal, as IAM sees them: whoever deploys, and whoever operates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import current_thread
from typing import Any

import pytest
from botocore.client import BaseClient

from infra.local.stack.template import TEMPLATE
from tests.infra.template.calls import Call
from tests.infra.template.iam import Policy, is_used

# Where IAM has another word than the call: S3 names its actions by itself, API Gateway goes by HTTP methods.
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "apigateway:FlushStageAuthorizersCache": "apigateway:DELETE",
    "apigateway:GetAccount": "apigateway:GET",
    "apigateway:GetAuthorizers": "apigateway:GET",
    "apigateway:GetRestApi": "apigateway:GET",
    "apigateway:GetStage": "apigateway:GET",
    "apigateway:UpdateAccount": "apigateway:PATCH",
}
_MAIL_QUEUE = "arn:aws:sqs:eu-west-1:1:gatehouse-prod-mail"
# IAM lets everybody ask this.
_FREE = "sts:GetCallerIdentity"
_MAXIMUM_CHARACTERS = 6_144
"""Of a managed policy, white space not counted."""


def document(person: str) -> dict[str, Any]:
    """Return a policy as it is in the repository, small enough to be one."""
    text = TEMPLATE.parents[1].joinpath("policies").joinpath(f"{person}.json").read_text(encoding="utf-8")
    assert len("".join(text.split())) <= _MAXIMUM_CHARACTERS
    read: dict[str, Any] = json.loads(text)
    return read


def policy(person: str) -> Policy:
    """Return a policy without its conditions; what those say is tested by itself."""
    read = document(person)
    return Policy({**read, "Statement": [_bare(one) for one in read["Statement"]]})


def spare(person: str, calls: set[Call]) -> list[str]:
    """Return every action and every resource of a statement that no call needs there."""
    found = []
    for statement in document(person)["Statement"]:
        grants = list(Policy({"Version": "2012-10-17", "Statement": [_bare(statement)]}).grants())
        used = [one for one in grants if is_used(one, calls)]
        for kind in ("action", "resource"):
            idle = {getattr(one, kind) for one in grants} - {getattr(one, kind) for one in used}
            found += [f"{statement['Sid']}: {one}" for one in sorted(idle)]
    return found


@contextmanager
def asked_by(person: str, calls: set[Call]) -> Iterator[None]:
    """Add every call that this thread makes meanwhile; a stack that runs in others is not the person."""
    make, terminal = BaseClient._make_api_call, current_thread()  # type: ignore[attr-defined]

    def recorded(client: Any, operation: str, params: Any) -> Any:
        if current_thread() is terminal:
            calls.update(_calls(person, client.meta.service_model.service_name, operation, params))
        return make(client, operation, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", recorded)
        yield


def _bare(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "Condition"}


def _calls(person: str, service: str, operation: str, params: dict[str, Any]) -> Iterator[Call]:
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            ((kind, inner),) = item.items()
            yield Call(person, f"dynamodb:{kind}Item", _resource(service, operation, inner))
        return
    action = _ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")
    if action != _FREE:
        resource = _MAIL_QUEUE if service == "sqs" else _resource(service, operation, params)
        yield Call(person, action, resource)


def _only(names: Mapping[str, Any]) -> str:
    (name,) = names
    return name


def _resource(service: str, operation: str, params: dict[str, Any]) -> str:
    match service:
        case "cloudformation" if "StackName" in params:
            name = str(params["StackName"])
            found = name if name.startswith("arn:") else f"arn:aws:cloudformation:eu-west-1:1:stack/{name}/id"
        case "s3":
            found = f"arn:aws:s3:::{'/'.join(params[name] for name in ('Bucket', 'Key') if name in params)}"
        case "iam" if "PolicyArn" in params and "RoleName" not in params:
            found = params["PolicyArn"]
        case "iam":
            found = f"arn:aws:iam::1:role/{params['RoleName']}"
        case "dynamodb":
            name = params.get("TableName") or _only(params["RequestItems"])
            found = f"arn:aws:dynamodb:eu-west-1:1:table/{name}"
        case "secretsmanager":
            assert "gatehouse-" in (params.get("SecretId") or params["Name"])
            found = "arn:aws:secretsmanager:eu-west-1:1:secret:gatehouse-prod/signing-key-AbCdEf"
        case "apigateway" if "stageName" in params:
            stage = f"/restapis/{params['restApiId']}/stages/{params['stageName']}"
            flush = "/cache/authorizers" if operation == "FlushStageAuthorizersCache" else ""
            found = f"arn:aws:apigateway:eu-west-1::{stage}{flush}"
        case "apigateway" if "restApiId" in params:
            found = f"arn:aws:apigateway:eu-west-1::/restapis/{params['restApiId']}"
        case "apigateway":
            found = "arn:aws:apigateway:eu-west-1::/account"
        case _:
            assert operation in {"ListStacks", "GetAccountSettings", "DescribeEvents"}
            found = "*"
    return found
