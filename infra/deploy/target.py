"""Where a deploy goes: stage, account and region, checked before anything is built."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from chalicelib.adapters.aws_errors import error_code
from infra.deploy.refusal import Refused
from infra.operate.deployment import LOCAL, session_in, stack_name

# The stack of a stage named x-data would have the name of the data of stage x.
STAGE = re.compile(r"(?!.*-data$)[a-z][a-z0-9-]{0,15}")
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
ATTEMPTS = 12
"""Tries of each call, with pauses of up to 20 seconds in between: a network may be away for minutes."""


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
        """Return the name of the service's stack."""
        return stack_name(self.stage)

    def client(self, service: Any) -> Any:
        """Return a client for this account and region."""
        attempts = int(os.environ.get("AWS_MAX_ATTEMPTS", ATTEMPTS))
        retries = Config(
            connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": attempts}
        )
        return self.session.client(service, config=retries)


def check_target(stage: str, region: str | None) -> Target:
    """Check the stage, the credentials and the region. Raises Refused."""
    check_stage(stage)
    try:
        session = session_in(region)
        if session.region_name is None:
            raise Refused("No AWS region is configured: give --region, or set AWS_REGION.")
        caller = session.client("sts", config=Config(connect_timeout=10)).get_caller_identity()
    except NoCredentialsError as error:
        raise Refused(
            "No AWS credentials were found: run `aws configure` or `aws sso login`, or set AWS_PROFILE."
        ) from error
    except BotoCoreError as error:
        raise Refused(f"AWS cannot be used with the configuration of this machine: {error}") from error
    except ClientError as error:
        if error_code(error) in EXPIRED:
            raise Refused(
                "The AWS credentials have expired: sign in again, for instance with `aws sso login`."
            ) from error
        raise Refused(f"AWS does not accept these credentials: {error}") from error
    partition = caller["Arn"].split(":")[1]
    return Target(stage, caller["Account"], partition, session.region_name, session)


def check_stage(stage: str) -> None:
    """Raise Refused for a name that is no stage, or that is the local one."""
    if stage == LOCAL:
        raise Refused("`local` is the stack of this machine: `make run` starts it.")
    if not stage:
        raise Refused("Name the stage, for instance `make deploy STAGE=prod`.")
    if not STAGE.fullmatch(stage):
        raise Refused(
            f"{stage!r} cannot name a stage: "
            "a lower-case letter, then up to 15 lower-case letters, digits or hyphens; not ending in -data."
        )
