"""`python -m infra destroy`: deletes a stage's service; its data only when told by name."""

from __future__ import annotations

import click

from infra.deploy import guards
from infra.deploy.data_stack import DataStack
from infra.deploy.options import DeployTools
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack
from infra.deploy.target import Target, check_target
from infra.operate.deployment import data_stack_name


@click.command()
@click.option("--stage", required=True, help="Stage to take down.")
@click.option("--region", default=None, help="AWS region, if not that of your configuration.")
@click.option(
    "--delete-data",
    metavar="STACK",
    help="Delete accounts, sessions and key too; wants the name of their stack, gatehouse-STAGE-data.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def destroy(
    ctx: click.Context, /, stage: str, region: str | None, delete_data: str | None, *, yes: bool
) -> None:
    """Delete the service of a stage. Its accounts and its signing key stay, unless named."""
    tools = ctx.obj if isinstance(ctx.obj, DeployTools) else DeployTools()
    target = check_target(stage, region)
    data_name = data_stack_name(stage)
    if delete_data not in {None, data_name}:
        raise Refused(f"--delete-data wants the name of the stack of the data, {data_name}.")
    client, resume = target.client("cloudformation"), f"make destroy STAGE={stage}"
    service, data_stack = (Stack(name, client, tools.sleep, resume) for name in (target.stack, data_name))
    _destroy(target, service, DataStack(target, data_stack), delete_data=delete_data is not None, yes=yes)


def _destroy(target: Target, service: Stack, data: DataStack, *, delete_data: bool, yes: bool) -> None:
    """Delete the service, then what is to go with it. Can be repeated. Raises Refused."""
    state, data_state = service.find(), data.stack.find()
    for name, found in ((service.name, state), (data.stack.name, data_state)):
        if found and found.is_busy:
            raise Refused(f"Stack {name} is busy ({found.status}): run this again when it is not.")
    if state is None and not delete_data:
        raise Refused(f"There is no stack {service.name} in {target.region}: nothing to delete.")
    fate = "DELETE FOR GOOD" if delete_data else "keep"
    question = f"Delete {service.name} in account {target.account}, {target.region}, and {fate} "
    guards.confirm(f"{question}table {data.table} and signing key {data.secret}?", yes=yes)
    if state:
        service.delete(state)
        click.echo(f"Deleted   stack {service.name}")
    if delete_data:
        data.delete(data_state)
        return
    click.echo(f"Kept      stack {data.stack.name}: table {data.table}, signing key {data.secret}, logs")
    click.echo(f"To have the service again: make deploy STAGE={target.stage}")
    click.echo(
        f'To delete the data: make destroy STAGE={target.stage} ARGS="--delete-data {data.stack.name}"'
    )
