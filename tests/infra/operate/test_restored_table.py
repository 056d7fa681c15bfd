"""A table that was restored to a time before a breach, and a breach while reads of the secret are late."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.services import Services
from infra.operate.api_client import ApiClient, summarize
from infra.operate.deployment import Deployment, OperatorAdapters
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, knock, report, works_again
from tests.late_reads import Lag, LateSecretsManager

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook-restore.md"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


def saved(stage: LocalDeployment) -> list[dict[str, Any]]:
    """Return all items, as a backup has them."""
    deployment = stage.deployment
    found = deployment.client("dynamodb").scan(TableName=deployment.settings.users_table)["Items"]
    return list(found)


def restored(stage: LocalDeployment, items: list[dict[str, Any]]) -> None:
    """Put the table back to what it was."""
    table, client = stage.deployment.settings.users_table, stage.deployment.client("dynamodb")
    for item in saved(stage):
        client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
    for item in items:
        client.put_item(TableName=table, Item=item)


def apps_of(stage: LocalDeployment) -> list[ApiClient]:
    user = stage.account(["users:read"])
    return [stage.signed_in(user), stage.signed_in(user)]


def test_nothing_from_before_a_breach_comes_back_with_the_table(stage: LocalDeployment) -> None:
    apps, backup = apps_of(stage), saved(stage)
    assert stage.operate("breach", "--yes").exit_code == 0
    restored(stage, backup)
    assert stage.deployment.services.adapters.system.state().epoch == 0
    assert all(knock(app) == EVERY_DOOR_SHUT for app in apps)
    explained = stage.operate("sessions", "explain", apps[0].username).output
    assert explained.count("was ended, with all other sessions, by a declared breach") == 2
    assert stage.operate("sessions", "end", apps[0].username).stdout.startswith("0 sessions")
    assert works_again(apps[0])
    # Nobody but the new session is there.
    assert len(apps[0].get("/me/sessions", f"Bearer {apps[0].access_token}").json()["sessions"]) == 1


def test_a_breach_after_the_restore_goes_on_from_the_later_epoch(stage: LocalDeployment) -> None:
    apps, backup = apps_of(stage), saved(stage)
    for epoch in (1, 2):
        assert stage.operate("breach", "--yes").exit_code == 0
        assert report(stage, epoch)["finished"]
    restored(stage, backup)
    since = stage.signed_in()
    assert stage.operate("breach", "--yes").exit_code == 0
    assert (report(stage, 3)["epoch_before"], report(stage, 3)["sessions_ended"]) == (2, 1)
    assert all(knock(app) == EVERY_DOOR_SHUT for app in [*apps, since])
    assert works_again(since)
    assert stage.deployment.services.adapters.system.state().epoch == 3


def test_copies_of_which_only_some_are_from_before_a_breach_open_nothing(stage: LocalDeployment) -> None:
    apps, backup = apps_of(stage), saved(stage)
    assert stage.operate("breach", "--yes").exit_code == 0
    table, client = stage.deployment.settings.users_table, stage.deployment.client("dynamodb")
    for item in saved(stage):
        if item["pk"]["S"].startswith("EPOCH#") and item["pk"]["S"] < "EPOCH#20":
            client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
    for item in backup:
        client.put_item(TableName=table, Item=item)
    assert stage.deployment.services.adapters.system.state().epoch == 1
    assert all(knock(app) == EVERY_DOOR_SHUT for app in apps)
    assert stage.operate("breach", "--yes").exit_code == 0
    assert report(stage, 2)["finished"]
    assert works_again(apps[0])


def test_the_runbook_brings_accounts_back_and_no_session(stage: LocalDeployment) -> None:
    app, gone = stage.signed_in(), stage.signed_in()
    deployment = stage.deployment
    client = deployment.client("dynamodb")
    described = client.describe_table(TableName=deployment.settings.users_table)["Table"]
    client.create_table(
        TableName="gatehouse-restored",
        BillingMode="PAY_PER_REQUEST",
        **{name: described[name] for name in ("AttributeDefinitions", "KeySchema")},
        # A restore brings the indexes too.
        GlobalSecondaryIndexes=[
            {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
            for index in described["GlobalSecondaryIndexes"]
        ],
    )
    for item in saved(stage):
        client.put_item(TableName="gatehouse-restored", Item=item)
    since = stage.signed_in()
    stage.operate("users", "disable", app.username)
    stage.operate("users", "delete", gone.username, "--yes")
    (program,) = re.findall(r"```python\n(.+?)```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": deployment.settings.aws_endpoint_url,
        "AWS_REGION": deployment.settings.aws_region,
        "AWS_DEFAULT_REGION": deployment.settings.aws_region,
    }
    names = ["gatehouse-restored", deployment.settings.users_table]
    subprocess.run([sys.executable, "-c", program, *names], env=environment, check=True)  # noqa: S603 - our page
    stage.operate("breach", "--yes")
    for other in (app, gone):
        assert knock(other) == EVERY_DOOR_SHUT
        assert works_again(other)
    assert summarize(since.sign_in()) == "400 invalid_grant"


@pytest.fixture(params=[1, 4])
def late_stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalDeployment]:
    """A stage whose functions, and whose operator, read the secret late; they see one past."""
    make, history = aws.secretsmanager, dict[str, Lag[Any]]()

    def late(region: str, endpoint_url: str = "") -> Any:
        return LateSecretsManager(make(region, endpoint_url), request.param, history)

    def services(deployment: Deployment) -> Services:
        return Services(deployment.settings, OperatorAdapters(deployment.settings, sleep=lambda _: None))

    patient = cached_property(services)
    patient.__set_name__(Deployment, "services")
    monkeypatch.setattr(Deployment, "services", patient)
    monkeypatch.setattr(aws, "secretsmanager", late)
    with staged(tmp_path) as running:
        yield running


def test_a_breach_gets_through_while_reads_of_the_secret_are_late(late_stage: LocalDeployment) -> None:
    apps = apps_of(late_stage)
    assert late_stage.operate("keys", "rotate").exit_code == 0
    assert [summarize(app.me()) for app in apps] == ["200", "200"]
    for epoch in (1, 2):
        result = late_stage.operate("breach", "--yes")
        assert result.exit_code == 0, result.output
        assert report(late_stage, epoch)["finished"]
    assert all(knock(app) == EVERY_DOOR_SHUT for app in apps)
    assert works_again(apps[0])
    labels = late_stage.deployment.services.key_rotation.versions.labels()
    assert list(labels.values()) == [frozenset({"AWSCURRENT"})]
