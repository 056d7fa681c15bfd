"""What a deploy says about itself."""

from __future__ import annotations

from collections.abc import Mapping

import click

from infra.deploy.packaging.build import Package
from infra.deploy.packaging.runtime import INSTALL_COMMAND, VERSION
from infra.deploy.target import Target
from infra.operate.deployment import Deployment

WEB_ACL = "WebAcl"
"""The output that names the web ACL in front of the API, where there is one."""
DNS_TARGET = "CustomDomainTarget"
"""The output that says where a domain's record has to point."""
_MEGABYTE = 1_000_000
_AFTERWARDS = {
    "UPDATE_ROLLBACK_COMPLETE": "The old version is running again; nothing of the new one is.",
    "DELETE_COMPLETE": "Nothing of it is left; run this again once the cause is gone.",
    "ROLLBACK_COMPLETE": "Nothing of it is left running; run this again once the cause is gone.",
    "UPDATE_ROLLBACK_FAILED": "Going back to the old version failed too: run this again, to try that first.",
}


def head(target: Target) -> None:
    """Say where it goes."""
    click.echo(f"Stack     {target.stack} in account {target.account}, {target.region}")


def package(built: Package, architecture: str) -> None:
    """Print what was built, and what about it was not done."""
    sizes = f"{built.packed_bytes / _MEGABYTE:.1f} MB, unpacked {built.unpacked_bytes / _MEGABYTE:.1f} MB"
    click.echo(f"Package   {sizes}, {built.files} files, Python {VERSION} on {architecture}")
    if built.compiled_by is None:
        click.echo(
            f"Byte code left out: without a Python {VERSION} here, every cold start compiles imports, and "
            f"the package is not test-loaded. To get one: {INSTALL_COMMAND}"
        )
    else:
        skipped = f"not test-loaded, which takes {architecture} Linux with a recent glibc"
        loaded = "test-loaded" if built.is_loaded else skipped
        click.echo(f"Byte code by Python {built.compiled_by}; the package was {loaded}")


def nothing_to_do(release: str) -> None:
    """Say that all is as it should be."""
    click.echo(f"Nothing to deploy: release {release} is what runs.")


def afterwards(status: str) -> str:
    """Say in what state a failed deploy has left things."""
    return _AFTERWARDS.get(status, f"The stack is in state {status}.")


def way_back(outputs: Mapping[str, str]) -> str:
    """Say what to do about a deployment that does not answer as it should."""
    if DNS_TARGET in outputs:
        return f"If its domain does not lead to {outputs[DNS_TARGET]} yet, make that record and look again."
    return "To go back, check out the version before, and deploy that."


def done(deployment: Deployment, target: Target, outputs: Mapping[str, str]) -> None:
    """Say where it answers, and how to go on."""
    on = f"--stage {target.stage} --region {target.region}"
    click.echo(f"\nGatehouse answers at {deployment.api_url}")
    if DNS_TARGET in outputs:
        name = deployment.api_url.removeprefix("https://")
        click.echo(f"once {name} is a CNAME or alias of {outputs[DNS_TARGET]}")
    click.echo("\nThe first administrator (asks for the password):")
    click.echo(f"  .venv/bin/python -m infra users create {on} --email you@example.com \\")
    click.echo("    --permission users:read --permission users:write")
    click.echo("Then sign in:")
    click.echo(f"  curl {deployment.api_url}/oauth/token -d grant_type=password \\")
    click.echo("    -d username=you@example.com --data-urlencode password=…")
    if WEB_ACL not in outputs:
        click.echo(f"\n{address_limit(target.stage)}")


def address_limit(stage: str) -> str:
    """Return how to hold back single addresses, which costs something and so is off by default."""
    return (
        "Nothing limits requests by address yet (about 6 US$ a month):\n"
        f'  make deploy STAGE={stage} ARGS="--parameter AddressRateLimit=2000"'
    )
