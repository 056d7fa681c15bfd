"""Every state that a stack can be found in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from tests.infra.deploy.aws import Aws
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.deploy.moto_cloudformation import finish

BUSY = (
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
)


def test_a_busy_stack_is_left_alone(deployed: DeployHarness) -> None:
    for state in BUSY:
        deployed.aws.stack().status = state
        assert refusal(deployed.deploy()) == (
            f"Stack gatehouse-prod is busy ({state}): another deploy is under way, or one of yours that you "
            "left; with --wait this one watches, and deploys when that is done."
        )
    assert set(deployed.aws.calls) == {"GetCallerIdentity", "DescribeStacks"}


def test_a_busy_stack_can_be_waited_for(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "UPDATE_IN_PROGRESS"
    when_asleep(deployed, 2, lambda aws: finish(aws.stack(), "UPDATE_COMPLETE", "by someone else"))
    result = deployed.deploy("--wait", "--parameter", "MaxSessions=5")
    assert result.exit_code == 0
    assert "UPDATE_COMPLETE               gatehouse-prod: by someone else" in result.output
    assert deployed.aws.stack().parameters["MaxSessions"] == "5"


def test_what_ends_while_one_begins_to_wait_is_not_waited_for(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "UPDATE_IN_PROGRESS"

    def ends(call: str) -> bool:
        if call == "DescribeStackEvents":
            deployed.aws.stack().status = "UPDATE_COMPLETE"
        return False

    deployed.aws.lose = ends
    assert deployed.deploy("--wait").output.splitlines()[-1].startswith("Nothing to deploy")


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_stack_that_never_worked_is_made_anew(deployed: DeployHarness, state: str) -> None:
    before = deployed.aws.stack().stack_id
    deployed.aws.stack().status = state
    result = deployed.deploy()
    assert result.exit_code == 0
    assert f"The first deploy of gatehouse-prod failed ({state})" in result.output
    assert deployed.aws.stack().stack_id != before
    assert deployed.aws.stack().status == "CREATE_COMPLETE"


def test_what_holds_accounts_is_never_taken_for_what_a_first_deploy_left(deployed: DeployHarness) -> None:
    outputs = deployed.aws.outputs()
    with closing(deployed.aws.client("dynamodb")) as dynamodb:
        item = {"pk": {"S": "ACCOUNT#1"}, "sk": {"S": "ACCOUNT"}}
        dynamodb.put_item(TableName=outputs["UsersTableName"], Item=item)
    deployed.aws.stack().status = "ROLLBACK_FAILED"
    table = outputs["UsersTableName"]
    sentence = f"Table {table} is not empty: it is left alone, and with it the stack."
    assert refusal(deployed.deploy()) == sentence
    assert "DeleteStack" not in deployed.aws.calls


def test_one_that_cannot_be_deleted_is_told(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "ROLLBACK_FAILED"
    deployed.aws.script.delete_fails["ApiHandlerRole"] = "Role is in use."
    assert refusal(deployed.deploy()) == (
        "What was left of the stack could not be deleted: "
        "ApiHandlerRole (AWS::IAM::Role) could not be deleted: Role is in use."
    )


def test_a_stack_that_only_holds_a_change_set_is_used(harness: DeployHarness) -> None:
    """An interrupted first deploy, run again."""
    with closing(harness.aws.client("cloudformation")) as client:
        client.create_change_set(
            StackName="gatehouse-prod",
            ChangeSetName="left-over",
            ChangeSetType="CREATE",
            TemplateBody='{"Resources": {}}',
        )
    assert harness.aws.stack().status == "REVIEW_IN_PROGRESS"
    assert harness.deploy().exit_code == 0
    assert harness.aws.stack().status == "CREATE_COMPLETE"


def test_a_stuck_rollback_is_taken_up_again(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "UPDATE_ROLLBACK_FAILED"
    result = deployed.deploy("--parameter", "MaxSessions=5")
    assert result.exit_code == 0
    assert "The last deploy of gatehouse-prod failed, and going back from it failed too" in result.output
    assert deployed.aws.calls.index("ContinueUpdateRollback") < deployed.aws.calls.index("CreateChangeSet")


def test_a_rollback_that_stays_stuck_names_what_it_hangs_on(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "UPDATE_ROLLBACK_FAILED"
    deployed.aws.script.rollback_fails["Bearer"] = "The code is gone."
    assert refusal(deployed.deploy()) == (
        "Stack gatehouse-prod cannot go back to its old version: Bearer (AWS::Lambda::Function) could not be "
        "updated: The code is gone. docs/deploy.md says how to leave that resource out."
    )


def test_a_half_deleted_stack_is_to_be_deleted_first(deployed: DeployHarness) -> None:
    finish(deployed.aws.stack(), "DELETE_FAILED", "The following resource(s) failed to delete: [RestAPI]. ")
    assert refusal(deployed.deploy()) == (
        "Stack gatehouse-prod was being deleted, and that failed (The following "
        "resource(s) failed to delete: "
        "[RestAPI]): finish it with `make destroy STAGE=prod`, then deploy."
    )


def test_a_dry_run_puts_nothing_right(deployed: DeployHarness) -> None:
    for state in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"):
        deployed.aws.stack().status = state
        assert refusal(deployed.deploy("--dry-run")) == (
            f"Stack gatehouse-prod is in state {state}: a deploy would put that right, a dry run does not."
        )
    assert set(deployed.aws.calls) == {"GetCallerIdentity", "DescribeStacks"}


def test_after_a_failure_cloudformation_is_asked_whatever_the_stack_says_of_its_release(
    deployed: DeployHarness,
) -> None:
    for state in ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "IMPORT_ROLLBACK_COMPLETE"):
        deployed.aws.stack().status = state
        deployed.aws.calls.clear()
        assert deployed.deploy().exit_code == 0
        assert "CreateChangeSet" in deployed.aws.calls


def when_asleep(harness: DeployHarness, times: int, action: Callable[[Aws], None]) -> None:
    """Have something happen while the deployer sleeps for the n-th time."""
    harness.dreams[len(harness.slept) + times] = lambda: action(harness.aws)
