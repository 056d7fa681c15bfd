"""Brings a stack into a state from which it can be deployed, or says why it cannot be."""

from __future__ import annotations

from typing import NoReturn

import click

from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, Stacks

# A first deploy that failed leaves a stack that cannot be updated, with nothing in it that anyone has used.
_NEVER_WORKED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
_STUCK = "UPDATE_ROLLBACK_FAILED"


def settle(stacks: Stacks, name: str, *, wait: bool, dry_run: bool = False) -> Stack | None:
    """Return the stack to update, or None if there is none to update. Raises Refused."""
    stack = stacks.find(name)
    if stack is None or stack.is_empty:
        return None
    if stack.is_busy:
        if not wait:
            _refuse_busy(stack, name)
        return _wait(stacks, stack, name)
    if dry_run and stack.status in {*_NEVER_WORKED, _STUCK}:
        raise Refused(
            f"Stack {name} is in state {stack.status}: a deploy would put that right, a dry run does not."
        )
    if stack.status in _NEVER_WORKED:
        _clear_away(stacks, stack, name)
        return None
    if stack.status == _STUCK:
        return _roll_back_again(stacks, stack, name)
    if stack.status == "DELETE_FAILED":
        raise Refused(
            f"Stack {name} was being deleted, and that failed ({_why(stack)}): finish it with "
            f"`python -m infra destroy --stage {name.partition('-')[2]}`, then deploy."
        )
    return stack


def _refuse_busy(stack: Stack, name: str) -> NoReturn:
    raise Refused(
        f"Stack {name} is busy ({stack.status}): another deploy is under way, or one of yours that you left; "
        "with --wait this one watches, and deploys when that is done."
    )


def _wait(stacks: Stacks, stack: Stack, name: str) -> Stack | None:
    click.echo(f"Stack {name} is busy ({stack.status}); waiting for that to end.")
    before = stacks.last_event(stack.stack_id)
    # Looked at again after the mark: what ended before the mark sends no more news.
    again = stacks.find(stack.stack_id)
    if again is not None and again.is_busy:
        stacks.follow(stack.stack_id, before)
    return settle(stacks, name, wait=True)


def _clear_away(stacks: Stacks, stack: Stack, name: str) -> None:
    click.echo(
        f"The first deploy of {name} failed ({stack.status}), and CloudFormation cannot update such a stack: "
        "deleting what is left of it, then deploying anew."
    )
    outcome = stacks.operate(stack.stack_id, lambda: stacks.client.delete_stack(StackName=stack.stack_id))
    if outcome.status != "DELETE_COMPLETE":
        raise Refused(f"What was left of stack {name} could not be deleted: {outcome.cause()}.")


def _roll_back_again(stacks: Stacks, stack: Stack, name: str) -> Stack | None:
    click.echo(
        f"The last deploy of {name} failed, and going back from it failed too: trying that again first."
    )
    outcome = stacks.operate(
        stack.stack_id, lambda: stacks.client.continue_update_rollback(StackName=stack.stack_id)
    )
    if outcome.status != "UPDATE_ROLLBACK_COMPLETE":
        raise Refused(
            f"Stack {name} cannot go back to its old version: {outcome.cause()}. "
            "docs/deploy.md says how to leave that resource out."
        )
    return stacks.find(name)


def _why(stack: Stack) -> str:
    return stack.reason.rstrip(". ") or stack.status
