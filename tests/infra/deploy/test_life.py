"""A stage from its first deploy to its last, looked at through AWS's own interfaces."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import closing

import pytest

from infra.deploy.options import PROJECT
from tests.infra.deploy.aws import Aws
from tests.infra.deploy.conftest import TEMPLATE, DeployHarness, refusal
from tests.infra.test_makefile import typed

DATA = "gatehouse-prod-data"
ITEM = {"pk": {"S": "somebody"}, "sk": {"S": "somebody"}}


def test_without_a_change_nothing_is_touched(deployed: DeployHarness) -> None:
    result = deployed.deploy()
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("Nothing to deploy: release ")
    assert deployed.aws.calls == ["GetCallerIdentity", "DescribeStacks", "DescribeStacks"]
    # But a protection that somebody has switched off is switched on again.
    deployed.aws.stack(DATA).enable_termination_protection = False
    assert deployed.deploy().exit_code == 0
    assert deployed.aws.stack(DATA).enable_termination_protection
    assert len(deployed.aws.sent("SetStackPolicy")) == 1
    assert deployed.aws.sent("ExecuteChangeSet") == []


def test_a_parameter_of_the_data_changes_the_data_alone(deployed: DeployHarness) -> None:
    assert deployed.deploy("--parameter", "LogRetentionDays=90").exit_code == 0
    (made,) = deployed.aws.sent("CreateChangeSet")
    assert (made["ChangeSetType"], "OnStackFailure" in made) == ("UPDATE", False)
    assert len(deployed.aws.sent("ExecuteChangeSet", DATA)) == 1
    assert deployed.checked[0].values["LogRetentionDays"] == "90"


def test_a_rollback_brings_back_template_code_and_parameters(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(deployed.deploy("--rollback")).endswith("has no release before this one to go back to.")
    before = deployed.aws.stack().template_dict
    document = json.loads(json.dumps(TEMPLATE(PROJECT, "prod")))
    document["Resources"]["TokenReuseAlarm"]["Properties"]["Period"] = 60
    monkeypatch.setattr("tests.infra.deploy.conftest.TEMPLATE", lambda *_: document)
    assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 0
    assert deployed.deploy("--parameter", "AuthorizerCacheSeconds=7").exit_code == 0
    found = deployed.aws.parameters()
    assert (found["AuthorizerCacheSeconds"], found["MaxSessions"]) == ("7", "5"), "the first is remembered"
    assert deployed.aws.sent("ExecuteChangeSet", DATA) == []
    assert deployed.aws.stack().template_dict != before
    result = deployed.deploy("--rollback")
    assert result.exit_code == 0, result.output
    found = deployed.aws.parameters()
    assert (found["AuthorizerCacheSeconds"], found["MaxSessions"]) != ("7", "5")
    # The one that it came from is now the release before.
    assert deployed.deploy("--rollback").exit_code == 0
    assert deployed.aws.parameters()["AuthorizerCacheSeconds"] == "7"


def test_the_loss_of_an_address_is_asked_about(harness: DeployHarness) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
    harness.deploy("--parameter", "DomainName=auth.example.com", "--parameter", f"DomainCertificateArn={arn}")
    harness.aws.calls.clear()
    for answer in ("n\n", ""):
        refused = harness.deploy("--parameter", "DomainName=", answer=answer)
        assert (refused.exit_code, "Go on? [y/N]: " in refused.output) == (1, True)
    assert "Apps would lose their address: CustomDomain would be replaced or removed." in refused.output
    assert "ExecuteChangeSet" not in harness.aws.calls
    assert harness.deploy("--parameter", "DomainName=", answer="y\n").exit_code == 0
    assert "CustomDomainTarget" not in harness.aws.outputs()


def test_a_changed_schedule_waits_for_an_unfinished_rotation(deployed: DeployHarness) -> None:
    with closing(deployed.aws.client("secretsmanager")) as secrets:
        secrets.put_secret_value(
            SecretId="gatehouse-prod/signing-key", SecretString="{}", VersionStages=["AWSPENDING"]
        )
    sentence = refusal(deployed.deploy("--parameter", "KeyRotationDays=7"))
    assert sentence.startswith("A rotation of the signing key is unfinished")
    assert deployed.aws.sent("ExecuteChangeSet") == []


def test_what_takes_more_than_one_step_is_refused_before_anything_begins(deployed: DeployHarness) -> None:
    sentence = refusal(deployed.deploy("--parameter", "EndpointType=REGIONAL"))
    assert sentence.startswith("EndpointType cannot go from EDGE to REGIONAL in one step; docs/deploy.md")
    assert "\n## Another endpoint type\n" in (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "CreateChangeSet" not in deployed.aws.calls


def test_destroying_takes_the_service_and_a_deploy_puts_it_back_over_the_same_data(
    deployed: DeployHarness,
) -> None:
    assert deployed.deploy("--parameter", "MaxSessions=5", "--tag", "team=auth").exit_code == 0
    remember(deployed.aws)
    result = deployed.destroy(answer="y\n")
    assert result.exit_code == 0, result.output
    assert "and keep table gatehouse-prod and signing key gatehouse-prod/signing-key?" in result.output
    assert "Kept      stack gatehouse-prod-data" in result.output
    assert {
        one["EnableTerminationProtection"] for one in deployed.aws.sent("UpdateTerminationProtection")
    } == {"true"}
    assert stacks_of(deployed.aws) == {DATA}
    deployed.aws.requests.clear()
    again = deployed.deploy()
    assert again.exit_code == 0, again.output
    assert remembers(deployed.aws)
    # As it was: nobody has to remember what was given when.
    assert deployed.aws.parameters()["MaxSessions"] == "5"
    assert deployed.aws.stack().tags == {"team": "auth"}
    assert deployed.aws.sent("ExecuteChangeSet", DATA) == []
    assert deployed.deploy("--rollback").exit_code == 0


def test_data_whose_stack_is_gone_is_imported(deployed: DeployHarness) -> None:
    """As after somebody has switched the protection off and deleted both stacks."""
    remember(deployed.aws)
    with closing(deployed.aws.client("cloudformation")) as client:
        client.delete_stack(StackName="gatehouse-prod")
        client.delete_stack(StackName=DATA)
    dry = deployed.deploy("--dry-run")
    assert (dry.exit_code, "would be imported" in dry.output) == (0, True)
    assert "ExecuteChangeSet" not in deployed.aws.calls
    result = deployed.deploy()
    assert result.exit_code == 0, result.output
    secret, rest = deployed.aws.sent("CreateChangeSet", DATA)
    assert secret["ChangeSetType"] == "IMPORT"
    assert secret["ResourcesToImport.member.1.LogicalResourceId"] == "SigningSecret"
    assert (
        "secret:gatehouse-prod/signing-key-"
        in secret["ResourcesToImport.member.1.ResourceIdentifier.entry.1.value"]
    )
    assert (rest["ChangeSetType"], rest["ImportExistingResources"]) == ("UPDATE", "true")
    # What was imported must outlive a failure of the operation.
    assert [one["RetainExceptOnCreate"] for one in deployed.aws.sent("ExecuteChangeSet", DATA)] == [
        "false"
    ] * 2
    assert remembers(deployed.aws)


def test_the_data_goes_when_told_by_name(deployed: DeployHarness) -> None:
    result = deployed.destroy("--delete-data", DATA, "--yes")
    assert result.exit_code == 0, result.output
    assert "Deleted   table gatehouse-prod" in result.output
    assert (
        "aws secretsmanager delete-secret --secret-id gatehouse-prod/signing-key --force-delete"
        in result.output
    )
    assert stacks_of(deployed.aws) == set()
    (protection,) = deployed.aws.sent("UpdateTerminationProtection")
    assert protection["EnableTerminationProtection"] == "false"
    # Again, after an interruption or by mistake.
    assert deployed.destroy("--delete-data", DATA, "--yes").exit_code == 0


def test_data_can_go_after_its_service_and_by_its_name_only(deployed: DeployHarness) -> None:
    for name in ("prod", "gatehouse-prod", "gatehouse-dev-data", ""):
        sentence = refusal(deployed.destroy("--delete-data", name, "--yes"))
        assert sentence == f"--delete-data requires the name of the data's stack, {DATA}."
    assert stacks_of(deployed.aws) == {"gatehouse-prod", DATA}
    assert deployed.destroy("--yes").exit_code == 0
    assert refusal(deployed.destroy("--yes")) == "There is no stack gatehouse-prod in eu-west-1."
    assert "DELETE FOR GOOD" in deployed.destroy("--delete-data", DATA, answer="n\n").output
    assert stacks_of(deployed.aws) == {DATA}
    assert deployed.destroy("--delete-data", DATA, "--yes").exit_code == 0
    assert stacks_of(deployed.aws) == set()


def test_a_dry_run_shows_changes_and_leaves_nothing(harness: DeployHarness) -> None:
    result = harness.deploy("--dry-run")
    assert result.exit_code == 0, result.output
    assert result.output.endswith("A dry run: nothing was changed.\n")
    assert stacks_of(harness.aws) == set()
    assert harness.deploy().exit_code == 0
    harness.aws.calls.clear()
    result = harness.deploy("--dry-run", "--parameter", "MaxSessions=5")
    assert re.search(r"Modify +APIHandler  AWS::Lambda::Function  \(Code, Environment\)", result.output)
    assert "ExecuteChangeSet" not in harness.aws.calls
    assert harness.aws.parameters()["MaxSessions"] == "20"


def test_the_one_command_runs_as_it_is_typed(aws: Aws) -> None:
    """With nothing replaced but AWS, which has no API that could be looked at."""
    aws.script.instalment = 1000
    # The environment is that of this test: make is not to look whether it is the newest.
    command = "make -s -o .venv/.installed deploy STAGE=dev ARGS=--no-check"
    done = subprocess.run(  # noqa: S603
        command.split(), cwd=PROJECT, env=typed(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Gatehouse answers at https://" in done.stdout
    assert done.stderr == ""


def stacks_of(aws: Aws) -> set[str]:
    """Return the names of the stacks."""
    with closing(aws.client("cloudformation")) as client:
        return {one["StackName"] for one in client.describe_stacks()["Stacks"]}


def remember(aws: Aws) -> None:
    """Write an item."""
    with closing(aws.client("dynamodb")) as dynamodb:
        dynamodb.put_item(TableName="gatehouse-prod", Item=ITEM)


def remembers(aws: Aws) -> bool:
    """Tell whether the item is there."""
    with closing(aws.client("dynamodb")) as dynamodb:
        return "Item" in dynamodb.get_item(TableName="gatehouse-prod", Key=ITEM)


def test_a_stage_with_public_keys_stays_able_to_verify_them(deployed: DeployHarness) -> None:
    assert deployed.deploy("--parameter", "SigningAlgorithm=ES256", "--yes").exit_code == 0
    assert "two rotations" in refusal(deployed.deploy("--parameter", "AsymmetricKeys=none"))
