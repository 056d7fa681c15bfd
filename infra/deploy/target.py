"""Where a deploy goes: stage, account and region, checked before anything is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which is not the built-in one
    HTTPClientError,
    NoCredentialsError,
)

from chalicelib.adapters.aws import error_code
from infra.deploy.refusal import Refused
from infra.operate.deployment import LOCAL, session_in, stack_name

STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_PATIENCE = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard"})


@dataclass(frozen=True)
class Target:
    """A stage in an account and a region, and the credentials for it."""

    stage: str
    account: str
    partition: str
    region: str
    session: boto3.Session

    @property
    def stack(self) -> str:
        """Return the name of the stack."""
        return stack_name(self.stage)

    def client(self, service: Any) -> Any:
        """Return a client for this account and region."""
        return self.session.client(service, config=_PATIENCE)


def check_target(stage: str, region: str | None) -> Target:
    """Check the stage, the credentials and the region. Raises Refused."""
    check_stage(stage)
    session = _session(region)
    caller = _caller(session)
    _, partition, *_ = caller["Arn"].split(":")
    return Target(stage, caller["Account"], partition, str(session.region_name), session)


def check_stage(stage: str) -> None:
    """Refuse a name that is no stage, or that is the local one."""
    if stage == LOCAL:
        raise Refused("`local` is the stack of this machine: `make run` starts it.")
    if not stage:
        raise Refused("Name the stage, for instance `make deploy STAGE=prod`.")
    if not STAGE.fullmatch(stage):
        raise Refused(
            f"{stage!r} cannot name a stage: "
            "a lower-case letter, then up to 15 lower-case letters, digits or hyphens."
        )


def _session(region: str | None) -> boto3.Session:
    try:
        session = session_in(region)
    except BotoCoreError as error:
        raise Refused(f"The AWS configuration of this machine cannot be used: {error}") from error
    if session.region_name is None:
        raise Refused("No AWS region is configured: give --region, or set AWS_REGION.")
    return session


def _caller(session: boto3.Session) -> dict[str, str]:
    """Return who AWS takes us for."""
    try:
        caller = session.client("sts", config=_PATIENCE).get_caller_identity()
    except NoCredentialsError as error:
        raise Refused(
            "No AWS credentials were found: run `aws configure` or `aws sso login`, or set AWS_PROFILE."
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise Refused(
            f"AWS cannot be reached in region '{session.region_name}': check its name, and the network."
        ) from error
    except BotoCoreError as error:
        raise Refused(f"The AWS credentials of this machine cannot be used: {error}") from error
    except ClientError as error:
        raise Refused(_rejection(error)) from error
    return {"Account": caller["Account"], "Arn": caller["Arn"]}


def _rejection(error: ClientError) -> str:
    detail = error.response.get("Error", {})
    if error_code(error) in EXPIRED:
        return "The AWS credentials have expired: sign in again, for instance with `aws sso login`."
    return f"AWS does not accept these credentials ({detail.get('Code')}): {detail.get('Message')}"
