"""The first deploy of a stage, looked at through AWS's own interfaces."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import Any

from infra.deploy.packaging.runtime import RUNTIME_NAME
from infra.deploy.release import PROJECT
from tests.infra.deploy.aws import REGION, Aws
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.test_makefile import typed


def test_the_table_has_what_the_template_says(standing_deployment: DeployHarness) -> None:
    name = standing_deployment.aws.outputs()["UsersTableName"]
    with closing(standing_deployment.aws.client("dynamodb")) as dynamodb:
        table = dynamodb.describe_table(TableName=name)["Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert expiry == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_secret_holds_a_key(standing_deployment: DeployHarness) -> None:
    with closing(standing_deployment.aws.client("secretsmanager")) as secrets:
        value = secrets.get_secret_value(SecretId=standing_deployment.aws.outputs()["SigningSecretArn"])
    assert json.loads(value["SecretString"]) == {"alg": "HS256", "key": "k" * 64}


def test_the_functions_run_the_uploaded_code_with_their_settings(standing_deployment: DeployHarness) -> None:
    functions = functions_of(standing_deployment.aws)
    assert sorted(one["Handler"] for one in functions.values()) == [
        "app.app",
        "chalicelib.api.authorizer.bearer",
        "chalicelib.api.key_rotation.rotate",
    ]
    outputs = standing_deployment.aws.outputs()
    for one in functions.values():
        settings = one["Environment"]["Variables"]
        assert settings["USERS_TABLE"] == outputs["UsersTableName"]
        assert settings["SIGNING_SECRET_ID"] == outputs["SigningSecretArn"]
        assert settings["STAGE"] == "prod"
        assert one["Runtime"] == RUNTIME_NAME
        assert one["CodeSize"] > 1_000_000
        assert one["Architectures"] == ["x86_64"]


def test_each_function_has_a_role_of_its_own(standing_deployment: DeployHarness) -> None:
    roles = {one["Role"].rpartition("/")[2] for one in functions_of(standing_deployment.aws).values()}
    assert len(roles) == 3
    with closing(standing_deployment.aws.client("iam")) as iam:
        for role in roles:
            trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
            assert trusted[0]["Principal"] == {"Service": "lambda.amazonaws.com"}
            assert iam.list_role_policies(RoleName=role)["PolicyNames"]


def test_the_api_has_the_routes_and_a_stage(standing_deployment: DeployHarness) -> None:
    outputs = standing_deployment.aws.outputs()
    with closing(standing_deployment.aws.client("apigateway")) as gateway:
        found = gateway.get_resources(restApiId=outputs["RestAPIId"], limit=500)["items"]
        stages = gateway.get_stages(restApiId=outputs["RestAPIId"])["item"]
    assert {"/oauth/token", "/oauth/revoke", "/me", "/health"} <= {one["path"] for one in found}
    assert [one["stageName"] for one in stages] == [outputs["ApiStageName"]] == ["prod"]


def test_the_bucket_is_closed(standing_deployment: DeployHarness) -> None:
    bucket = {"Bucket": standing_deployment.aws.bucket}
    with closing(standing_deployment.aws.client("s3")) as s3:
        blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        policy = json.loads(s3.get_bucket_policy(**bucket)["Policy"])
        encryption = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        rules = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
        place = s3.get_bucket_location(**bucket)["LocationConstraint"]
    assert all(blocked.values())
    assert policy["Statement"][0]["Effect"] == "Deny"
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert encryption[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert {rule["ID"] for rule in rules} == {"superseded-code", "templates", "broken-uploads"}
    assert place == REGION


def test_it_says_what_is_made_what_happens_and_how_to_go_on(harness: DeployHarness) -> None:
    result = harness.deploy()
    lines = result.output.splitlines()
    assert f"Stack     gatehouse-prod in account {harness.aws.account}, {REGION}" in lines
    assert any(line.split() == ["add", "UsersTable", "AWS::DynamoDB::Table"] for line in lines)
    told = [line.split()[1:] for line in lines if "CREATE_" in line]
    assert ["CREATE_IN_PROGRESS", "UsersTable"] in told
    assert told[-1] == ["CREATE_COMPLETE", "gatehouse-prod"]
    assert f"Gatehouse answers at {harness.aws.outputs()['EndpointURL'].rstrip('/')}" in lines
    assert "infra users create --stage prod --region eu-west-1" in result.output
    assert len(told) == len({tuple(one) for one in told}), "every event is told once"
    assert harness.slept, "events come by and by"


def test_it_looks_at_what_it_has_deployed(harness: DeployHarness) -> None:
    harness.deploy()
    (deployment,) = harness.seen
    outputs = harness.aws.outputs()
    assert deployment.api_url == outputs["EndpointURL"].rstrip("/")
    assert deployment.settings.users_table == outputs["UsersTableName"]


def test_a_failed_smoke_test_is_a_failed_deploy(harness: DeployHarness) -> None:
    harness.smoke_passes = False
    assert refusal(harness.deploy()).startswith("The stack is deployed, but its smoke test failed")


def test_a_new_domain_is_looked_at_by_aws_s_address_and_told_where_to_point(harness: DeployHarness) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
    domain = "--parameter", "DomainName=auth.example.com", "--parameter", f"DomainCertificateArn={arn}"
    result = harness.deploy(*domain)
    assert result.exit_code == 0, result.output
    outputs = harness.aws.outputs()
    assert [one.api_url for one in harness.seen] == [outputs["AwsURL"]]
    assert "Gatehouse answers at https://auth.example.com\n" in result.output
    target = outputs["CustomDomainTarget"]
    assert f"once auth.example.com is a CNAME or alias of {target}\n" in result.output
    harness.smoke_passes = False
    assert refusal(harness.deploy("--parameter", "MaxSessions=5")).endswith(
        f"If its domain does not lead to {target} yet, make that record and look again."
    )


def test_the_smoke_test_can_be_left_out(harness: DeployHarness) -> None:
    harness.smoke_passes = False
    assert harness.deploy("--no-smoke").exit_code == 0
    assert harness.seen == []


def test_a_dry_run_leaves_no_stack(harness: DeployHarness) -> None:
    result = harness.deploy("--dry-run")
    assert result.exit_code == 0
    assert result.output.endswith("A dry run: nothing was changed.\n")
    with closing(harness.aws.client("cloudformation")) as client:
        names = [one["StackName"] for one in client.describe_stacks()["Stacks"]]
        assert client.list_change_sets(StackName="gatehouse-prod")["Summaries"] == []
    assert names == []


def test_the_one_command_runs_as_it_is_typed(aws: Aws) -> None:
    """With nothing of it stood in for but AWS, which has nothing that a smoke test could visit."""
    aws.script.instalment = 1000
    # The environment is that of this test: make is not to look whether it is the newest.
    command = "make -s -o .venv/.installed deploy STAGE=dev ARGS=--no-smoke"
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
