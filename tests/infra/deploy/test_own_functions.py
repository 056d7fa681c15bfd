"""A deploy with own functions: their parameters and their data."""

from __future__ import annotations

from contextlib import closing

from infra.template.own_functions import with_own_functions
from tests.infra.deploy.conftest import DeployHarness
from tests.infra.template.packaged import data, document


def test_own_parameters_are_given_like_the_others_and_own_data_is_imported(harness: DeployHarness) -> None:
    table = {**data()["Resources"]["UsersTable"], "DependsOn": []}
    table["Properties"] = {**table["Properties"], "TableName": "gatehouse-prod-notes"}
    limit = {"Type": "String", "Default": "10", "AllowedPattern": "[0-9]+"}
    own = {"Parameters": {"NotesLimit": limit}, "Resources": {"NotesTable": table}}
    merged = with_own_functions(document(), {}, own)
    harness.template = lambda *_: merged
    refused = harness.deploy("--parameter", "NotesLimit=many")
    assert "NotesLimit cannot be 'many': it must match [0-9]+" in refused.output
    result = harness.deploy("--parameter", "NotesLimit=5")
    assert result.exit_code == 0, result.output
    assert harness.checked[0].values["NotesLimit"] == "5"
    (created,) = harness.aws.sent("CreateChangeSet", "gatehouse-prod")
    assert created["ImportExistingResources"] == "true"
    with closing(harness.aws.client("dynamodb")) as dynamodb:
        assert "gatehouse-prod-notes" in dynamodb.list_tables()["TableNames"]
