"""AWS calls as IAM sees them: an action on a resource, and what its conditions ask for besides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fake_aws import SETTINGS
from tests.infra.template.resolved import ACCOUNT

TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/gatehouse-prod"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:gatehouse-prod-mail"
SENDER = "no-reply@example.com"
IDENTITY = f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/example.com"
CONFIGURATION_SET = f"arn:aws:ses:eu-west-1:{ACCOUNT}:configuration-set/gatehouse-prod"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:gatehouse-prod/signing-key-AbCdEf"


_WORDS = {
    "ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET", "attribute_exists",
    "attribute_not_exists", "begins_with", "contains", "if_not_exists", "list_append", "size",
}  # fmt: skip
"""What an expression has besides attributes and values."""


@dataclass(frozen=True, order=True)
class Call:
    """One action, asked of IAM.

    `keys` is `dynamodb:LeadingKeys`, or `ses:FromAddress`; `attributes` is `dynamodb:Attributes`.
    """

    function: str
    action: str
    resource: str
    keys: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


def calls_of(function: str, model: Any, params: dict[str, Any]) -> Iterator[Call]:
    """Return what IAM is asked for one call of botocore."""
    service, operation = model.service_model.signing_name, model.name
    if service == "secretsmanager":
        assert params["SecretId"] == SETTINGS.signing_secret_id
        yield Call(function, f"secretsmanager:{operation}", SECRET)
        return
    if service == "sqs":
        assert params["QueueUrl"].endswith("/gatehouse-prod-mail")
        yield Call(function, f"sqs:{operation}", QUEUE)
        return
    if service == "ses":
        # IAM is asked for each of the resources.
        assert params["ConfigurationSetName"] == "gatehouse-prod"
        for resource in (IDENTITY, CONFIGURATION_SET):
            yield Call(function, f"ses:{operation}", resource, (params["FromEmailAddress"],))
        return
    assert service == "dynamodb"
    if operation == "TransactWriteItems":
        # IAM knows no such action: it asks for that of each item.
        for item in params["TransactItems"]:
            ((kind, inner),) = item.items()
            yield _item_call(
                function, "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item", inner
            )
    elif operation == "BatchGetItem":
        for table, wanted in params["RequestItems"].items():
            keys = tuple(key["pk"]["S"] for key in wanted["Keys"])
            projected = tuple(sorted(wanted.get("ExpressionAttributeNames", {}).values()))
            yield Call(function, "dynamodb:BatchGetItem", _table(table), keys, projected)
    else:
        yield _item_call(function, operation, params)


def _item_call(function: str, operation: str, params: dict[str, Any]) -> Call:
    resource = _table(params["TableName"])
    if "IndexName" in params:
        assert params["KeyConditionExpression"] == "listed = :partition AND user_id > :after"
        resource += f"/index/{params['IndexName']}"
        key = params["ExpressionAttributeValues"][":partition"]
    elif operation == "Query":
        assert params["KeyConditionExpression"] == "pk = :pk"
        key = params["ExpressionAttributeValues"][":pk"]
    else:
        key = (params["Item"] if "Item" in params else params["Key"])["pk"]
    attributes = tuple(sorted(_attributes(params))) if operation == "UpdateItem" else ()
    return Call(function, f"dynamodb:{operation}", resource, (key["S"],), attributes)


def _attributes(params: dict[str, Any]) -> set[str]:
    """Return the attributes that an update names: in its key, in what it sets, and in what it asks first."""
    expressions = f"{params['UpdateExpression']} {params.get('ConditionExpression', '')}"
    names = params.get("ExpressionAttributeNames", {})
    words = re.findall(r"(?<![:\w])#?[A-Za-z_]\w*", expressions)
    return {*params["Key"], *(names.get(word, word) for word in words if word not in _WORDS)}


def _table(name: str) -> str:
    assert name == SETTINGS.users_table
    return TABLE
