"""The commands `python -m infra deploy` and `python -m infra destroy`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import click

from infra.deploy.deployer import Deployer
from infra.deploy.options import DeployOptions, DeployTools
from infra.deploy.refusal import Refused
from infra.deploy.target import check_target


def pairs(_ctx: click.Context, _option: click.Parameter, values: Iterable[str]) -> dict[str, str]:
    """Return options of the form Key=Value as a mapping."""
    found: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"'{value}' is not of the form Key=Value.")
        if key in found:
            raise click.BadParameter(f"{key} is given twice.")
        found[key] = text
    return found


_pairs = partial(click.option, multiple=True, callback=pairs, metavar="KEY=VALUE")
_region = click.option("--region", default=None, help="AWS region, if not that of your configuration.")


@click.command()
@click.option("--stage", required=True, help="Stage to deploy; its stacks are gatehouse-STAGE and …-data.")
@_region
@_pairs("--parameter", "parameters", help="Parameter of the templates; may be repeated, and is remembered.")
@_pairs("--tag", "tags", help="Tag of both stacks; likewise.")
@click.option("--role-arn", default=None, help="Role for CloudFormation to act in; it remembers the role.")
@click.option("--smoke-profile", default=None, help="AWS profile that runs the smoke test, if not yours.")
@click.option("--rollback", is_flag=True, help="Go back to the release before.")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option("--check/--no-check", default=True, help="Check settings and answers when it is done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def deploy(ctx: click.Context, /, stage: str, region: str | None, **options: Any) -> None:
    """Package the source, and create or update the stacks of a stage."""
    if options["rollback"] and (options["parameters"] or options["tags"]):
        raise click.UsageError("A rollback brings its own parameters: leave --parameter and --tag out.")
    _deployer(ctx, stage, region, DeployOptions(**options)).run()


@click.command()
@click.option("--stage", required=True, help="Stage to delete.")
@_region
@click.option(
    "--delete-data", metavar="STACK", help="Delete the data, too, by its name gatehouse-STAGE-data."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def destroy(
    ctx: click.Context, /, stage: str, region: str | None, delete_data: str | None, *, yes: bool
) -> None:
    """Delete the service of a stage. Its accounts and its signing key stay, unless named."""
    deployer = _deployer(ctx, stage, region, DeployOptions(yes=yes))
    if delete_data not in {None, deployer.data.stack.name}:
        raise Refused(f"--delete-data requires the name of the data's stack, {deployer.data.stack.name}.")
    deployer.destroy(delete_data=delete_data is not None)


def _deployer(ctx: click.Context, stage: str, region: str | None, options: DeployOptions) -> Deployer:
    tools = ctx.obj if isinstance(ctx.obj, DeployTools) else DeployTools()
    return Deployer(check_target(stage, region), options, tools)
