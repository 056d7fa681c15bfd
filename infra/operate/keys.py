"""`python -m infra keys …`: show and rotate the signing key."""

from __future__ import annotations

import uuid
from contextlib import suppress

import click

from chalicelib import observability
from chalicelib.api.serializers import timestamp
from chalicelib.domain.errors import UnreadableKey
from chalicelib.oauth.key_rotation import CURRENT, PENDING, RotationRefused
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
    """Show the versions of the signing secret: age, algorithm and labels, and which keys are published."""
    adapters = deployment.services.adapters
    say(f"{'version':<36}  {'age':>8}  {'epoch':>5}  {'alg':<5}  labels")
    rows = []
    for version, labels in adapters.key_versions.labels().items():
        try:
            key, remark = adapters.key_versions.key(version), ""
        except UnreadableKey:
            key, remark = None, "  unreadable"
        age = adapters.clock() - key.created_at if key else 0
        values = (key.epoch, key.algorithm) if key else ("-", "-")
        rows.append((age, version, *values, ", ".join(sorted(labels)) + remark))
    for age, version, epoch, algorithm, labels_text in sorted(rows):
        say(f"{version:<36}  {describe_age(age):>8}  {epoch:>5}  {algorithm:<5}  {labels_text}")
    with suppress(UnreadableKey, RotationRefused):
        _say_following(deployment)


@keys.command()
@stage_options
@click.option("--now", is_flag=True, help="Sign with the next key although it was published today.")
def rotate(deployment: Deployment, *, now: bool) -> None:
    """Replace the signing key. Tokens signed by the old key stay valid until they expire."""
    # Reports an unreadable key here; the rotation function would report it only in its log.
    deployment.services.key_rotation.current()
    if not now:
        _refuse_too_early(deployment)
    secret = deployment.client("secretsmanager")
    secret_id = deployment.settings.signing_secret_id
    if not now and secret.describe_secret(SecretId=secret_id).get("RotationEnabled"):
        _cancel_stopped_rotation(deployment)
        token = secret.rotate_secret(SecretId=secret_id)["VersionId"]
        say(f"Secrets Manager is rotating to version {token}: see `keys status`.")
        return
    # Secrets Manager cannot hand `--now` on, and on the local stack there is no rotation function: run the
    # four steps here. The label AWSPENDING moves, so a rotation in progress fails.
    token = str(uuid.uuid4())
    rotation = deployment.services.key_rotation
    rotation.create_secret(token, early=now)
    rotation.set_secret(token)
    rotation.test_secret(token)
    rotation.finish_secret(token)
    observability.record(Event.KEY_ROTATED, key_id=token, operator=deployment.operator())
    say(f"Rotated: version {token} signs now; the previous version still verifies.")


def _refuse_too_early(deployment: Deployment) -> None:
    """Raise ClickException while the next key is published too recently to sign."""
    rotation = deployment.services.key_rotation
    first = rotation.next_signs_at()
    # An HMAC key is replaced by another until then.
    if rotation.current().is_public and deployment.services.adapters.clock() < first:
        raise click.ClickException(
            f"The next key may sign from {timestamp(first)}: other services may not have read it yet, and "
            "would refuse its tokens. Rotate then, or with --now at once; after a breach use `breach`."
        )


def _say_following(deployment: Deployment) -> None:
    rotation = deployment.services.key_rotation
    following = rotation.current().following
    if following:
        first = timestamp(rotation.next_signs_at())
        say(f"Next: {following.key.algorithm} key {following.key.kid}, which signs no sooner than {first}.")


def _cancel_stopped_rotation(deployment: Deployment) -> None:
    """Remove AWSPENDING: while a version has it, Secrets Manager starts no other rotation."""
    versions = deployment.services.adapters.key_versions
    for version, labels in versions.labels().items():
        if PENDING in labels and CURRENT not in labels:
            versions.remove_label(version, PENDING)
            say(f"Cancelled the rotation to version {version}, which had stopped.")


def describe_age(seconds: int) -> str:
    """Return an age in its largest whole unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"
