"""Brings a stack into a state from which it can be deployed, or says why it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import click

from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, Stacks
from infra.deploy.target import Target

Discard = Callable[[str], None]

# A first deploy that failed leaves a stack that cannot be updated, with nothing in it that anyone has used.
_NEVER_WORKED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
_STUCK = "UPDATE_ROLLBACK_FAILED"


def settle(
    stacks: Stacks, target: Target, discard_data: Discard, *, wait: bool, dry_run: bool = False
) -> Stack | None:
    """Return the stack to update, or None if there is none to update. Raises Refused.

    `discard_data` takes away, by the stack's id, what a stack that never worked would leave behind.
    """
    name = target.stack
    stack = stacks.find(name)
    if stack is None or stack.is_empty:
        return None
    if stack.is_busy:
        if not wait:
            _refuse_busy(stack, name)
        _wait(stacks, stack, name)
        return settle(stacks, target, discard_data, wait=True)
    if dry_run and stack.status in {*_NEVER_WORKED, _STUCK}:
        raise Refused(
            f"Stack {name} is in state {stack.status}: a deploy would put that right, a dry run does not."
        )
    if stack.status in _NEVER_WORKED:
        click.echo(
            f"The first deploy of {name} failed ({stack.status}), and CloudFormation cannot update such a "
            "stack: deleting what is left of it, then deploying anew."
        )
        clear_away(stacks, stack.stack_id, discard_data)
        return None
    if stack.status == _STUCK:
        return _roll_back_again(stacks, stack, name)
    if stack.status == "DELETE_FAILED":
        raise Refused(
            f"Stack {name} was being deleted, and that failed ({_why(stack)}): finish it with "
            f"`make destroy STAGE={target.stage}`, then deploy."
        )
    return stack


def _refuse_busy(stack: Stack, name: str) -> NoReturn:
    raise Refused(
        f"Stack {name} is busy ({stack.status}): another deploy is under way, or one of yours that you left; "
        "with --wait this one watches, and deploys when that is done."
    )


def clear_away(stacks: Stacks, stack_id: str, discard_data: Discard) -> str:
    """Delete a stack that never worked, with what its own policies would keep. Return how that ended."""
    discard_data(stack_id)
    outcome = stacks.operate(stack_id, lambda: stacks.client.delete_stack(StackName=stack_id))
    if outcome.status != "DELETE_COMPLETE":
        raise Refused(f"What was left of the stack could not be deleted: {outcome.cause()}.")
    return outcome.status


def _wait(stacks: Stacks, stack: Stack, name: str) -> None:
    click.echo(f"Stack {name} is busy ({stack.status}); waiting for that to end.")
    before = stacks.last_event(stack.stack_id)
    # Looked at again after the mark: what ended before the mark sends no more news.
    again = stacks.find(stack.stack_id)
    if again is not None and again.is_busy:
        stacks.follow(stack.stack_id, before)


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
