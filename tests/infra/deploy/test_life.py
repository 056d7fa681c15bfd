"""A stage from its first deploy to its last, looked at through AWS's own interfaces."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import Any

import pytest

from infra.deploy.options import PROJECT
from infra.operate.deployment import open_deployment
from tests.infra.deploy.aws import REGION, Aws
from tests.infra.deploy.conftest import TEMPLATE, DeployHarness, refusal
from tests.infra.test_makefile import typed

DATA = "gatehouse-prod-data"


def test_the_first_deploy_makes_both_stacks_in_order(harness: DeployHarness) -> None:
    result = harness.deploy()
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    ends = [line.split()[2] for line in lines if "CREATE_COMPLETE" in line and "gatehouse-prod" in line]
    assert ends == [DATA, "gatehouse-prod"]
    assert any(line.split() == ["add", "UsersTable", "AWS::DynamoDB::Table"] for line in lines)
    assert f"Gatehouse answers at {harness.aws.outputs()['EndpointURL'].rstrip('/')}" in lines
    told = [line.split(maxsplit=1)[1] for line in lines if "_COMPLETE " in line]
    assert len(told) == len(set(told)), "every event is printed once"
    assert harness.slept, "events come in instalments"


def test_operators_find_both_parts(deployed: DeployHarness) -> None:
    deployment = open_deployment("prod", REGION)
    outputs = deployed.aws.outputs(DATA)
    assert deployment.settings.users_table == outputs["UsersTableName"] == "gatehouse-prod"
    assert deployment.settings.signing_secret_id == outputs["SigningSecretArn"]
    assert deployment.api_url == deployed.aws.outputs()["EndpointURL"].rstrip("/")


def test_the_functions_run_the_uploaded_version_with_their_settings(deployed: DeployHarness) -> None:
    functions = functions_of(deployed.aws)
    assert sorted(one["Handler"] for one in functions.values()) == [
        "app.app",
        "chalicelib.api.authorizer.bearer",
        "chalicelib.api.key_rotation.rotate",
        "chalicelib.api.mail.mail",
    ]
    for one in functions.values():
        settings = one["Environment"]["Variables"]
        assert (settings["USERS_TABLE"], settings["STAGE"]) == ("gatehouse-prod", "prod")
        assert settings["SIGNING_SECRET_ID"] == "gatehouse-prod/signing-key"
        assert one["CodeSize"] > 1_000_000


def test_the_secret_holds_a_key(deployed: DeployHarness) -> None:
    with closing(deployed.aws.client("secretsmanager")) as secrets:
        value = secrets.get_secret_value(SecretId="gatehouse-prod/signing-key")
    assert json.loads(value["SecretString"]) == {"alg": "HS256", "key": "k" * 64}


def test_without_a_change_it_says_so_and_touches_nothing(deployed: DeployHarness) -> None:
    result = deployed.deploy()
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("Nothing to deploy: release ")
    looked = ["GetCallerIdentity", *["DescribeStacks"] * 4, "DynamoDB_20120810.BatchGetItem"]
    assert deployed.aws.calls == looked, "the last one for the issuer that should be recorded"


def test_a_parameter_is_changed_and_remembered(deployed: DeployHarness) -> None:
    assert deployed.deploy("--parameter", "AuthorizerCacheSeconds=7").exit_code == 0
    assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 0
    found = deployed.aws.parameters()
    assert (found["AuthorizerCacheSeconds"], found["MaxSessions"]) == ("7", "5")
    for one in functions_of(deployed.aws).values():
        assert str(one["Environment"]["Variables"]["AUTHORIZER_CACHE_SECONDS"]) == "7"
    assert deployed.aws.sent("ExecuteChangeSet", DATA) == []


def test_a_parameter_of_the_data_changes_the_data_alone(deployed: DeployHarness) -> None:
    assert deployed.deploy("--parameter", "LogRetentionDays=90").exit_code == 0
    with closing(deployed.aws.client("cloudformation")) as client:
        (stack,) = client.describe_stacks(StackName=DATA)["Stacks"]
    assert {"ParameterKey": "LogRetentionDays", "ParameterValue": "90"} in stack["Parameters"]
    assert deployed.aws.calls.count("ExecuteChangeSet") == 1
    assert "Nothing to deploy" in deployed.deploy().output


def test_a_rollback_brings_back_template_code_and_parameters(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = deployed.aws.stack().template_dict
    document = json.loads(json.dumps(TEMPLATE(PROJECT, "prod")))
    document["Resources"]["TokenReuseAlarm"]["Properties"]["Period"] = 60
    monkeypatch.setattr("tests.infra.deploy.conftest.TEMPLATE", lambda *_: document)
    assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 0
    assert deployed.aws.stack().template_dict != before
    result = deployed.deploy("--rollback")
    assert result.exit_code == 0, result.output
    assert deployed.aws.stack().template_dict == before
    assert deployed.aws.parameters()["MaxSessions"] == "20"
    # The one that it came from is now the release before.
    assert deployed.deploy("--rollback").exit_code == 0
    assert deployed.aws.parameters()["MaxSessions"] == "5"


def test_the_first_release_has_none_before_it(deployed: DeployHarness) -> None:
    assert refusal(deployed.deploy("--rollback")).endswith("has no release before this one to go back to.")
    assert deployed.deploy("--rollback", "--parameter", "MaxSessions=5").exit_code == 2


def test_destroying_takes_the_service_and_a_deploy_puts_it_back_over_the_same_data(
    deployed: DeployHarness,
) -> None:
    assert deployed.deploy("--parameter", "MaxSessions=5", "--tag", "team=auth").exit_code == 0
    remember(deployed.aws, "somebody")
    result = deployed.destroy(answer="y\n")
    assert result.exit_code == 0, result.output
    assert "and keep table gatehouse-prod and signing key gatehouse-prod/signing-key?" in result.output
    assert "Kept      stack gatehouse-prod-data" in result.output
    assert stacks_of(deployed.aws) == {DATA}
    deployed.aws.requests.clear()
    again = deployed.deploy()
    assert again.exit_code == 0, again.output
    assert remembered(deployed.aws, "somebody")
    # As it was: nobody has to remember what was given when.
    assert deployed.aws.parameters()["MaxSessions"] == "5"
    assert deployed.aws.stack().tags == {"team": "auth"}
    assert deployed.aws.sent("ExecuteChangeSet", DATA) == []
    assert deployed.deploy("--rollback").exit_code == 0


def test_data_whose_stack_is_gone_is_imported(deployed: DeployHarness) -> None:
    """As after somebody has switched the protection off and deleted both stacks."""
    remember(deployed.aws, "somebody")
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
    assert remembered(deployed.aws, "somebody")


def test_the_data_goes_when_told_by_name(deployed: DeployHarness) -> None:
    result = deployed.destroy("--delete-data", DATA, "--yes")
    assert result.exit_code == 0, result.output
    assert "Deleted   table gatehouse-prod" in result.output
    assert (
        "aws secretsmanager delete-secret --secret-id gatehouse-prod/signing-key --force-delete"
        in result.output
    )
    assert stacks_of(deployed.aws) == set()
    # Until then the name is taken, and the next deploy says so before it begins anything.
    sentence = refusal(deployed.deploy())
    assert "is being deleted, and keeps its name until then." in sentence
    assert "aws secretsmanager restore-secret --secret-id gatehouse-prod/signing-key" in sentence
    # Again, after an interruption or by mistake.
    assert deployed.destroy("--delete-data", DATA, "--yes").exit_code == 0


def test_data_can_go_after_its_service(deployed: DeployHarness) -> None:
    assert deployed.destroy("--yes").exit_code == 0
    assert refusal(deployed.destroy("--yes")).endswith("nothing to delete.")
    assert "DELETE FOR GOOD" in deployed.destroy("--delete-data", DATA, answer="n\n").output
    assert stacks_of(deployed.aws) == {DATA}
    assert deployed.destroy("--delete-data", DATA, "--yes").exit_code == 0
    assert stacks_of(deployed.aws) == set()


@pytest.mark.parametrize("name", ["prod", "gatehouse-prod", "gatehouse-dev-data", ""])
def test_another_name_deletes_nothing(deployed: DeployHarness, name: str) -> None:
    sentence = refusal(deployed.destroy("--delete-data", name, "--yes"))
    assert sentence == f"--delete-data wants the name of the stack of the data, {DATA}."
    assert stacks_of(deployed.aws) == {"gatehouse-prod", DATA}


def test_a_dry_run_shows_changes_and_leaves_nothing(harness: DeployHarness) -> None:
    result = harness.deploy("--dry-run")
    assert result.exit_code == 0, result.output
    assert result.output.endswith("A dry run: nothing was changed.\n")
    assert stacks_of(harness.aws) == set()
    assert harness.deploy().exit_code == 0
    harness.aws.calls.clear()
    result = harness.deploy("--dry-run", "--parameter", "MaxSessions=5")
    assert "modify           APIHandler  AWS::Lambda::Function  (Code, Environment)" in result.output
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


def functions_of(aws: Aws) -> dict[str, dict[str, Any]]:
    """Return every function's configuration by its name."""
    with closing(aws.client("lambda")) as client:
        return {one["FunctionName"]: one for one in client.list_functions()["Functions"]}


def stacks_of(aws: Aws) -> set[str]:
    """Return the names of the stacks."""
    with closing(aws.client("cloudformation")) as client:
        return {one["StackName"] for one in client.describe_stacks()["Stacks"]}


def remember(aws: Aws, name: str) -> None:
    """Write an item."""
    with closing(aws.client("dynamodb")) as dynamodb:
        dynamodb.put_item(TableName="gatehouse-prod", Item={"pk": {"S": name}, "sk": {"S": name}})


def remembered(aws: Aws, name: str) -> bool:
    """Tell whether an item is there."""
    with closing(aws.client("dynamodb")) as dynamodb:
        return "Item" in dynamodb.get_item(
            TableName="gatehouse-prod", Key={"pk": {"S": name}, "sk": {"S": name}}
        )
