"""The target of a deploy: stage, account and region, checked first."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from infra.deploy.refusal import Refused
from infra.operate.deployment import LOCAL, session_in

# The stack of a stage named x-data would have the name of the data of stage x.
STAGE = re.compile(r"(?!.*-data$)[a-z][a-z0-9-]{0,15}")
ATTEMPTS = 12
"""Attempts of each call, with pauses of up to 20 seconds: a network may be away for minutes."""


@dataclass(frozen=True)
class Target:
    """A stage in an account and a region, and the credentials for it."""

    stage: str
    account: str
    partition: str
    region: str
    session: boto3.Session

    def client(self, service: Any) -> Any:
        """Return a client for this account and region."""
        attempts = int(os.environ.get("AWS_MAX_ATTEMPTS", ATTEMPTS))
        retries = Config(
            connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": attempts}
        )
        return self.session.client(service, config=retries)


def check_target(stage: str, region: str | None) -> Target:
    """Check the stage, the credentials and the region. Raises Refused, or what botocore raises."""
    if stage == LOCAL:
        raise Refused("`local` is the stack of this machine: `make run` starts it.")
    if not STAGE.fullmatch(stage):
        raise Refused(
            f"{stage!r} cannot name a stage, as in `make deploy STAGE=prod`: a lower-case letter, then up to "
            "15 lower-case letters, digits or hyphens; not ending in -data."
        )
    session = session_in(region)
    if session.region_name is None:
        raise NoRegionError
    caller = session.client("sts", config=Config(connect_timeout=10)).get_caller_identity()
    partition = caller["Arn"].split(":")[1]
    return Target(stage, caller["Account"], partition, session.region_name, session)
