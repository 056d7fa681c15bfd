"""Changes that would fail or lose data are refused before anything is changed."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from infra.deploy import guards
from infra.deploy.change_set import Change, change_of
from infra.deploy.refusal import Refused

TABLE, SECRET = "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"
SCHEDULE = Change("Modify", "SigningSecretRotation", "AWS::SecretsManager::RotationSchedule")
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        (Change("Modify", "UsersTable", TABLE, "True", ("TableName",)), "be replaced or given up"),
        (Change("Modify", "UsersTable", TABLE, "Conditional", ("KeySchema",)), "be replaced or given up"),
        (Change("Remove", "UsersTable", TABLE), "be replaced or given up"),
        (Change("Dynamic", "UsersTable", TABLE), "be replaced or given up"),
        (Change("Modify", "SigningSecret", SECRET, "False", ("GenerateSecretString",)), "get a new value"),
        (Change("Modify", "SigningSecret", SECRET, "False", ("KmsKeyId",)), ""),
        (Change("Import", "UsersTable", TABLE), ""),
        (Change("Add", "SigningSecret", SECRET), ""),
    ],
)
def test_a_loss_of_data_is_refused(change: Change, loss: str) -> None:
    sentence = f"{change.resource} would {loss}.* Nothing was changed"
    with pytest.raises(Refused, match=sentence) if loss else nullcontext():
        guards.check_data([change])


def test_a_change_is_printed_in_the_terms_of_cloudformation() -> None:
    targets = [
        {"Target": {"Attribute": "Properties", "Name": "KeySchema"}},
        {"Target": {"Attribute": "Tags"}},
    ]
    described = {
        "Action": "Modify",
        "LogicalResourceId": "UsersTable",
        "ResourceType": TABLE,
        "Replacement": "Conditional",
        "Details": targets,
    }
    assert " ".join(str(change_of({"ResourceChange": described})).split()) == (
        "Modify, replace: Conditional UsersTable AWS::DynamoDB::Table (KeySchema, Tags)"
    )


def test_an_unfinished_rotation_is_ended_before_the_next() -> None:
    versions = {"v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]}
    secret = {"Name": "gatehouse-prod/signing-key", "VersionIdsToStages": versions}
    with pytest.raises(Refused) as told:
        guards.check_rotation([SCHEDULE], secret, 3600, NOW)
    assert "is unfinished (version v2)" in told.value.message
    command = told.value.message.rpartition("aws secretsmanager update-secret-version-stage ")[2].split()
    assert command[1::2] == ["gatehouse-prod/signing-key", "AWSPENDING", "v2"]
    # Other changes begin no rotation.
    guards.check_rotation([Change("Modify", "UsersTable", TABLE)], secret, 3600, NOW)


def test_a_finished_rotation_is_accepted() -> None:
    """Secrets Manager leaves AWSPENDING on the version that it has made current."""
    secret = {"Name": "s", "VersionIdsToStages": {"v": ["AWSCURRENT", "AWSPENDING"], "u": ["AWSPREVIOUS"]}}
    guards.check_rotation([SCHEDULE], secret, 3600, NOW)


@pytest.mark.parametrize(
    ("age", "action", "waits"), [(3599, "Modify", True), (3600, "Modify", False), (1, "Add", False)]
)
def test_a_key_is_not_rotated_twice_while_a_token_lives(age: int, action: str, *, waits: bool) -> None:
    change = Change(action, SCHEDULE.resource, SCHEDULE.kind)
    secret = {"Name": "s", "LastRotatedDate": datetime.fromtimestamp(NOW - age, UTC)}
    with pytest.raises(Refused, match="Deploy after 2027-01-15 08:00 UTC") if waits else nullcontext():
        guards.check_rotation([change], secret, 3600, NOW)
