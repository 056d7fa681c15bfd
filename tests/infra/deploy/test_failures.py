"""Whatever goes wrong is one message and exit code 1."""

from __future__ import annotations

from contextlib import closing

import pytest

from infra.deploy.options import PROJECT
from infra.template.build import data_template
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.deploy.test_life import DATA, stacks_of

CHANGE = ("--parameter", "MaxSessions=5")


def test_a_failed_first_deploy_names_the_resource_and_leaves_the_data_alone(harness: DeployHarness) -> None:
    """The empty stack of an interrupted deploy, which only holds a change set, is no obstacle."""
    with closing(harness.aws.client("cloudformation")) as client:
        client.create_change_set(
            StackName=DATA, ChangeSetName="left", ChangeSetType="CREATE", TemplateBody='{"Resources": {}}'
        )
    harness.aws.script.fails["Bearer"] = "Quota of functions exceeded."
    assert refusal(harness.deploy()) == (
        "The operation failed: Bearer (AWS::Lambda::Function): Quota of functions exceeded. "
        "gatehouse-prod is now in state DELETE_COMPLETE."
    )
    assert stacks_of(harness.aws) == {DATA}


def test_a_failed_first_deploy_of_the_data_begins_no_service(harness: DeployHarness) -> None:
    harness.aws.script.fails["UsersTable"] = "Limit of tables."
    assert refusal(harness.deploy()).startswith(
        "The operation failed: UsersTable (AWS::DynamoDB::Table): Lim"
    )
    assert stacks_of(harness.aws) == set()


def test_a_failed_update_leaves_the_old_version(deployed: DeployHarness) -> None:
    deployed.aws.script.fails["APIHandler"] = "The role cannot be assumed"
    assert refusal(deployed.deploy(*CHANGE)).endswith("is now in state UPDATE_ROLLBACK_COMPLETE.")
    assert deployed.aws.parameters()["MaxSessions"] == "20"
    assert "Nothing to deploy" in deployed.deploy().output


def test_a_deletion_that_fails_names_the_resource_and_can_be_repeated(deployed: DeployHarness) -> None:
    deployed.aws.script.delete_fails["ApiHandlerRole"] = "Must detach all policies first."
    assert refusal(deployed.destroy("--yes")).startswith(
        "The operation failed: ApiHandlerRole (AWS::IAM::Role): Must detach all policies first."
    )
    deployed.aws.script.delete_fails.clear()
    assert deployed.destroy("--yes").exit_code == 0


def test_a_change_that_loses_data_is_refused_and_leaves_no_change_set(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = data_template(PROJECT, "prod")
    document["Resources"]["UsersTable"]["Properties"]["TableName"] = "another"
    monkeypatch.setattr("infra.deploy.deployer.data_template", lambda *_: document)
    assert refusal(deployed.deploy("--yes")).startswith(
        "UsersTable would be replaced or given up. Nothing was"
    )
    assert "ExecuteChangeSet" not in deployed.aws.calls
    assert "DeleteChangeSet" in deployed.aws.calls


def test_a_deployment_that_is_not_as_it_should_be_is_a_failed_deploy(deployed: DeployHarness) -> None:
    deployed.is_right = False
    assert refusal(deployed.deploy(*CHANGE)) == (
        "The stack is deployed, but not all is as it should be. "
        "To go back to the release before: the same command with ROLLBACK=1."
    )
    assert deployed.deploy("--no-check", "--parameter", "MaxSessions=6").exit_code == 0
