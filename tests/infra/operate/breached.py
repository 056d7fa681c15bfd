"""A stack before and after a breach: apps with tokens from before, and all that may have changed."""

from __future__ import annotations

import json
import re
from typing import Any

from app import app as gatehouse
from infra.operate.api_client import ApiClient, summarize
from tests.blackbox.local_deployment import LocalDeployment

GONE = "401 invalid_token +challenge"
# Every method of every route that has an authorizer, whatever routes there will be.
ROUTES = [
    (method, re.sub(r"{\w+}", "x", path))
    for path, methods in gatehouse.routes.items()
    for method, route in methods.items()
    if route.authorizer is not None
]


def phones(stage: LocalDeployment) -> list[ApiClient]:
    """Return apps of three users, all signed in, all with an answer in the authorizer's cache."""
    users = [stage.account(), stage.account(["users:read"]), stage.account(["users:read", "users:write"])]
    apps = [stage.signed_in(user) for user in [*users, *users]]
    assert {app.me().status_code for app in apps} == {200}
    return apps


def knock(app: ApiClient) -> list[str]:
    """Send an app's tokens to every protected route."""
    bearer = {"Authorization": f"Bearer {app.access_token}"}
    responses = [summarize(app.send(method, path, headers=bearer)) for method, path in ROUTES]
    return [*responses, summarize(app.refresh(app.refresh_token))]


EVERY_DOOR_SHUT = [*[GONE] * len(ROUTES), "400 invalid_grant"]


def state(stage: LocalDeployment) -> Any:
    """Return all that a breach may change."""
    deployment = stage.deployment
    table = deployment.client("dynamodb").scan(TableName=deployment.settings.users_table)["Items"]
    secret = deployment.client("secretsmanager").describe_secret(
        SecretId=deployment.settings.signing_secret_id
    )
    return sorted(map(str, table)), secret["VersionIdsToStages"]


def report(stage: LocalDeployment, epoch: int) -> dict[str, Any]:
    """Return the report of the run that went to an epoch."""
    said: dict[str, Any] = json.loads((stage.folder / f"breach-local-{epoch}.json").read_text())
    return said


def works_again(app: ApiClient) -> bool:
    """Tell whether an app comes in with its password, and goes on from there."""
    return [summarize(app.sign_in()), summarize(app.me()), summarize(app.refresh(app.refresh_token))] == [
        "200"
    ] * 3
