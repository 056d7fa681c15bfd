"""The check after a deploy: does it answer, is it configured as asked, and does the smoke test pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from infra.operate.deployment import open_deployment
from infra.verify.readiness import wait_until_ready
from infra.verify.settings import Verification
from infra.verify.smoke import smoke


@dataclass(frozen=True)
class Deployed:
    """A stage in a region: the parameters of both stacks, the outputs of the service, and clients of AWS."""

    stage: str
    region: str
    values: Mapping[str, str]
    outputs: Mapping[str, str]
    client: Callable[[str], Any]


def look(deployed: Deployed, smoke_profile: str | None) -> bool:
    """Print what AWS says that it runs, and what an app gets; return whether all is as it should be.

    Looks at AWS's own address if that answers: a new domain leads there only once its record exists.
    `smoke_profile` is the AWS profile of the smoke test, None for the credentials of the deploy.
    """
    deployment = open_deployment(deployed.stage, deployed.region)
    deployment = replace(deployment, api_url=deployed.outputs.get("AwsURL", deployment.api_url))
    ready = wait_until_ready(deployment.api_url, time.sleep, time.monotonic)
    if not ready:
        click.echo(f"{deployment.api_url} does not answer as it should yet.")
    click.echo("Settings")
    right = Verification(deployed.stage, deployed.values, deployed.outputs, deployed.client).passes()
    return smoke(deployment, smoke_profile) and ready and right
