"""Settings of the account and region that a stage depends on and shares with other applications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from infra.deploy.refusal import Refused
from infra.deploy.target import Target

LOG_ROLE, BOUNDARY = "gatehouse-gateway-log", "gatehouse-boundary"
API_COPIES = 100
"""As many as the token endpoint's burst, each of which may hash a password."""
FEWEST_COPIES = 20
KEPT_FREE = 100
"""What Lambda keeps unreserved in every account."""
_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_TRUST = Path(__file__).with_name("policies") / "gateway-log-trust.json"
# API Gateway accepts UpdateAccount once in 20 seconds (botocore repeats it), a new role after some more.
_PAUSE_SECONDS, _ATTEMPTS = 21, 10


def suggestions(target: Target, given: Mapping[str, str]) -> dict[str, str]:
    """Return parameters of a new stage that the account decides, where none are given."""
    wanted = {"ApiConcurrency": _concurrency, "PermissionsBoundary": _boundary}
    return {name: find(target) for name, find in wanted.items() if name not in given}


def ensure_log_role(target: Target, sleep: Callable[[float], None]) -> None:
    """Let API Gateway write logs. All APIs of a region share one role, so an existing setting stays.

    Raises Refused where API Gateway does not accept the role.
    """
    gateway = target.client("apigateway")
    if gateway.get_account().get("cloudwatchRoleArn"):
        return
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": _log_role(target)}
    for _ in range(_ATTEMPTS):
        with suppress(gateway.exceptions.BadRequestException):
            gateway.update_account(patchOperations=[change])
            click.echo(f"Log role  {LOG_ROLE}: API Gateway writes the logs of this region with it")
            return
        sleep(_PAUSE_SECONDS)
    raise Refused(
        f"API Gateway does not accept the role {LOG_ROLE} for its logs: run this again in some minutes, "
        "or do without access logs by --parameter AccessLogs=off."
    )


def _concurrency(target: Target) -> str:
    """Return the concurrency to reserve for the API function, at most half of what the account has left."""
    limit = target.client("lambda").get_account_settings()["AccountLimit"]
    copies = min(API_COPIES, (int(limit["UnreservedConcurrentExecutions"]) - KEPT_FREE) // 2)
    return str(copies) if copies >= FEWEST_COPIES else "0"


def _boundary(target: Target) -> str:
    """Return the permissions boundary that an administrator has created (docs/policies.md), or nothing."""
    iam = target.client("iam")
    arn = f"arn:{target.partition}:iam::{target.account}:policy/{BOUNDARY}"
    with suppress(iam.exceptions.NoSuchEntityException):
        iam.get_policy(PolicyArn=arn)
        return arn
    return ""


def _log_role(target: Target) -> str:
    iam = target.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=LOG_ROLE, AssumeRolePolicyDocument=_TRUST.read_text("utf-8"))
    policy = f"arn:{target.partition}:iam::aws:policy/{_LOG_POLICY}"
    iam.attach_role_policy(RoleName=LOG_ROLE, PolicyArn=policy)
    return f"arn:{target.partition}:iam::{target.account}:role/{LOG_ROLE}"
