"""Shared parts of all commands: options and error messages."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib import observability
from chalicelib.domain.errors import GatehouseError, Unavailable, UnreadableKey
from chalicelib.oauth.key_rotation import RotationRefused
from chalicelib.settings import BadSetting
from infra.local.environment import local_credentials
from infra.operate.aws_errors import aws_sentence
from infra.operate.deployment import LOCAL, Deployment, NoDeployment, open_deployment
from infra.operate.terminal import escaped

_CONNECT_SECONDS = 2
_AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
_EXPECTED_ERRORS = (GatehouseError, RotationRefused, BadSetting, NoDeployment, *_AWS_ERRORS)


class ErrorReportingGroup(click.Group):
    """A group of commands that reports expected errors in one sentence, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        # Results are printed to stdout, audit events to stderr.
        observability.get_logger().registered_handler.setStream(sys.stderr)  # type: ignore[attr-defined]
        try:
            return super().invoke(ctx)
        except _EXPECTED_ERRORS as error:
            raise click.ClickException(escaped(sentence(error))) from error


def sentence(error: Exception) -> str:
    """Return one sentence that describes an expected error."""
    if isinstance(error, UnreadableKey):
        return (
            "The value of the signing secret is not a key; it may have been edited: "
            "`python -m infra breach` replaces it, and signs everybody out."
        )
    if isinstance(error, RotationRefused):
        return f"The signing key cannot be replaced: {error}."
    # The adapters keep the AWS error as the cause of Unavailable.
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    if isinstance(cause, BotoCoreError | ClientError):
        return aws_sentence(cause)
    if isinstance(error, Unavailable):
        reason = error.reason.removeprefix("aws ")
        return f"The call to AWS failed ({reason}): check the credentials, the region and the network."
    return error.public_description if isinstance(error, GatehouseError) else str(error)


def enter(ctx: click.Context, stage: str, region: str | None) -> Deployment:
    """Return the deployment of a command. Raises NoDeployment, BadSetting, BotoCoreError and ClientError."""
    if stage != LOCAL:
        return open_deployment(stage, region)
    # moto accepts any credentials, but boto3 requires some; a real profile must not be used.
    ctx.with_resource(local_credentials())
    deployment = open_deployment(stage, region)
    _check_running(deployment)
    return deployment


def _check_running(deployment: Deployment) -> None:
    """Raise NoDeployment if the local stack does not run although its file exists, as after a kill."""
    address = urlsplit(deployment.settings.aws_endpoint_url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise NoDeployment(
            f"No local stack answers at {address.netloc}: start one with `make run`."
        ) from error


def stage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--stage` and `--region` to a command, and pass it their deployment."""

    @click.option("--stage", default=LOCAL, show_default=True, help="Stage to work on.")
    @click.option("--region", default=None, help="AWS region, if not that of your configuration.")
    @click.pass_context
    def opened(ctx: click.Context, /, stage: str, region: str | None, **options: Any) -> Any:
        return ctx.invoke(command, enter(ctx, stage, region), **options)

    opened.__name__ = command.__name__
    opened.__doc__ = command.__doc__
    # Click stores the options of the inner decorators on the decorated function.
    opened.__click_params__ = [*opened.__click_params__, *getattr(command, "__click_params__", [])]  # type: ignore[attr-defined]
    return opened
