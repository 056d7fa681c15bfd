"""`python -m infra destroy`: takes a stage down, and keeps its data unless told by name."""

from __future__ import annotations

from dataclasses import dataclass

import click

from infra.deploy import remains
from infra.deploy.bucket import Bucket
from infra.deploy.data_guard import confirm
from infra.deploy.patience import Patience
from infra.deploy.refusal import Refused, garbled_answers
from infra.deploy.release import Tools
from infra.deploy.remains import Remain
from infra.deploy.stack import Stack, Stacks
from infra.deploy.target import Target, check_target


@click.command()
@click.option("--stage", required=True, help="Stage to take down; its stack is gatehouse-STAGE.")
@click.option("--region", default=None, help="AWS region, if not that of your configuration.")
@click.option(
    "--delete-data", metavar="STACK", help="Delete accounts, sessions and key too; wants the stack's name."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def destroy(
    ctx: click.Context, /, stage: str, region: str | None, delete_data: str | None, *, yes: bool
) -> None:
    """Delete the stack of a stage. Its users table and its signing key stay, unless told."""
    tools = ctx.obj if isinstance(ctx.obj, Tools) else Tools()
    with garbled_answers():
        target = check_target(stage, region)
        if delete_data not in {None, target.stack}:
            raise Refused(f"--delete-data wants the name of the stack that goes, {target.stack}.")
        patience = Patience(tools.sleep, tools.clock, f"make destroy STAGE={stage}")
        stacks = Stacks(target.client("cloudformation"), patience)
        Destruction(target, stacks, delete_data=delete_data is not None, yes=yes).run()


@dataclass(frozen=True)
class Destruction:
    """The end of one stage."""

    target: Target
    stacks: Stacks
    delete_data: bool
    yes: bool

    def run(self) -> None:
        """Delete the stack, then what is to go with it; can be repeated. Raises Refused."""
        stack = self.stacks.find(self.target.stack)
        if stack is None:
            self._delete_what_an_earlier_one_left()
            return
        if stack.is_busy:
            raise Refused(
                f"Stack {self.target.stack} is busy ({stack.status}): run this again when it is not."
            )
        kept = remains.remains_of(self.stacks.resources(stack.stack_id))
        self._ask(kept)
        self._delete(stack)
        Bucket(self.target, self.target.client("s3")).supersede_all_but(set())
        click.echo(f"Deleted   stack {self.target.stack}; its logs stay for as long as they were to be kept.")
        if self.delete_data:
            self._delete_data(kept)
        else:
            remains.show_kept(kept, self.target)

    def _ask(self, kept: list[Remain]) -> None:
        if self.yes:
            return
        fate = "DELETE FOR GOOD" if self.delete_data else "keep"
        data = ", ".join(f"{one.noun} {one.physical_id}" for one in kept) or "no data"
        where = f"account {self.target.account}, {self.target.region}"
        confirm(f"Delete stack {self.target.stack} in {where}, and {fate} {data}?")

    def _delete(self, stack: Stack) -> None:
        outcome = self.stacks.operate(
            stack.stack_id, lambda: self.stacks.client.delete_stack(StackName=stack.stack_id)
        )
        if outcome.status != "DELETE_COMPLETE":
            raise Refused(
                f"The stack could not be deleted: {outcome.cause()}. "
                "Take away what is in its way, then run this again."
            )

    def _delete_what_an_earlier_one_left(self) -> None:
        where = f"There is no stack {self.target.stack} in {self.target.region}"
        if not self.delete_data:
            raise Refused(f"{where}: nothing to take down.")
        kept = self._left_behind()
        if not kept:
            raise Refused(f"{where}, and CloudFormation remembers none that left data behind.")
        self._ask(kept)
        self._delete_data(kept)

    def _delete_data(self, kept: list[Remain]) -> None:
        for one in kept:
            remains.delete(one, self.target, self.stacks.patience.sleep)

    def _left_behind(self) -> list[Remain]:
        """Return what is still there of stacks of this name, which CloudFormation remembers for 90 days."""
        pages = self.stacks.client.get_paginator("list_stacks")
        deleted = [
            one["StackId"]
            for page in pages.paginate(StackStatusFilter=["DELETE_COMPLETE"])
            for one in page["StackSummaries"]
            if one["StackName"] == self.target.stack
        ]
        resources = (one for stack_id in deleted for one in self.stacks.resources(stack_id))
        left = remains.remains_of(one for one in resources if one["ResourceStatus"] == "DELETE_SKIPPED")
        # A stack that adopted what another one had left, left the same thing again.
        return [one for one in dict.fromkeys(left) if remains.exists(one, self.target)]
