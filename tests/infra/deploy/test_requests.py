"""What guards the data and the code is AWS's: it is in the requests that are sent."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing

import pytest

from infra.deploy.bucket import LIFECYCLE
from infra.deploy.options import PROJECT
from tests.infra.deploy.conftest import PACKAGE, DeployHarness, refusal

DATA, SERVICE = "gatehouse-prod-data", "gatehouse-prod"


def test_a_first_deploy_that_fails_is_deleted_by_cloudformation(harness: DeployHarness) -> None:
    harness.deploy()
    for stack in (DATA, SERVICE):
        (made,) = harness.aws.sent("CreateChangeSet", stack)
        assert (made["ChangeSetType"], made["OnStackFailure"]) == ("CREATE", "DELETE")
        (done,) = harness.aws.sent("ExecuteChangeSet", stack)
        assert done["RetainExceptOnCreate"] == "true"
        assert "DisableRollback" not in done, "the two exclude each other"


def test_an_update_says_nothing_about_creation(deployed: DeployHarness) -> None:
    deployed.deploy("--parameter", "MaxSessions=5", "--parameter", "LogRetentionDays=90")
    for made in deployed.aws.sent("CreateChangeSet"):
        assert made["ChangeSetType"] == "UPDATE"
        assert "OnStackFailure" not in made


def test_the_data_is_protected_from_replacement_and_deletion(harness: DeployHarness) -> None:
    harness.deploy()
    (policy,) = harness.aws.sent("SetStackPolicy")
    assert policy["StackName"] == DATA
    allow, deny = json.loads(policy["StackPolicyBody"])["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "Update:*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    assert (deny["Principal"], deny["Resource"]) == ("*", "*")
    (protection,) = harness.aws.sent("UpdateTerminationProtection")
    assert (protection["StackName"], protection["EnableTerminationProtection"]) == (DATA, "true")


def test_a_protection_that_somebody_took_off_is_put_back(deployed: DeployHarness) -> None:
    deployed.aws.stack(DATA).enable_termination_protection = False
    assert deployed.deploy().exit_code == 0
    assert deployed.aws.stack(DATA).enable_termination_protection
    assert len(deployed.aws.sent("SetStackPolicy")) == 1


def test_only_deleting_the_data_takes_its_protection_off(deployed: DeployHarness) -> None:
    deployed.destroy("--yes")
    assert deployed.aws.sent("UpdateTerminationProtection") == []
    deployed.destroy("--yes", "--delete-data", DATA)
    (protection,) = deployed.aws.sent("UpdateTerminationProtection")
    assert protection["EnableTerminationProtection"] == "false"


def test_tags_and_a_role_go_to_both_stacks(harness: DeployHarness) -> None:
    role = "arn:aws:iam::1:role/gatehouse-cloudformation"
    harness.deploy("--tag", "team=auth", "--tag", "cost=7", "--role-arn", role)
    for made in harness.aws.sent("CreateChangeSet"):
        assert made["RoleARN"] == role
        tags = {made[f"Tags.member.{n}.Key"]: made[f"Tags.member.{n}.Value"] for n in (1, 2)}
        assert tags == {"team": "auth", "cost": "7"}
    harness.aws.requests.clear()
    harness.deploy("--tag", "cost=")
    for made in harness.aws.sent("CreateChangeSet"):
        assert (made["Tags.member.1.Key"], "Tags.member.2.Key" in made) == ("team", False)


def test_an_object_at_the_package_s_key_is_never_run(harness: DeployHarness) -> None:
    harness.deploy()
    with closing(harness.aws.client("s3")) as s3:
        s3.put_object(Bucket=harness.aws.bucket, Key="prod/package.zip", Body=b"somebody else's")
        s3.put_object(Bucket=harness.aws.bucket, Key="prod/release.json", Body=b"{}")
        harness.deploy("--parameter", "MaxSessions=5")
        s3.put_object(Bucket=harness.aws.bucket, Key="prod/package.zip", Body=b"somebody else's")
        functions = [
            one["Properties"]["Code"]
            for one in harness.aws.stack().template_dict["Resources"].values()
            if one["Type"] == "AWS::Lambda::Function"
        ]
        (code,) = {(one["S3Bucket"], one["S3Key"], one["S3ObjectVersion"]) for one in functions}
        bucket, key, version = code
        body = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
    assert body == PACKAGE(PROJECT, "x86_64").path.read_bytes()
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() in harness.aws.checksums
    for made in harness.aws.sent("CreateChangeSet", SERVICE):
        assert "/prod/release.json?versionId=" in made["TemplateURL"]


def test_every_call_says_whose_the_bucket_is(deployed: DeployHarness) -> None:
    deployed.deploy("--parameter", "MaxSessions=5")
    deployed.deploy("--rollback")
    asked = {
        call: owner for call, owner in deployed.aws.owners.items() if call != f"PUT /{deployed.aws.bucket}?"
    }
    assert len(asked) >= 7
    # CloudFormation and Lambda fetch by the version that was uploaded.
    assert {owner for call, owner in asked.items() if "CloudFormation" not in call} == {deployed.aws.account}


def test_the_bucket_is_closed_and_keeps_versions(deployed: DeployHarness) -> None:
    bucket = {"Bucket": deployed.aws.bucket}
    with closing(deployed.aws.client("s3")) as s3:
        blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        (statement,) = json.loads(s3.get_bucket_policy(**bucket)["Policy"])["Statement"]
        assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert all(blocked.values())
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (rule,) = LIFECYCLE["Rules"]  # moto keeps half of it
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90, "NewerNoncurrentVersions": 50}
    assert "Expiration" not in rule


def test_a_bucket_of_somebody_else_is_not_used(harness: DeployHarness) -> None:
    harness.aws.refuse[f"HEAD /{harness.aws.bucket}"] = "AccessDenied"
    assert refusal(harness.deploy()).startswith(f"The bucket {harness.aws.bucket} cannot be used (403): ")
    assert not [call for call in harness.aws.calls if call.startswith("PUT")]


def test_a_new_bucket_is_waited_for_until_it_keeps_versions(
    harness: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 documents up to 15 minutes; until then an upload has no version to pin."""
    versioned: list[bool] = []
    monkeypatch.setattr("moto.s3.models.FakeBucket.is_versioned", property(lambda _: bool(versioned)))
    harness.during_sleep[2] = lambda: versioned.append(True)
    assert harness.deploy("--dry-run").exit_code == 0
    assert harness.slept[:2] == [15, 15]
    versioned.clear()
    assert "does not keep versions yet" in refusal(harness.deploy())
