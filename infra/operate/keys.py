"""`python -m infra keys …`: the signing key's versions, and a rotation on demand."""

from __future__ import annotations

import uuid

import click

from chalicelib import observability
from chalicelib.domain.errors import UnreadableKey
from chalicelib.oauth.key_rotation import CURRENT, PENDING
from chalicelib.observability import Event
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say


@click.group(cls=ErrorReportingGroup)
def keys() -> None:
    """Show and rotate the signing key."""


@keys.command()
@stage_options
def status(deployment: Deployment) -> None:
    """Show the versions of the signing secret, their labels and their ages."""
    adapters = deployment.services.adapters
    say(f"{'version':<36}  {'age':>8}  {'epoch':>5}  labels")
    rows = []
    for version, labels in adapters.key_versions.labels().items():
        try:
            key, remark = adapters.key_versions.key(version), ""
        except UnreadableKey:
            key, remark = None, "  unreadable"
        age = adapters.clock() - key.created_at if key else 0
        rows.append((age, version, key.epoch if key else "-", ", ".join(sorted(labels)) + remark))
    for age, version, epoch, labels_text in sorted(rows):
        say(f"{version:<36}  {describe_age(age):>8}  {epoch:>5}  {labels_text}")


@keys.command()
@stage_options
def rotate(deployment: Deployment) -> None:
    """Replace the signing key. Tokens signed by the old key stay valid until they expire."""
    # Reports an unreadable key here; the rotation function would report it only in its log.
    deployment.services.key_rotation.current()
    secret = deployment.client("secretsmanager")
    secret_id = deployment.settings.signing_secret_id
    if secret.describe_secret(SecretId=secret_id).get("RotationEnabled"):
        _cancel_stopped_rotation(deployment)
        token = secret.rotate_secret(SecretId=secret_id)["VersionId"]
        say(f"Secrets Manager is rotating to version {token}: see `keys status`.")
        return
    # Without a rotation function, as on the local stack, run its four steps here.
    token = str(uuid.uuid4())
    rotation = deployment.services.key_rotation
    rotation.create_secret(token)
    rotation.set_secret(token)
    rotation.test_secret(token)
    rotation.finish_secret(token)
    observability.record(Event.KEY_ROTATED, key_id=token, operator=deployment.operator())
    say(f"Rotated: version {token} signs now, and the one before it still verifies.")


def _cancel_stopped_rotation(deployment: Deployment) -> None:
    """Remove AWSPENDING: while a version has it, Secrets Manager starts no other rotation."""
    versions = deployment.services.adapters.key_versions
    for version, labels in versions.labels().items():
        if PENDING in labels and CURRENT not in labels:
            versions.remove_label(version, PENDING)
            say(f"Gave up the rotation to version {version}, which had stopped.")


def describe_age(seconds: int) -> str:
    """Return an age in its largest whole unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"
