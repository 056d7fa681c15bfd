"""`infra/policies/deploy.json`: what it covers, and what it must not allow."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from tests.infra.operate.people import document, policy
from tests.infra.template.calls import Call
from tests.infra.template.packaged import data, transformed

DEPLOYER = "deploy"
RIGHTS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("cloudformation_rights.yaml").read_text(encoding="utf-8")
)
ROLE = "arn:aws:iam::1:role/gatehouse-prod-ApiHandlerRole"
VIA = "cloudformation.amazonaws.com"
BOUNDARY = {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/gatehouse-boundary"}}


def of_cloudformation() -> set[Call]:
    """Return what CloudFormation asks in the deployer's name."""
    asked = ((resource, words) for rights in RIGHTS.values() for resource, words in rights.items())
    return {
        Call(DEPLOYER, f"{service}:{action}", resource)
        for resource, words in asked
        for service, actions in re.findall(r"(\w+):\[([^]]+)\]", words)
        for action in actions.split()
    }


def test_every_type_of_the_templates_is_thought_of() -> None:
    resources = [*transformed()["Resources"].values(), *data()["Resources"].values()]
    assert {one["Type"] for one in resources} == set(RIGHTS)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:1:function:payments"),
        ("dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:1:table/payments"),
        ("secretsmanager:UpdateSecret", "arn:aws:secretsmanager:eu-west-1:1:secret:payments-AbCdEf"),
        ("iam:PutRolePolicy", "arn:aws:iam::1:role/admin"),
        ("iam:AttachRolePolicy", ROLE),
        ("iam:DeleteRolePermissionsBoundary", ROLE),
        ("iam:CreatePolicyVersion", "arn:aws:iam::1:policy/gatehouse-boundary"),
        ("cloudformation:DeleteStack", "arn:aws:cloudformation:eu-west-1:1:stack/payments/id"),
        ("s3:GetObject", "arn:aws:s3:::payments/a"),
        *(
            (f"dynamodb:{one}", "arn:aws:dynamodb:eu-west-1:1:table/gatehouse-prod")
            for one in ("GetItem", "Scan")
        ),
    ],
)
def test_what_is_not_the_deployer_s_is_out_of_reach(action: str, resource: str) -> None:
    assert not policy(DEPLOYER).allows(Call(DEPLOYER, action, resource))


def test_every_right_over_roles_is_bounded() -> None:
    """A role without the boundary, or a policy on one, would make an administrator of whoever deploys."""
    for statement in document(DEPLOYER)["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"} & set(actions):
            log_role = statement["Resource"] == "arn:aws:iam::*:role/gatehouse-gateway-log"
            assert (actions == ["iam:CreateRole"]) if log_role else statement["Condition"] == BOUNDARY
        assert not any(fnmatchcase("iam:PutRolePolicy", one) and "*" in one for one in actions)


def test_the_other_conditions() -> None:
    conditions = {
        one["Sid"]: one["Condition"] for one in document(DEPLOYER)["Statement"] if "Condition" in one
    }
    aws_policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    assert conditions == {
        "RolesWithinTheBoundary": BOUNDARY,
        "Issuer": {
            "ForAllValues:StringLike": {
                "dynamodb:LeadingKeys": "EPOCH#*",
                "dynamodb:Attributes": ["pk", "sk", "issuer"],
            }
        },
        "PolicyOfTheGatewaysLog": {"ArnEquals": {"iam:PolicyARN": aws_policy}},
        "RolesForTheirServices": {
            "StringEquals": {"iam:PassedToService": ["apigateway.amazonaws.com", "lambda.amazonaws.com"]}
        },
        "Mapping": {"ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:*:*:function:gatehouse-*"}},
        # CloudFormation asks for it when it updates the secret; whoever deploys cannot ask.
        "KeyThroughCloudFormationOnly": {"ForAnyValue:StringEquals": {"aws:CalledVia": VIA}},
    }
