"""The smoke test after a deploy, with the same credentials or another AWS profile."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from chalicelib.domain.errors import Unavailable
from infra.operate.deployment import Deployment
from infra.operate.smoke import run_smoke


def smoke(deployment: Deployment, profile: str | None) -> bool:
    """Check a deployment with a temporary account; return whether all checks passed.

    The deploy needs no permission to write accounts: without it, print the command for somebody who has it.
    """
    region = str(deployment.settings.aws_region)
    command = ["smoke", "--url", deployment.api_url, "--stage", deployment.stage, "--region", region]
    if profile:
        arguments = [sys.executable, "-m", "infra", *command]
        environment = {**os.environ, "AWS_PROFILE": profile}
        return subprocess.run(arguments, env=environment, check=False).returncode == 0  # noqa: S603 - our own command
    try:
        return run_smoke(deployment)
    except Unavailable as error:
        if "AccessDenied" not in error.reason:
            raise
        click.echo(
            "These credentials may not create an account. As somebody with infra/policies/smoke.json, run:"
        )
        click.echo(f"  .venv/bin/python -m infra {' '.join(command)}")
        return True
