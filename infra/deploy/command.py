"""`python -m infra deploy`: a stage, from the source to an address that answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from infra.deploy.packaging.runtime import ARCHITECTURES
from infra.deploy.refusal import garbled_answers
from infra.deploy.release import Order, Release, Tools
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


@click.command()
@click.option("--stage", required=True, help="Stage to deploy; its stack is gatehouse-STAGE.")
@click.option("--region", default=None, help="AWS region, if not that of your configuration.")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    callback=pairs,
    metavar="KEY=VALUE",
    help="Parameter of the template; may be repeated, and is remembered.",
)
@click.option(
    "--architecture",
    type=click.Choice(list(ARCHITECTURES)),
    help="Processor of the functions; short for --parameter Architecture=…",
)
@click.option(
    "--allow-data-loss",
    multiple=True,
    metavar="RESOURCE",
    help="Resource whose data may be lost; may be repeated.",
)
@click.option(
    "--adopt",
    multiple=True,
    callback=pairs,
    metavar="RESOURCE=ID",
    help="Table or secret of an earlier stack for a new stack to take over; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--wait", is_flag=True, help="If the stack is busy, wait until it is not.")
@click.option("--smoke/--no-smoke", default=True, help="Check the deployment from outside when it is done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def deploy(
    ctx: click.Context, /, stage: str, region: str | None, architecture: str | None, **options: Any
) -> None:
    """Package the source, and create or update the stack of a stage."""
    options["allow_data_loss"] = frozenset(options["allow_data_loss"])
    if architecture:
        options["parameters"]["Architecture"] = architecture
    if options["dry_run"] and options["adopt"]:
        raise click.UsageError("--adopt changes things by itself, so there is no dry run of it.")
    tools = ctx.obj if isinstance(ctx.obj, Tools) else Tools()
    with garbled_answers():
        Release(check_target(stage, region), Order(**options), tools).run()
