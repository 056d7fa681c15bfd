"""Whatever goes wrong is one sentence and exit code 1."""

from __future__ import annotations

import pytest

from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.deploy.test_destroy import data_of


def test_a_failed_first_deploy_names_the_resource_and_leaves_nothing(harness: DeployHarness) -> None:
    harness.aws.script.fails["Bearer"] = "Quota of functions exceeded."
    assert refusal(harness.deploy()) == (
        "The deploy failed: Bearer (AWS::Lambda::Function) could not be created: Quota "
        "of functions exceeded. "
        "Nothing of it is left; run this again once the cause is gone."
    )
    assert data_of(harness) == (0, 0)
    harness.aws.script.fails.clear()
    assert harness.deploy().exit_code == 0
    assert data_of(harness) == (1, 1)


def test_a_failed_first_deploy_without_protection_is_rolled_back_by_cloudformation(
    harness: DeployHarness,
) -> None:
    harness.aws.script.fails["Bearer"] = "Quota of functions exceeded."
    sentence = refusal(harness.deploy(stage="dev"))
    assert sentence.endswith("Nothing of it is left running; run this again once the cause is gone.")
    assert data_of(harness) == (0, 0)


def test_a_failed_update_leaves_the_old_version(deployed: DeployHarness) -> None:
    deployed.aws.script.fails["APIHandler"] = "The role cannot be assumed"
    result = deployed.deploy("--parameter", "MaxSessions=5")
    assert refusal(result) == (
        "The deploy failed: APIHandler (AWS::Lambda::Function) could not be updated: The "
        "role cannot be assumed. "
        "The old version is running again; nothing of the new one is."
    )
    assert "UPDATE_FAILED                 APIHandler: The role cannot be assumed" in result.output
    assert deployed.seen == [], "nothing new to look at"


def test_what_is_left_of_a_first_deploy_is_named_when_it_cannot_be_deleted(harness: DeployHarness) -> None:
    harness.aws.script.fails["APIHandler"] = "Throttled"
    harness.aws.script.delete_fails["ApiHandlerRole"] = "The role is in use"
    assert refusal(harness.deploy()) == (
        "What was left of the stack could not be deleted: ApiHandlerRole (AWS::IAM::Role) could not be "
        "deleted: The role is in use."
    )


def test_a_rollback_that_fails_says_that_it_can_be_tried_again(deployed: DeployHarness) -> None:
    deployed.aws.script.fails["APIHandler"] = "Throttled"
    deployed.aws.script.rollback_fails["Bearer"] = "The code is gone"
    sentence = refusal(deployed.deploy("--parameter", "MaxSessions=5"))
    assert sentence.startswith("The deploy failed: APIHandler (AWS::Lambda::Function) could not be ")
    assert sentence.endswith(" failed too: run this again, to try that first.")


def test_a_change_that_cloudformation_refuses(deployed: DeployHarness) -> None:
    deployed.aws.script.refuses = "DomainName needs DomainCertificateArn."
    result = deployed.deploy("--parameter", "DomainName=auth.example.com")
    assert refusal(result) == "CloudFormation refuses the change: DomainName needs DomainCertificateArn."
    assert "DeleteChangeSet" in deployed.aws.calls


def test_of_two_deploys_at_once_one_is_told(deployed: DeployHarness) -> None:
    def overtake() -> None:
        deployed.aws.stack().status = "UPDATE_IN_PROGRESS"

    deployed.aws.script.before_execution = overtake
    assert refusal(deployed.deploy("--parameter", "MaxSessions=5")) == (
        "Another deploy of gatehouse-prod came first, and nothing of this one was done: run it again."
    )


def test_a_network_that_is_away_for_a_while_is_waited_for(deployed: DeployHarness) -> None:
    lost = iter([False, True, True, True, False])
    deployed.aws.lose = lambda call: call == "DescribeStackEvents" and next(lost, False)
    result = deployed.deploy("--parameter", "MaxSessions=5")
    assert result.exit_code == 0, result.output
    assert result.output.count("AWS cannot be reached just now; CloudFormation goes on by itself.") == 1
    assert result.output.count("UPDATE_COMPLETE               APIHandler") == 1


def test_a_network_that_stays_away_is_told_with_how_to_go_on(deployed: DeployHarness) -> None:
    lost = iter([False])
    deployed.aws.lose = lambda call: call == "DescribeStackEvents" and next(lost, True)
    assert refusal(deployed.deploy("--parameter", "MaxSessions=5")) == (
        "AWS has not been reachable for 10 minutes. CloudFormation goes on by itself; "
        "to see how it ended, run `make deploy STAGE=prod WAIT=1`."
    )
    deployed.aws.lose = lambda _: False
    assert deployed.deploy("--wait").output.splitlines()[-1].startswith("Nothing to deploy")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
def test_credentials_that_expire_meanwhile_are_told_with_how_to_go_on(
    deployed: DeployHarness, code: str
) -> None:
    asked = iter([False, True])

    def expires(call: str) -> bool:
        if call == "DescribeStackEvents" and next(asked, True):
            deployed.aws.refuse[call] = code
        return False

    deployed.aws.lose = expires
    assert refusal(deployed.deploy("--parameter", "MaxSessions=5")) == (
        "The AWS credentials have expired. CloudFormation goes on by itself; sign in again, for instance "
        "with `aws sso login`, and to see how it ended, run `make deploy STAGE=prod WAIT=1`."
    )


def test_whoever_stops_watching_is_told_how_to_look_again(deployed: DeployHarness) -> None:
    deployed.aws.script.instalment = 1

    def interrupt() -> None:
        raise KeyboardInterrupt

    deployed.dreams[len(deployed.slept) + 1] = interrupt
    assert refusal(deployed.deploy("--parameter", "MaxSessions=5")) == (
        "You stopped watching; CloudFormation goes on by itself. "
        "To see how it ends, run `make deploy STAGE=prod WAIT=1`."
    )


def test_a_change_set_does_not_outlive_an_interruption(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.deploy.change_set.show", interrupt)
    assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 1
    assert "DeleteChangeSet" in deployed.aws.calls
    assert "ExecuteChangeSet" not in deployed.aws.calls


def test_a_bucket_of_somebody_else_is_not_used(harness: DeployHarness) -> None:
    """AWS says so since each call names the account that the bucket has to belong to."""
    harness.aws.refuse[f"HEAD /{harness.aws.bucket}"] = "AccessDenied"
    assert refusal(harness.deploy()).startswith(f"The bucket {harness.aws.bucket} is not to be had (403): ")
    assert not [call for call in harness.aws.calls if call.startswith("PUT")]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "No AWS credentials were found: run "),
        ({"AWS_DEFAULT_REGION": None}, "No AWS region is configured: give --region, or set AWS_REGION."),
        (
            {"AWS_PROFILE": "nobody"},
            "The AWS configuration of this machine cannot be used: The config profile ",
        ),
        (
            {"AWS_SECRET_ACCESS_KEY": None},
            "The AWS credentials of this machine cannot be used: Partial credentials ",
        ),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "AWS cannot be reached in region 'eu-west-1': check its ",
        ),
    ],
)
def test_a_machine_that_is_not_set_up_for_aws(
    harness: DeployHarness, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str | None], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    assert refusal(harness.deploy()).startswith(sentence)
    assert refusal(harness.destroy()).startswith(sentence)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "ExpiredToken",
            "The AWS credentials have expired: sign in again, for instance with `aws sso login`.",
        ),
        ("InvalidClientTokenId", "AWS does not accept these credentials (InvalidClientTokenId): No."),
    ],
)
def test_credentials_that_aws_does_not_take(harness: DeployHarness, code: str, sentence: str) -> None:
    harness.aws.refuse["GetCallerIdentity"] = code
    assert refusal(harness.deploy()) == sentence


def test_a_missing_permission_is_named(harness: DeployHarness) -> None:
    harness.aws.refuse["CreateChangeSet"] = "AccessDenied"
    assert refusal(harness.deploy()) == "AWS refused (AccessDenied): No."


def test_a_proxy_that_answers_in_aws_s_place(harness: DeployHarness) -> None:
    harness.aws.refuse["DescribeStacks"] = "<html>"
    harness.aws.refuse_status = 200
    assert refusal(harness.deploy()).startswith("AWS has not been reachable for 10 minutes.")
    harness.aws.refuse = {"GetCallerIdentity": "<html>"}
    assert refusal(harness.deploy()).startswith("AWS answered what nobody can read")


def test_a_name_that_no_stage_has(harness: DeployHarness) -> None:
    for stage in ("", "Prod", "9", "a-very-long-name-", "p_rod", "prod\n", "\u00fcnder"):
        assert "stage" in refusal(harness.deploy(stage=stage))
    assert harness.aws.calls == []


def test_the_local_stage_is_not_deployed(harness: DeployHarness) -> None:
    assert refusal(harness.deploy(stage="local")).startswith("`local` is the stack of this machine")
