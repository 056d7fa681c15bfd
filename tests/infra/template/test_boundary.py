"""The permissions boundary of every role, `infra/policies/boundary.json`."""

from __future__ import annotations

import json

import pytest

from tests.infra.operate.people import document, policy
from tests.infra.template.calls import Call
from tests.infra.template.packaged import FUNCTIONS, data
from tests.infra.template.resolved import Resolved
from tests.infra.template.test_policies import policy_of

ROLE = "arn:aws:iam::1:role/gatehouse-prod-ApiHandlerRole"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_boundary_leaves_each_function_what_it_needs(function: str) -> None:
    boundary = policy("boundary")
    for grant in policy_of(function).grants():
        resource = grant.resource.replace("??????", "AbCdEf").replace("*", "x")
        assert boundary.allows(Call(function, grant.action, resource)), grant


def test_the_boundary_ends_at_gatehouse_s_own() -> None:
    boundary = policy("boundary")
    for action, resource in (
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:1:table/payments"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:payments-AbCdEf"),
        ("iam:PassRole", ROLE),
        ("dynamodb:Scan", "arn:aws:dynamodb:eu-west-1:1:table/gatehouse-prod"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:gatehouse-prod-Rotate"),
    ):
        assert not boundary.allows(Call("boundary", action, resource))


def test_the_names_in_the_policies_are_those_of_the_templates() -> None:
    kept = Resolved(data())
    names = [kept.properties("UsersTable")["TableName"], kept.properties("SigningSecret")["Name"]]
    assert all(name.startswith("gatehouse-") for name in names)
    assert "gatehouse-boundary" in json.dumps(document("deploy"))
