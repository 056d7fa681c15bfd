"""A stage is taken down, and its data stays unless told by name."""

from __future__ import annotations

from contextlib import closing, suppress

import pytest
from moto.dynamodb.models.table import Table

from tests.infra.deploy.conftest import DeployHarness, refusal


def test_the_data_stays_and_is_named(deployed: DeployHarness) -> None:
    outputs = deployed.aws.outputs()
    result = deployed.destroy(answer="y\n")
    assert result.exit_code == 0, result.output
    table, secret = outputs["UsersTableName"], outputs["SigningSecretArn"]
    assert f"Kept      table {table}" in result.output
    assert f"Kept      secret {secret}" in result.output
    assert f"--adopt SigningSecret={secret} --adopt UsersTable={table}" in result.output
    assert data_of(deployed) == (1, 1)
    assert stacks_of(deployed) == 0


def test_it_asks_with_all_that_matters(deployed: DeployHarness) -> None:
    result = deployed.destroy(answer="n\n")
    assert refusal(result) == "Nothing was changed."
    table = deployed.aws.outputs()["UsersTableName"]
    question = f"Delete stack gatehouse-prod in account {deployed.aws.account}, eu-west-1, and keep secret "
    assert question in result.output
    assert f"table {table}?" in result.output
    assert "DeleteStack" not in deployed.aws.calls


def test_nobody_to_answer_is_a_no(deployed: DeployHarness) -> None:
    assert refusal(deployed.destroy(answer="")).startswith("Nobody answered")
    assert "DELETE FOR GOOD" in deployed.destroy("--delete-data", "gatehouse-prod", answer="n\n").output
    assert stacks_of(deployed) == 1


def test_the_data_goes_when_told_by_name(deployed: DeployHarness) -> None:
    result = deployed.destroy("--delete-data", "gatehouse-prod", "--yes")
    assert result.exit_code == 0, result.output
    assert "Deleted   table " in result.output
    assert "Deleted   secret " in result.output
    assert data_of(deployed) == (0, 0)


def test_a_table_under_protection_goes_too(deployed: DeployHarness) -> None:
    with closing(deployed.aws.client("dynamodb")) as dynamodb:
        dynamodb.update_table(
            TableName=deployed.aws.outputs()["UsersTableName"], DeletionProtectionEnabled=True
        )
    assert deployed.destroy("--delete-data", "gatehouse-prod", "--yes").exit_code == 0
    assert data_of(deployed) == (0, 0)


@pytest.mark.parametrize("name", ["prod", "gatehouse-dev", ""])
def test_another_name_deletes_nothing(deployed: DeployHarness, name: str) -> None:
    sentence = refusal(deployed.destroy("--delete-data", name, "--yes"))
    assert sentence == "--delete-data wants the name of the stack that goes, gatehouse-prod."
    assert stacks_of(deployed) == 1


def test_data_that_an_earlier_destroy_kept_can_go_later(deployed: DeployHarness) -> None:
    deployed.destroy("--yes")
    assert data_of(deployed) == (1, 1)
    assert deployed.destroy("--yes", "--delete-data", "gatehouse-prod").exit_code == 0
    assert data_of(deployed) == (0, 0)
    assert refusal(deployed.destroy("--yes", "--delete-data", "gatehouse-prod")).endswith(
        "CloudFormation remembers none that left data behind."
    )


def test_data_is_found_again_whatever_came_after_it(deployed: DeployHarness) -> None:
    """A later stack of the name that left nothing, and one that left the same again."""
    outputs = deployed.aws.outputs()
    deployed.destroy("--yes")
    deployed.deploy("--dry-run")
    kept = f"UsersTable={outputs['UsersTableName']}", f"SigningSecret={outputs['SigningSecretArn']}"
    assert deployed.deploy("--adopt", kept[0], "--adopt", kept[1]).exit_code == 0
    assert deployed.aws.outputs()["UsersTableName"] == outputs["UsersTableName"]
    deployed.destroy("--yes")
    assert data_of(deployed) == (1, 1)
    result = deployed.destroy("--yes", "--delete-data", "gatehouse-prod")
    assert (result.exit_code, result.output.count("Deleted   ")) == (0, 2)
    assert data_of(deployed) == (0, 0)


def test_a_table_that_is_being_updated_is_waited_for(
    deployed: DeployHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's tables are never updating, and DynamoDB does not delete one that is."""
    status, describe = {"TableStatus": "ACTIVE"}, Table.describe
    monkeypatch.setattr(
        Table,
        "describe",
        lambda *one, **more: {key: {**told, **status} for key, told in describe(*one, **more).items()},
    )
    calls: list[str] = []

    def updating(call: str) -> bool:
        calls.append(call)
        if call == "DynamoDB_20120810.UpdateTable":
            status["TableStatus"] = "UPDATING"
            deployed.dreams[len(deployed.slept) + 2] = lambda: status.update(TableStatus="ACTIVE")
        assert (call, status) != ("DynamoDB_20120810.DeleteTable", {"TableStatus": "UPDATING"})
        return False

    deployed.destroy("--yes")
    deployed.aws.lose = updating
    assert deployed.destroy("--delete-data", "gatehouse-prod", "--yes").exit_code == 0
    assert data_of(deployed) == (0, 0)


def test_where_there_is_nothing(harness: DeployHarness) -> None:
    assert refusal(harness.destroy("--yes")) == (
        "There is no stack gatehouse-prod in eu-west-1: nothing to take down."
    )
    assert refusal(harness.destroy("--yes", "--delete-data", "gatehouse-prod")) == (
        "There is no stack gatehouse-prod in eu-west-1, and CloudFormation remembers "
        "none that left data behind."
    )


def test_a_busy_stack_is_left_alone(deployed: DeployHarness) -> None:
    deployed.aws.stack().status = "UPDATE_IN_PROGRESS"
    assert refusal(deployed.destroy("--yes")) == (
        "Stack gatehouse-prod is busy (UPDATE_IN_PROGRESS): run this again when it is not."
    )


def test_what_stands_in_the_way_is_named_and_a_second_run_finishes(deployed: DeployHarness) -> None:
    deployed.aws.script.delete_fails["ApiHandlerRole"] = (
        "Cannot delete entity, must detach all policies first."
    )
    assert refusal(deployed.destroy("--yes")) == (
        "The stack could not be deleted: ApiHandlerRole (AWS::IAM::Role) could not be deleted: "
        "Cannot delete entity, must detach all policies first. "
        "Take away what is in its way, then run this again."
    )
    deployed.aws.script.delete_fails.clear()
    assert deployed.destroy("--yes").exit_code == 0
    assert stacks_of(deployed) == 0


def test_the_code_may_expire_afterwards(deployed: DeployHarness) -> None:
    deployed.destroy("--yes")
    with closing(deployed.aws.client("s3")) as s3:
        (code,) = s3.list_objects_v2(Bucket=deployed.aws.bucket, Prefix="code/prod/")["Contents"]
        tags = s3.get_object_tagging(Bucket=deployed.aws.bucket, Key=code["Key"])["TagSet"]
    assert tags == [{"Key": "superseded", "Value": "yes"}]


def test_a_bucket_that_is_gone_is_no_obstacle(deployed: DeployHarness) -> None:
    with closing(deployed.aws.client("s3")) as s3:
        for one in s3.list_objects_v2(Bucket=deployed.aws.bucket)["Contents"]:
            s3.delete_object(Bucket=deployed.aws.bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=deployed.aws.bucket)
    assert deployed.destroy("--yes").exit_code == 0


def test_the_next_deploy_begins_anew(deployed: DeployHarness) -> None:
    before = deployed.aws.outputs()["UsersTableName"]
    deployed.destroy("--yes")
    assert deployed.deploy().exit_code == 0
    assert deployed.aws.outputs()["UsersTableName"] != before
    assert data_of(deployed) == (2, 2)


def data_of(harness: DeployHarness) -> tuple[int, int]:
    """Return how many tables and how many secrets there are."""
    with (
        closing(harness.aws.client("dynamodb")) as dynamodb,
        closing(harness.aws.client("secretsmanager")) as secrets,
    ):
        return len(dynamodb.list_tables()["TableNames"]), len(secrets.list_secrets()["SecretList"])


def stacks_of(harness: DeployHarness) -> int:
    """Return how many stacks there are."""
    with closing(harness.aws.client("cloudformation")) as client, suppress(KeyError):
        return len(client.describe_stacks()["Stacks"])
    return 0
