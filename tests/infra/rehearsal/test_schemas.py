"""Every resource with its final values, held to CloudFormation's published schemas, which cfn-lint carries.

The linter reads the template itself elsewhere; there a parameter could be anything that its type admits.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from tests.infra.rehearsal.subject import VARIANTS, data_stack, stack
from tests.infra.template.packaged import REGION
from tests.infra.template.resolved import ACCOUNT

ARNS = {
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::WAFv2::WebACL": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/{{}}/1a2b",
}


def rendered(variant: str) -> dict[str, Any]:
    """Return both templates as one, without parameters, conditions and intrinsics."""
    found = {**stack(variant).resources, **data_stack(variant).resources}
    text = json.dumps(
        {name: {key: one[key] for key in ("Type", "Properties")} for name, one in found.items()}
    )
    for name, resource in found.items():
        arn = ARNS.get(resource["Type"], "").format(name)
        text = text.replace(f'"{name}.Arn"', json.dumps(arn)) if arn else text
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": json.loads(text)}


def faults(template: dict[str, Any]) -> dict[str, str]:
    """Return what the linter says, by the path of the property."""
    found = lint(json.dumps(template), config=ManualArgs(regions=[REGION]))
    return {"/".join(map(str, one.path)): f"{one.rule.id}: {one.message}" for one in found}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_resource_is_what_its_schema_says(variant: str) -> None:
    assert faults(rendered(variant)) == {}


def test_what_no_schema_has_is_found() -> None:
    template = rendered("defaults")
    wrong = {
        ("UsersTable", "BillingMode"): "FREE",
        ("SigningSecret", "Colour"): "red",
        ("APIHandler", "MemorySize"): 64,
        ("APIHandler", "Runtime"): "python3.5",
        ("ApiLogGroup", "RetentionInDays"): 31,
        ("TokenReuseAlarm", "ComparisonOperator"): "More",
    }
    for (name, key), value in wrong.items():
        template["Resources"][name]["Properties"][key] = value
    del template["Resources"]["Bearer"]["Properties"]["Role"]
    found = faults(template)
    for name, key in wrong:
        assert f"Resources/{name}/Properties/{key}" in found
    assert "'Role' is a required property" in found["Resources/Bearer/Properties"]
