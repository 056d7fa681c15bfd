"""Deploys of a stage that is there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from infra.deploy.packaging.build import Package
from tests.infra.deploy.conftest import PACKAGE, DeployHarness, refusal
from tests.infra.deploy.test_first_deploy import functions_of


def test_without_a_change_it_says_so_and_touches_nothing(deployed: DeployHarness) -> None:
    deployed.now, deployed.slept[:] = 0.0, []
    result = deployed.deploy()
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("Nothing to deploy: release ")
    assert deployed.aws.calls == ["GetCallerIdentity", "DescribeStacks"]
    assert deployed.slept == []


def test_a_change_that_cloudformation_does_not_see_is_none(deployed: DeployHarness) -> None:
    """A parameter that is given anew with the value that it has by default."""
    deployed.aws.stack().status = "UPDATE_ROLLBACK_COMPLETE"
    deployed.aws.script.refuses = (
        "The submitted information didn't contain changes. Submit different information."
    )
    result = deployed.deploy()
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("Nothing to deploy")


def test_a_parameter_is_changed_and_remembered(deployed: DeployHarness) -> None:
    assert deployed.deploy("--parameter", "AuthorizerCacheSeconds=7").exit_code == 0
    assert parameters_of(deployed)["AuthorizerCacheSeconds"] == "7"
    assert deployed.deploy("--parameter", "MaxSessions=5").exit_code == 0
    assert parameters_of(deployed)["AuthorizerCacheSeconds"] == "7"
    assert parameters_of(deployed)["MaxSessions"] == "5"
    for one in functions_of(deployed.aws).values():
        assert str(one["Environment"]["Variables"]["AUTHORIZER_CACHE_SECONDS"]) == "7"


def test_the_architecture_is_remembered_too(deployed: DeployHarness) -> None:
    assert deployed.deploy("--architecture", "arm64").exit_code == 0
    assert "on arm64" in deployed.deploy().output
    assert parameters_of(deployed)["Architecture"] == "arm64"


def test_code_that_is_there_is_not_uploaded_again(deployed: DeployHarness) -> None:
    result = deployed.deploy("--parameter", "MaxSessions=5")
    assert "Upload    not needed" in result.output
    assert not [call for call in deployed.aws.calls if call.startswith("PUT") and call.endswith(".zip")]


def test_code_before_the_last_but_one_may_expire_and_comes_back_to_stay(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def versions(project: Path, architecture: str) -> Package:
        return replace(PACKAGE(project, architecture), digest=current)

    monkeypatch.setattr("tests.infra.deploy.conftest.PACKAGE", versions)
    for current in ("second", "third"):  # noqa: B007 - read by `versions`
        assert deployed.deploy().exit_code == 0
    keys = code_and_tags(deployed)
    assert keys.pop("second") == keys.pop("third") == []
    (first,) = keys.values()
    assert first == [{"Key": "superseded", "Value": "yes"}]
    (current,) = code_and_tags(deployed).keys() - {"second", "third"}
    assert deployed.deploy().exit_code == 0
    assert code_and_tags(deployed)[current] == []


def test_a_dry_run_shows_the_changes_and_makes_none(deployed: DeployHarness) -> None:
    result = deployed.deploy("--dry-run", "--parameter", "MaxSessions=5")
    assert result.exit_code == 0
    assert ["modify", "APIHandler", "AWS::Lambda::Function", "(Environment)"] in [
        line.split() for line in result.output.splitlines()
    ]
    assert parameters_of(deployed)["MaxSessions"] == "20"
    assert "ExecuteChangeSet" not in deployed.aws.calls
    assert "DeleteChangeSet" in deployed.aws.calls
    assert "DeleteStack" not in deployed.aws.calls


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--parameter", "Sessions=5"], "There is no parameter Sessions; there are "),
        (
            ["--parameter", "Stage=dev"],
            "The parameter Stage is what --stage says: leave it out.",
        ),
        (["--parameter", "Architecture=riscv"], "Lambda has no architecture riscv; it has x86_64 and arm64."),
        (["--adopt", "UsersTable=old"], "Stack gatehouse-prod exists, and only a new stack can adopt."),
    ],
)
def test_what_cannot_be_asked_for_is_told_before_anything_is_built(
    deployed: DeployHarness, options: list[str], sentence: str
) -> None:
    assert refusal(deployed.deploy(*options)).startswith(sentence)
    assert deployed.aws.calls == ["GetCallerIdentity", "DescribeStacks"]


@pytest.mark.parametrize(
    "options",
    [
        ["--parameter", "MaxSessions"],
        ["--parameter", "MaxSessions=1", "--parameter", "MaxSessions=2"],
        ["--architecture", "riscv"],
        ["--adopt", "UsersTable=old", "--dry-run"],
    ],
)
def test_what_makes_no_sense_is_told_with_the_usage(harness: DeployHarness, options: list[str]) -> None:
    result = harness.deploy(*options)
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert harness.aws.calls == []


def parameters_of(harness: DeployHarness) -> dict[str, str]:
    """Return the parameters of stage prod."""
    with closing(harness.aws.client("cloudformation")) as client:
        (stack,) = client.describe_stacks(StackName="gatehouse-prod")["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def code_and_tags(harness: DeployHarness) -> dict[str, list[dict[str, str]]]:
    """Return the tags of each package in the bucket by its digest."""
    with closing(harness.aws.client("s3")) as s3:
        keys = [
            one["Key"] for one in s3.list_objects_v2(Bucket=harness.aws.bucket, Prefix="code/")["Contents"]
        ]
        return {
            Path(key).stem: s3.get_object_tagging(Bucket=harness.aws.bucket, Key=key)["TagSet"]
            for key in keys
        }
