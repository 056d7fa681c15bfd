"""Changes that CloudFormation would not finish, or that would lose something: refused, or asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from infra import parameters
from infra.deploy.change_set import Change
from infra.deploy.refusal import Refused

_ROTATION = "AWS::SecretsManager::RotationSchedule"
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type of resource
_VALUE_OF_A_SECRET = {"GenerateSecretString", "SecretString"}
# Apps know the service by these.
_ADDRESS = {"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGateway::DomainName"}


def check_values(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raise Refused for a change of parameters that takes more than one step."""
    if before and before.get("EndpointType") != after["EndpointType"]:
        raise Refused(
            f"EndpointType cannot go from {before.get('EndpointType')} to {after['EndpointType']} in one "
            "step; docs/deploy.md has the steps, under *Another endpoint type*."
        )
    old, new = _web_acl(before), _web_acl(after)
    if old and new and old != new:
        raise Refused(
            "A web ACL can be replaced in two steps only, or the API may end without any: deploy with "
            "--parameter WebAclArn= --parameter AddressRateLimit=0 first, then with the new one."
        )


def _web_acl(values: Mapping[str, str]) -> str:
    """Return what tells the web ACLs apart: an ARN, or that it is the stack's own, whatever its limit."""
    own = "AddressRateLimit" if values.get("AddressRateLimit", "0") != "0" else ""
    return values.get("WebAclArn") or own


def check_data(changes: Iterable[Change]) -> None:
    """Raise Refused for a change that would lose accounts or key; the stack policy forbids most too."""
    for one in changes:
        rewritten = (
            one.kind == _SECRET and one.action == "Modify" and _VALUE_OF_A_SECRET & set(one.properties)
        )
        if one.loses or rewritten:
            what = "get a new value, which voids every token" if rewritten else "be replaced or given up"
            raise Refused(
                f"{one.resource} would {what}. Nothing was changed; docs/runbook-deploy.md says what to do "
                "if that is meant, under *Replacing data*."
            )


def check_rotation(
    changes: Iterable[Change], secret: Mapping[str, Any], token_seconds: int, now: float
) -> None:
    """Raise Refused where the rotation that a new schedule begins at once would fail, or void live tokens.

    `secret` is what DescribeSecret says, `now` the time in seconds since 1970.
    """
    schedule = [one for one in changes if one.kind == _ROTATION and one.action != "Remove"]
    if not schedule:
        return
    for version, labels in secret.get("VersionIdsToStages", {}).items():
        if "AWSPENDING" in labels and "AWSCURRENT" not in labels:
            raise Refused(
                f"A rotation of the signing key is unfinished (version {version}), and this deploy would "
                "begin another, which Secrets Manager refuses. Give that one up, then deploy:\n"
                f"  aws secretsmanager update-secret-version-stage --secret-id {secret['Name']} "
                f"--version-stage AWSPENDING --remove-from-version-id {version}"
            )
    rotated = secret.get("LastRotatedDate")
    # A service that is put back has no live tokens to spare.
    if rotated and schedule[0].action == "Modify" and now < rotated.timestamp() + token_seconds:
        until = datetime.fromtimestamp(rotated.timestamp() + token_seconds, UTC)
        raise Refused(
            "This deploy would rotate the signing key, which was rotated less than AccessTokenSeconds ago: "
            f"tokens of the key before would be refused. Deploy after {until:%Y-%m-%d %H:%M} UTC."
        )


def ask_about_address(changes: Iterable[Change], *, yes: bool) -> None:
    """Ask before the API's address, or its domain, would go. Raises Refused for a no."""
    lost = [one.resource for one in changes if one.kind in _ADDRESS and one.loses]
    if lost:
        click.echo(f"Apps would lose their address: {', '.join(lost)} would be replaced or removed.")
        confirm("Go on?", yes=yes)


def ask_about_keys(before: Mapping[str, str], after: Mapping[str, str], *, yes: bool) -> None:
    """Ask before a release is put back that cannot use asymmetric keys. Raises Refused for a no."""
    if parameters.keeps_asymmetric_keys(before) and not parameters.keeps_asymmetric_keys(after):
        click.echo(
            "The release before has no cryptography: while the signing secret has an RS256 or ES256 key, "
            f"tokens of that key are answered 503. {parameters.LOOK_AT_KEYS}"
        )
        confirm("Go on?", yes=yes)


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes` answers. Raises Refused for a no, and where nobody answers."""
    if yes:
        return
    try:
        agreed = click.confirm(question)
    except click.Abort as error:
        raise Refused("Nobody answered, so nothing was changed; --yes answers for you.") from error
    if not agreed:
        raise Refused("Nothing was changed.")
