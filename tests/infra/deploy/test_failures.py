"""Whatever goes wrong is one message and exit code 1."""

from __future__ import annotations

from contextlib import closing

import pytest

from infra.deploy import target
from infra.deploy.options import PROJECT
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.deploy.moto_cloudformation import finish
from tests.infra.deploy.test_life import DATA, stacks_of

CHANGE = ("--parameter", "MaxSessions=5")


def test_a_failed_first_deploy_names_the_resource_and_leaves_the_data_alone(harness: DeployHarness) -> None:
    harness.aws.script.fails["Bearer"] = "Quota of functions exceeded."
    assert refusal(harness.deploy()) == (
        "The deploy failed: Bearer (AWS::Lambda::Function): Quota of functions exceeded. "
        "gatehouse-prod is now in state DELETE_COMPLETE."
    )
    assert stacks_of(harness.aws) == {DATA}
    harness.aws.script.fails.clear()
    assert harness.deploy().exit_code == 0


def test_a_failed_first_deploy_of_the_data_begins_no_service(harness: DeployHarness) -> None:
    harness.aws.script.fails["UsersTable"] = "Limit of tables."
    assert refusal(harness.deploy()).startswith("The deploy failed: UsersTable (AWS::DynamoDB::Table): Limit")
    assert stacks_of(harness.aws) == set()


def test_a_failed_update_leaves_the_old_version(deployed: DeployHarness) -> None:
    deployed.aws.script.fails["APIHandler"] = "The role cannot be assumed"
    sentence = refusal(deployed.deploy(*CHANGE))
    assert sentence.startswith("The deploy failed: APIHandler (AWS::Lambda::Function): The role cannot be")
    assert sentence.endswith("gatehouse-prod is now in state UPDATE_ROLLBACK_COMPLETE.")
    assert deployed.aws.parameters()["MaxSessions"] == "20"
    assert "Nothing to deploy" in deployed.deploy().output
    deployed.aws.script.fails.clear()
    assert deployed.deploy(*CHANGE).exit_code == 0


def test_a_deletion_that_fails_names_the_resource_and_can_be_repeated(deployed: DeployHarness) -> None:
    deployed.aws.script.delete_fails["ApiHandlerRole"] = "Must detach all policies first."
    assert refusal(deployed.destroy("--yes")).startswith(
        "The stack could not be deleted: ApiHandlerRole (AWS::IAM::Role): Must detach all policies first."
    )
    deployed.aws.script.delete_fails.clear()
    assert deployed.destroy("--yes").exit_code == 0


def test_what_validation_finds_before_the_deployment_is_printed(deployed: DeployHarness) -> None:
    """The status of the change set has no word of it."""
    deployed.aws.script.refuses = "Change set creation failed: validation."
    deployed.aws.script.validation = [
        {
            "EventId": "1",
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": "FailedSignInsAlarm",
            "ValidationPath": "/Resources/FailedSignInsAlarm/Properties/Metrics",
            "ValidationStatusReason": "Unsupported metric query.",
        }
    ]
    assert refusal(deployed.deploy(*CHANGE)) == (
        "CloudFormation refuses the change: Change set creation failed: validation.\n"
        "  FailedSignInsAlarm /Resources/FailedSignInsAlarm/Properties/Metrics: Unsupported metric query."
    )
    assert "DeleteChangeSet" in deployed.aws.calls
    (asked,) = deployed.aws.sent("DescribeEvents")
    assert (asked["Filters.FailedEvents"], ":changeSet/" in asked["ChangeSetName"]) == ("true", True)


def test_a_change_that_cloudformation_does_not_see_is_none(deployed: DeployHarness) -> None:
    deployed.aws.script.refuses = "The submitted information didn't contain changes."
    result = deployed.deploy(*CHANGE)
    assert (result.exit_code, "Nothing to deploy" in result.output) == (0, True)


def test_of_two_deploys_at_once_one_is_told(deployed: DeployHarness) -> None:
    def overtake() -> None:
        deployed.aws.stack().status = "UPDATE_IN_PROGRESS"

    deployed.aws.script.before_execution = overtake
    assert refusal(deployed.deploy(*CHANGE)).startswith("Another deploy of gatehouse-prod came first")


@pytest.mark.parametrize("stack", ["gatehouse-prod", DATA])
def test_a_busy_stack_is_left_alone_or_waited_for(deployed: DeployHarness, stack: str) -> None:
    deployed.aws.stack(stack).status = "UPDATE_IN_PROGRESS"
    assert refusal(deployed.deploy()).startswith(f"Stack {stack} is busy (UPDATE_IN_PROGRESS): ")
    assert refusal(deployed.destroy("--yes")).startswith(f"Stack {stack} is busy (UPDATE_IN_PROGRESS)")
    deployed.during_sleep[len(deployed.slept) + 2] = lambda: finish(
        deployed.aws.stack(stack), "UPDATE_COMPLETE"
    )
    assert deployed.deploy("--wait", *CHANGE).exit_code == 0
    assert deployed.aws.parameters()["MaxSessions"] == "5"


@pytest.mark.parametrize(
    "state",
    ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"],
)
def test_a_state_that_takes_no_change_is_told_with_the_page_that_ends_it(
    deployed: DeployHarness, state: str
) -> None:
    deployed.aws.stack().status = state
    sentence = refusal(deployed.deploy())
    assert sentence.startswith(
        f"Stack gatehouse-prod is in state {state} and takes no change: docs/runbook-deploy.md"
    )
    assert f"`{state}`" in (PROJECT / "docs" / "runbook-deploy.md").read_text(encoding="utf-8")


def test_a_stack_that_only_holds_a_change_set_is_used(harness: DeployHarness) -> None:
    """An interrupted first deploy, run again."""
    with closing(harness.aws.client("cloudformation")) as client:
        client.create_change_set(
            StackName=DATA, ChangeSetName="left", ChangeSetType="CREATE", TemplateBody='{"Resources": {}}'
        )
    assert harness.deploy().exit_code == 0


def test_a_network_that_stays_away_is_told_with_how_to_go_on(deployed: DeployHarness) -> None:
    lost = iter([False])
    deployed.aws.lose = lambda call: call == "DescribeStackEvents" and next(lost, True)
    sentence = refusal(deployed.deploy(*CHANGE))
    assert sentence.startswith("AWS cannot be asked any more (")
    assert sentence.endswith(
        "CloudFormation goes on by itself. To see how it ends, run `make deploy STAGE=prod WAIT=1`."
    )


def test_a_network_that_is_away_for_a_while_is_outlasted_by_botocore(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    lost = iter([False] + [True] * (target.ATTEMPTS - 1))
    deployed.aws.lose = lambda call: call == "DescribeStackEvents" and next(lost, False)
    assert deployed.deploy(*CHANGE).exit_code == 0


def test_whoever_stops_watching_is_told_how_to_look_again(deployed: DeployHarness) -> None:
    deployed.aws.script.instalment = 1

    def interrupt() -> None:
        raise KeyboardInterrupt

    deployed.during_sleep[len(deployed.slept) + 1] = interrupt
    assert refusal(deployed.deploy(*CHANGE)).startswith(
        "You stopped watching; CloudFormation goes on by itself"
    )


def test_a_change_set_does_not_outlive_an_interruption(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.deploy.output.changes", interrupt)
    assert deployed.deploy(*CHANGE).exit_code == 1
    assert "DeleteChangeSet" in deployed.aws.calls
    assert "ExecuteChangeSet" not in deployed.aws.calls


@pytest.mark.parametrize("part", ["ready", "settings", "smoke"])
def test_a_deployment_that_is_not_as_it_should_be_is_a_failed_deploy(
    harness: DeployHarness, part: str
) -> None:
    harness.passes[part] = False
    assert refusal(harness.deploy()) == (
        "The stack is deployed, but not all is as it should be. "
        "To go back to the release before: the same command with ROLLBACK=1."
    )
    # Whatever fails, all of it is looked at.
    assert (len(harness.verified), len(harness.seen)) == (1, 1)
    assert harness.deploy("--no-check", *CHANGE).exit_code == 0


def test_a_new_domain_is_looked_at_by_aws_s_address_and_told_where_to_point(harness: DeployHarness) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
    domain = "--parameter", "DomainName=auth.example.com", "--parameter", f"DomainCertificateArn={arn}"
    result = harness.deploy(*domain)
    assert result.exit_code == 0, result.output
    outputs = harness.aws.outputs()
    assert [one.api_url for one in harness.seen] == [outputs["AwsURL"]]
    assert f"once auth.example.com is a CNAME or alias of {outputs['CustomDomainTarget']}\n" in result.output
