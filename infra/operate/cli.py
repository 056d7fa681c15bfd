"""What all commands share: the options, and one clear sentence for whatever goes wrong."""

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

_KNOCK_SECONDS = 2
_OF_AWS = (BotoCoreError, ClientError, ResponseParserError)
_FORESEEN = (GatehouseError, RotationRefused, BadSetting, NoDeployment, *_OF_AWS)


class ErrorReportingGroup(click.Group):
    """A group of commands whose failures are sentences, with exit code 1, and never tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        # What a command answers goes to stdout; the audit lines that it leaves are for whoever keeps stderr.
        observability.logger.registered_handler.setStream(sys.stderr)  # type: ignore[attr-defined]
        try:
            return super().invoke(ctx)
        except _FORESEEN as error:
            raise click.ClickException(escaped(sentence(error))) from error


def sentence(error: Exception) -> str:
    """Say in one sentence what went wrong, for whoever typed the command."""
    if isinstance(error, UnreadableKey):
        return (
            "The signing secret holds a value that no key can be made of, as if somebody had edited it: "
            "`python -m infra breach` replaces it, and signs everybody out."
        )
    if isinstance(error, RotationRefused):
        return f"The signing key cannot be replaced: {error}."
    # An outage of AWS that the adapters translated has its cause with it.
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    if isinstance(cause, BotoCoreError | ClientError):
        return aws_sentence(cause)
    if isinstance(error, Unavailable):
        reason = error.reason.removeprefix("aws ")
        return f"AWS could not be asked ({reason}): check the credentials, the region and the network."
    return error.public_description if isinstance(error, GatehouseError) else str(error)


def enter(ctx: click.Context, stage: str, region: str | None) -> Deployment:
    """Open a deployment for the rest of a command."""
    if stage != LOCAL:
        return open_deployment(stage, region)
    # moto takes any credentials, but boto3 does not call without some; a real profile is not to be used.
    ctx.with_resource(local_credentials())
    deployment = open_deployment(stage, region)
    _knock(deployment)
    return deployment


def _knock(deployment: Deployment) -> None:
    """Raise NoDeployment where the file of a local stack is all that is left of it, as after a kill."""
    address = urlsplit(deployment.settings.aws_endpoint_url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=_KNOCK_SECONDS).close()
    except OSError as error:
        raise NoDeployment(
            f"No local stack answers at {address.netloc}: start one with `make run`."
        ) from error


def stage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--stage` and `--region`, and hand the command the deployment that they name."""

    @click.option("--stage", default=LOCAL, show_default=True, help="Stage to work on.")
    @click.option("--region", default=None, help="AWS region, if not that of your configuration.")
    @click.pass_context
    def opened(ctx: click.Context, /, stage: str, region: str | None, **options: Any) -> Any:
        return ctx.invoke(command, enter(ctx, stage, region), **options)

    opened.__name__ = command.__name__
    opened.__doc__ = command.__doc__
    # Options that stand below this decorator are kept by Click on the function that they decorate.
    opened.__click_params__ = [*opened.__click_params__, *getattr(command, "__click_params__", [])]  # type: ignore[attr-defined]
    return opened
