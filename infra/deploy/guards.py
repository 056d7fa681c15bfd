"""Refuse changes that would fail or lose data; ask before the API's address changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from infra.deploy.change_set import Change
from infra.deploy.refusal import Refused

_ROTATION = "AWS::SecretsManager::RotationSchedule"
_VALUE_OF_A_SECRET = {"GenerateSecretString", "SecretString"}
# Apps know the service by these.
_ADDRESS = {"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGateway::DomainName"}


def check_data(changes: Iterable[Change]) -> None:
    """Raise Refused for a change that would lose accounts or key; the stack policy denies most of them."""
    for one in changes:
        rewritten = one.action == "Modify" and _VALUE_OF_A_SECRET & set(one.properties)
        if one.loses or rewritten:
            what = "get a new value, which voids every token" if rewritten else "be replaced or given up"
            raise Refused(
                f"{one.resource} would {what}. Nothing was changed; docs/runbook-deploy.md says what to do "
                "if that is meant, under *Replacing data*."
            )


def check_rotation(
    changes: Iterable[Change], secret: Mapping[str, Any], token_seconds: int, now: float
) -> None:
    """Raise Refused if the rotation that a new schedule starts would fail, or invalidate live tokens.

    `secret` is the answer of DescribeSecret, `now` the time in seconds since 1970.
    """
    schedule = [one for one in changes if one.kind == _ROTATION and one.action != "Remove"]
    if not schedule:
        return
    for version, labels in secret.get("VersionIdsToStages", {}).items():
        if "AWSPENDING" in labels and "AWSCURRENT" not in labels:
            raise Refused(
                f"A rotation of the signing key is unfinished (version {version}), and this deploy would "
                "begin another, which Secrets Manager refuses. Cancel that one, then deploy:\n"
                f"  aws secretsmanager update-secret-version-stage --secret-id {secret['Name']} "
                f"--version-stage AWSPENDING --remove-from-version-id {version}"
            )
    rotated = secret.get("LastRotatedDate")
    # A service that is created again has no live tokens.
    if rotated and schedule[0].action == "Modify" and now < rotated.timestamp() + token_seconds:
        until = datetime.fromtimestamp(rotated.timestamp() + token_seconds, UTC)
        raise Refused(
            "This deploy would rotate the signing key, which was rotated less than AccessTokenSeconds ago: "
            f"tokens of the key before would be refused. Deploy after {until:%Y-%m-%d %H:%M} UTC."
        )


def ask_about_address(changes: Iterable[Change], *, yes: bool) -> None:
    """Ask before the API's address or its domain is lost. Raises click.Abort for a no."""
    lost = [one.resource for one in changes if one.kind in _ADDRESS and one.loses]
    if lost:
        click.echo(f"Apps would lose their address: {', '.join(lost)} would be replaced or removed.")
        confirm("Go on?", yes=yes)


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes` answers or there is no question. Raises click.Abort for a no and for no answer."""
    if question and not yes:
        click.confirm(question, abort=True)
