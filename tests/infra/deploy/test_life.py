"""A stage from its first deploy to its last: what each command says, sends and leaves."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from infra.deploy.options import PROJECT
from infra.deploy.packaging.build import Package
from tests.infra.deploy.aws import Aws, taught_aws
from tests.infra.deploy.conftest import DeployHarness, refusal
from tests.infra.deploy.life import DATA, ITEM, SERVICE, Life, Step, changes, first_deploy, the_end
from tests.infra.operate.people import policy, spare
from tests.infra.policies.test_deploy_policy import DEPLOYER, of_cloudformation
from tests.infra.test_makefile import typed

Steps = dict[str, Step]


@pytest.fixture(scope="module")
def life(package: Package) -> Iterator[Life]:
    with pytest.MonkeyPatch.context() as patch, taught_aws(patch) as aws:
        life = Life(DeployHarness(aws, package))
        for part in (first_deploy, changes, the_end):
            part(life)
        yield life


@pytest.fixture(scope="module")
def steps(life: Life) -> Steps:
    return life.steps


def alarm_period(step: Step) -> Any:
    return step.template["Resources"]["TokenReuseAlarm"]["Properties"]["Period"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("a refused change set", "CloudFormation refuses the change: A change set that fails."),
        ("no table", "The operation failed: UsersTable (AWS::DynamoDB::Table): Limit of tables."),
        ("no authorizer", "The operation failed: Bearer (AWS::Lambda::Function): Quota of functions"),
        ("a rollback to nothing", "Stack gatehouse-prod has no release before this one to go back to."),
        ("another table", "UsersTable would be replaced or given up. Nothing was changed"),
        ("another endpoint type", "EndpointType cannot go from EDGE to REGIONAL in one step"),
        ("a failed update", "The operation failed: APIHandler (AWS::Lambda::Function): The role"),
        ("a change that is not as it should be", "The stack is deployed, but not all is as it should be."),
        ("public keys are gone too early", "AsymmetricKeys cannot be none yet: a change of"),
        ("a rotation in a rotation", "A rotation of the signing key is unfinished"),
        ("a failed deletion", "The operation failed: ApiHandlerRole (AWS::IAM::Role): Must detach"),
        ("a deletion of a busy stack", "AWS refused (ValidationError): "),
        ("and again", "There is no stack gatehouse-prod in eu-west-1."),
    ],
)
def test_whatever_goes_wrong_is_one_message(steps: Steps, step: str, reason: str) -> None:
    assert refusal(steps[step].result).startswith(reason)


@pytest.mark.parametrize(
    ("step", "stacks"),
    [
        ("a dry run of all", set()),
        ("no table", set()),
        ("no authorizer", {DATA}),
        ("a failed deletion", {DATA, SERVICE}),
        ("a deletion of a busy stack", {DATA, SERVICE}),
        ("a deletion of data that is not confirmed", {DATA, SERVICE}),
    ],
)
def test_which_stacks_are_left(steps: Steps, step: str, stacks: set[str]) -> None:
    assert set(steps[step].stacks) == stacks


@pytest.mark.parametrize("step", ["another table", "another endpoint type", "a rotation in a rotation"])
def test_a_refused_change_is_not_begun_and_leaves_no_change_set(steps: Steps, step: str) -> None:
    calls = steps[step].calls
    assert "ExecuteChangeSet" not in calls
    assert calls.count("CreateChangeSet") == calls.count("DeleteChangeSet")


def test_without_a_change_nothing_is_touched(steps: Steps) -> None:
    step = steps["no change"]
    assert step.result.output.splitlines()[-1].startswith("Nothing to deploy: release ")
    looked = ["GetCallerIdentity", *["DescribeStacks"] * 4, "DynamoDB_20120810.BatchGetItem"]
    assert step.calls == looked, "the last one for the issuer that should be recorded"
    # But a protection that somebody has switched off is switched on again.
    step = steps["no change, but a protection that is off"]
    assert step.stacks[DATA]["EnableTerminationProtection"]
    assert (len(step.sent("SetStackPolicy")), step.sent("ExecuteChangeSet")) == (1, [])


def test_the_last_step_records_the_issuer_and_a_later_deploy_repairs_it(steps: Steps) -> None:
    first = steps["the first"]
    assert first.result.exit_code == 0, first.result.output
    assert "could not be recorded" in first.result.output
    assert (first.issuers, steps["a dry run of nothing"].issuers) == (set(), set())
    outputs = {one["OutputKey"]: one["OutputValue"] for one in first.stacks[SERVICE]["Outputs"]}
    later = steps["no change, but an issuer to record"]
    assert "Nothing to deploy" in later.result.output
    assert later.issuers == {outputs["AwsURL"]} == {outputs["Issuer"]}
    assert "Issuer " not in steps["no change"].result.output


def test_a_dry_run_shows_changes_and_leaves_nothing(steps: Steps) -> None:
    step = steps["a dry run of all"]
    assert step.result.output.endswith("A dry run: nothing was changed.\n")
    assert step.result.exit_code == 0
    step = steps["a dry run of a change"]
    assert re.search(r"Modify +APIHandler  AWS::Lambda::Function  \(Code, Environment\)", step.result.output)
    assert (step.value("MaxSessions"), "ExecuteChangeSet" in step.calls) == ("20", False)


def test_a_parameter_of_the_data_changes_the_data_alone(life: Life) -> None:
    step = life.steps["another retention of logs"]
    (made,) = step.sent("CreateChangeSet")
    assert (made["ChangeSetType"], "OnStackFailure" in made) == ("UPDATE", False)
    assert (len(step.sent("ExecuteChangeSet", DATA)), step.result.exit_code) == (1, 0)
    assert [one.values["LogRetentionDays"] for one in life.harness.checked[1:3]] == ["30", "90"]


def test_a_failed_update_leaves_the_old_version(steps: Steps) -> None:
    step = steps["a failed update"]
    assert step.result.output.endswith("is now in state UPDATE_ROLLBACK_COMPLETE.\n")
    assert step.value("MaxSessions") == "20"


def test_a_stage_with_public_keys_stays_able_to_verify_them(life: Life) -> None:
    step = life.steps["public keys and a domain"]
    assert (step.result.exit_code, step.value("AsymmetricKeys")) == (0, "kept")
    assert life.steps["public keys are gone too early"].calls[-1] == "DescribeStacks"
    assert ("requirements", "requirements-asymmetric") in life.harness.pins


def test_a_rollback_brings_back_template_code_and_parameters(steps: Steps) -> None:
    before, after = (
        steps[name] for name in ("a change that is not as it should be", "public keys and a domain")
    )
    for step in (steps["a rollback without an answer"], steps["a rollback that is not confirmed"]):
        assert (step.result.exit_code, "ExecuteChangeSet" in step.calls) == (1, False)
    lost = "Apps would lose their address: CustomDomain would be replaced or removed.\nGo on? [y/N]: "
    assert lost in steps["a rollback that is not confirmed"].result.output
    back, forth = steps["a rollback"], steps["a rollback of the rollback"]
    for step, release in ((back, before), (forth, after)):
        assert step.result.exit_code == 0, step.result.output
        assert step.sent("ExecuteChangeSet", DATA) == []
        for name in ("SigningAlgorithm", "MaxSessions", "DomainName", "ReleaseObject"):
            assert step.value(name) == release.value(name)
        assert step.template == release.template
    assert (back.value("SigningAlgorithm"), forth.value("SigningAlgorithm")) == ("HS256", "ES256")
    assert (back.value("MaxSessions"), forth.value("MaxSessions")) == ("5", "5"), "the first is remembered"
    assert (alarm_period(forth), alarm_period(back) != 60) == (60, True)


def test_destroying_takes_the_service_and_a_deploy_puts_it_back_over_the_same_data(steps: Steps) -> None:
    gone = steps["the service is deleted"]
    assert gone.result.exit_code == 0, gone.result.output
    assert "and keep table gatehouse-prod and signing key gatehouse-prod/signing-key?" in gone.result.output
    assert "Kept      stack gatehouse-prod-data" in gone.result.output
    assert (set(gone.stacks), gone.sent("UpdateTerminationProtection")) == ({DATA}, [])
    again = steps["the service is deployed again"]
    assert again.result.exit_code == 0, again.result.output
    assert ITEM in again.items
    # As it was: nobody has to remember what was given when.
    assert (again.value("MaxSessions"), again.value("DomainName")) == ("5", "auth.example.com")
    assert again.stacks[SERVICE]["Tags"] == [{"Key": "team", "Value": "auth"}]
    assert again.value("PreviousReleaseObject") == steps["a rollback of the rollback"].value("ReleaseObject")
    assert again.sent("ExecuteChangeSet", DATA) == []


def test_data_whose_stack_is_gone_is_imported(steps: Steps) -> None:
    dry = steps["a dry run of an import"]
    assert (dry.result.exit_code, "would be imported" in dry.result.output) == (0, True)
    assert "ExecuteChangeSet" not in dry.calls
    step = steps["an import"]
    assert step.result.exit_code == 0, step.result.output
    secret, rest = step.sent("CreateChangeSet", DATA)
    resource = "ResourcesToImport.member.1"
    assert (secret["ChangeSetType"], secret[f"{resource}.LogicalResourceId"]) == ("IMPORT", "SigningSecret")
    assert "secret:gatehouse-prod/signing-key-" in secret[f"{resource}.ResourceIdentifier.entry.1.value"]
    assert (rest["ChangeSetType"], rest["ImportExistingResources"]) == ("UPDATE", "true")
    # What was imported must outlive a failure of the operation.
    kept = [one["RetainExceptOnCreate"] for one in step.sent("ExecuteChangeSet", DATA)]
    assert (kept, ITEM in step.items) == (["false"] * 2, True)


def test_data_is_deleted_by_its_name_and_after_a_question(steps: Steps) -> None:
    assert "DELETE FOR GOOD" in steps["a deletion of data that is not confirmed"].result.output
    step = steps["data is deleted"]
    assert step.result.exit_code == 0, step.result.output
    assert "Deleted   table gatehouse-prod" in step.result.output
    (protection,) = step.sent("UpdateTerminationProtection")
    assert (step.stacks, protection["EnableTerminationProtection"]) == ({}, "false")
    # Again, after an interruption or by mistake.
    assert steps["data is deleted again"].result.exit_code == 0
    # A deploy meanwhile fails with AWS's reason, and this page has the commands that the deletion prints.
    command = re.search("aws secretsmanager delete-secret .*", step.result.output)
    page = (PROJECT / "docs" / "runbook-deploy.md").read_text("utf-8").replace("STAGE", "prod")
    assert command is not None
    assert f"`{command[0]}`" in page
    assert "`aws secretsmanager restore-secret --secret-id gatehouse-prod/signing-key`" in page


def test_another_name_than_that_of_the_data_deletes_nothing(harness: DeployHarness) -> None:
    for name in ("prod", "gatehouse-prod", "gatehouse-dev-data", ""):
        sentence = refusal(harness.destroy("--delete-data", name, "--yes"))
        assert sentence == f"--delete-data requires the name of the data's stack, {DATA}."
    assert set(harness.aws.calls) == {"GetCallerIdentity"}


def test_all_that_is_asked_is_allowed(life: Life) -> None:
    allowed = policy(DEPLOYER)
    asked = life.asked | of_cloudformation()
    assert [call for call in sorted(asked) if not allowed.allows(call)] == []


def test_nothing_is_allowed_that_is_not_asked(life: Life) -> None:
    assert spare(DEPLOYER, life.asked | of_cloudformation()) == []


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
