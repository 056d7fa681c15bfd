"""What the first deploy of a stage makes, and the requests by which AWS guards it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from infra.deploy.bucket import LIFECYCLE
from infra.deploy.packaging.build import Package
from infra.operate.deployment import open_deployment
from infra.operate.temporary_account import temporary_account
from tests.infra.deploy.aws import REGION, taught_aws
from tests.infra.deploy.conftest import DeployHarness
from tests.infra.operate.people import asked_by, policy
from tests.infra.template.calls import Call

DATA, SERVICE = "gatehouse-prod-data", "gatehouse-prod"
ROLE = "arn:aws:iam::1:role/gatehouse-cloudformation"


class First(NamedTuple):
    """A deployed stage, which no test changes; what the deploy printed; the bucket's owner, by request."""

    harness: DeployHarness
    output: str
    owners: dict[str, str]


@pytest.fixture(scope="module")
def first(package: Package) -> Iterator[First]:
    with pytest.MonkeyPatch.context() as patch, taught_aws(patch) as aws:
        harness = DeployHarness(aws, package)
        result = harness.deploy("--tag", "team=auth", "--tag", "cost=7", "--tag", "none=", "--role-arn", ROLE)
        assert result.exit_code == 0, result.output
        yield First(harness, result.output, dict(aws.owners))


def test_both_stacks_are_made_in_order(first: First) -> None:
    harness, output, _ = first
    lines = output.splitlines()
    ends = [line.split()[2] for line in lines if "CREATE_COMPLETE" in line and "gatehouse-prod" in line]
    assert ends == [DATA, SERVICE]
    assert any(line.split() == ["Add", "UsersTable", "AWS::DynamoDB::Table"] for line in lines)
    assert f"Gatehouse answers at {harness.aws.outputs()['EndpointURL'].rstrip('/')}" in lines
    assert [one.outputs for one in harness.checked] == [harness.aws.outputs()]
    assert harness.checked[0].values["LogRetentionDays"] == "30"
    assert "Log role  gatehouse-gateway-log" in output


def test_operators_find_both_parts(first: First) -> None:
    deployment = open_deployment("prod", REGION)
    outputs = first.harness.aws.outputs(DATA)
    assert deployment.settings.users_table == outputs["UsersTableName"] == "gatehouse-prod"
    assert deployment.settings.signing_secret_id == outputs["SigningSecretArn"]
    assert deployment.api_url == first.harness.aws.outputs()["EndpointURL"].rstrip("/")


def test_the_functions_run_the_uploaded_version_with_their_settings(first: First) -> None:
    with closing(first.harness.aws.client("lambda")) as client:
        functions = client.list_functions()["Functions"]
    assert {"app.app", "chalicelib.api.authorizer.bearer", "chalicelib.api.key_rotation.rotate"} <= {
        one["Handler"] for one in functions
    }
    for one in functions:
        settings = one["Environment"]["Variables"]
        assert (settings["USERS_TABLE"], settings["STAGE"]) == ("gatehouse-prod", "prod")
        assert settings["SIGNING_SECRET_ID"] == "gatehouse-prod/signing-key"
        assert one["CodeSize"] == first.harness.package.path.stat().st_size


def test_a_first_deploy_that_fails_is_deleted_by_cloudformation(first: First) -> None:
    for stack in (DATA, SERVICE):
        (made,) = first.harness.aws.sent("CreateChangeSet", stack)
        assert (made["ChangeSetType"], made["OnStackFailure"]) == ("CREATE", "DELETE")
        assert (made["RoleARN"], "/prod/release.json?versionId=" in made.get("TemplateURL", "")) == (
            ROLE,
            stack == SERVICE,
        )
        assert made["ImportExistingResources"] == "true"
        tags = {made[f"Tags.member.{n}.Key"]: made[f"Tags.member.{n}.Value"] for n in (1, 2)}
        assert (tags, "Tags.member.3.Key" in made) == ({"team": "auth", "cost": "7"}, False)
        (done,) = first.harness.aws.sent("ExecuteChangeSet", stack)
        assert done["RetainExceptOnCreate"] == "true"
        assert "DisableRollback" not in done, "the two exclude each other"


def test_the_data_is_protected_from_replacement_and_deletion(first: First) -> None:
    (policy,) = first.harness.aws.sent("SetStackPolicy")
    assert policy["StackName"] == DATA
    allow, deny = json.loads(policy["StackPolicyBody"])["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "Update:*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    assert (deny["Principal"], deny["Resource"]) == ("*", "*")
    (protection,) = first.harness.aws.sent("UpdateTerminationProtection")
    assert (protection["StackName"], protection["EnableTerminationProtection"]) == (DATA, "true")


def test_the_code_is_pinned_to_the_version_that_was_uploaded(first: First) -> None:
    aws = first.harness.aws
    resources: dict[str, Any] = aws.stack().template_dict["Resources"]
    codes = [
        one["Properties"]["Code"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"
    ]
    (code,) = {(one["S3Bucket"], one["S3Key"], one["S3ObjectVersion"]) for one in codes}
    with closing(aws.client("s3")) as s3:
        s3.put_object(Bucket=aws.bucket, Key="prod/package.zip", Body=b"somebody else's")
        body = s3.get_object(Bucket=code[0], Key=code[1], VersionId=code[2])["Body"].read()
    assert body == first.harness.package.path.read_bytes()
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() in aws.checksums


def test_the_bucket_is_closed_keeps_versions_and_is_ours(first: First) -> None:
    aws = first.harness.aws
    with closing(aws.client("s3")) as s3:
        (statement,) = json.loads(s3.get_bucket_policy(Bucket=aws.bucket)["Policy"])["Statement"]
        assert s3.get_bucket_versioning(Bucket=aws.bucket)["Status"] == "Enabled"
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{aws.bucket}", f"arn:aws:s3:::{aws.bucket}/*"]
    (rule,) = LIFECYCLE["Rules"]  # moto keeps half of it
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90, "NewerNoncurrentVersions": 50}
    assert "Expiration" not in rule
    # Whoever reads by the version that was uploaded need not name the owner.
    asked = {call: owner for call, owner in first.owners.items() if "CloudFormation" not in call}
    assert {call for call, owner in asked.items() if owner != aws.account} == {f"PUT /{aws.bucket}?"}
    assert len(asked) >= 6


def test_the_smoke_test_is_allowed_an_account_and_no_hash(first: First) -> None:
    calls, remaining = set[Call](), list[str]()
    with asked_by("smoke", calls), temporary_account(open_deployment("prod", REGION), remaining.append):
        pass
    assert not [one for one in calls if one.action == "secretsmanager:GetSecretValue"]
    allowed = policy("smoke")
    assert ([call for call in calls if not allowed.allows(call)], remaining) == ([], [])
