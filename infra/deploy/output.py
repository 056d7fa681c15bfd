"""What a deploy prints about itself."""

from __future__ import annotations

from collections.abc import Mapping

import click

from infra.deploy.change_set import ChangeSet
from infra.deploy.packaging.build import Package
from infra.deploy.packaging.runtime import INSTALL_COMMAND, VERSION
from infra.deploy.target import Target
from infra.operate.deployment import Deployment
from infra.verify.hints import hints

DNS_TARGET = "CustomDomainTarget"
"""The output that says where a domain's record has to point."""
_MEGABYTE = 1_000_000


def head(target: Target) -> None:
    """Print where it goes."""
    click.echo(f"Stage     {target.stage} in account {target.account}, {target.region}")


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
        click.echo(f"Byte code by {built.compiled_by}; the package was {loaded}")


def changes(stack: str, change_set: ChangeSet) -> None:
    """Print what would be done to a stack."""
    click.echo(f"Changes of {stack}")
    for line in sorted(str(one) for one in change_set.changes):
        click.echo(line)


def way_back(outputs: Mapping[str, str]) -> str:
    """Return what to do about a deployment that is not as it should be."""
    if DNS_TARGET in outputs:
        return f"If its domain does not lead to {outputs[DNS_TARGET]} yet, make that record and look again."
    return "To go back to the release before: the same command with ROLLBACK=1."


def done(deployment: Deployment, target: Target, outputs: Mapping[str, str]) -> None:
    """Print where it answers, and how to go on."""
    on = f"--stage {target.stage} --region {target.region}"
    click.echo(f"\nGatehouse answers at {deployment.api_url}")
    if DNS_TARGET in outputs:
        name = deployment.api_url.removeprefix("https://")
        click.echo(f"once {name} is a CNAME or alias of {outputs[DNS_TARGET]}")
    click.echo("\nThe first administrator (asks for the password):")
    click.echo(f"  .venv/bin/python -m infra users create {on} --email you@example.com \\")
    click.echo("    --permission users:read --permission users:write")
    for hint in hints(target.stage, outputs):
        click.echo(f"\n{hint}")
