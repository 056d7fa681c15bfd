"""A deploy with own functions: their parameters, their data, and the issuer for other APIs."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from infra.template.own_functions import with_own_functions
from tests.infra.deploy import conftest
from tests.infra.deploy.conftest import DeployHarness
from tests.infra.template.packaged import document


def issuers(harness: DeployHarness) -> set[str]:
    """Return what the copies of the system's state have as issuer."""
    with closing(harness.aws.client("dynamodb")) as dynamodb:
        items = dynamodb.scan(TableName="gatehouse-prod")["Items"]
    copies = [one for one in items if one["pk"]["S"].startswith("EPOCH#")]
    assert len(copies) in {0, 64}
    return {one.get("issuer", {"S": ""})["S"] for one in copies}


def test_the_last_step_records_the_issuer_and_a_later_deploy_repairs_it(harness: DeployHarness) -> None:
    harness.aws.refuse["DynamoDB_20120810.TransactWriteItems"] = "AccessDeniedException"
    result = harness.deploy()
    assert result.exit_code == 0, result.output
    assert "could not be recorded" in result.output
    assert issuers(harness) == set()
    harness.aws.refuse.clear()
    assert harness.deploy("--dry-run").exit_code == 0
    assert issuers(harness) == set(), "a dry run writes nothing"
    again = harness.deploy()
    assert "Nothing to deploy" in again.output
    assert issuers(harness) == {harness.aws.outputs()["AwsURL"]} == {harness.aws.outputs()["Issuer"]}
    assert "Issuer " not in harness.deploy().output


def test_own_parameters_are_given_like_the_others_and_own_data_is_imported(
    harness: DeployHarness, monkeypatch: Any
) -> None:
    own = {
        "Parameters": {"NotesLimit": {"Type": "String", "Default": "10", "AllowedPattern": "[0-9]+"}},
        "Resources": {
            "NotesTable": {
                "Type": "AWS::DynamoDB::Table",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "TableName": "gatehouse-prod-notes",
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            }
        },
    }
    merged = with_own_functions(document(), {}, own)
    monkeypatch.setattr(conftest, "TEMPLATE", lambda *_: merged)
    refused = harness.deploy("--parameter", "NotesLimit=many")
    assert "NotesLimit cannot be 'many': it must match [0-9]+" in refused.output
    result = harness.deploy("--parameter", "NotesLimit=5")
    assert result.exit_code == 0, result.output
    assert harness.aws.parameters()["NotesLimit"] == "5"
    (created,) = harness.aws.sent("CreateChangeSet", "gatehouse-prod")
    assert created["ImportExistingResources"] == "true"
    with closing(harness.aws.client("dynamodb")) as dynamodb:
        assert "gatehouse-prod-notes" in dynamodb.list_tables()["TableNames"]
