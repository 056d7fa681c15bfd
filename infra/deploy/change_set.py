"""A change set: what CloudFormation would do, before it does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from infra.deploy.refusal import Refused
from infra.deploy.stack import Stacks

PAUSE_SECONDS = 2
_WAITING = {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_VERBS = {
    "Add": "add",
    "Modify": "modify",
    "Remove": "remove",
    "Import": "adopt",
    "Dynamic": "perhaps modify",
}


@dataclass(frozen=True)
class Change:
    """What would be done to one resource."""

    action: str
    resource: str
    kind: str
    replacement: str
    properties: tuple[str, ...]

    @property
    def verb(self) -> str:
        """Return the action in a word or two."""
        if self.replacement == "True":
            return "replace"
        if self.replacement == "Conditional":
            return "perhaps replace"
        return _VERBS.get(self.action, self.action.lower())


@dataclass(frozen=True)
class ChangeSet:
    """What would be done to a stack."""

    change_set_id: str
    stack_id: str
    changes: tuple[Change, ...]


def prepare(stacks: Stacks, **request: Any) -> ChangeSet | None:
    """Have CloudFormation work out the changes; None if there are none. Raises Refused."""
    made = stacks.client.create_change_set(**request)
    names = {"ChangeSetName": made["Id"], "StackName": made["StackId"]}
    found = stacks.patience.ask(lambda: _describe(stacks.client, names))
    while found["Status"] in _WAITING:
        stacks.patience.sleep(PAUSE_SECONDS)
        found = stacks.patience.ask(lambda: _describe(stacks.client, names))
    if found["Status"] == "CREATE_COMPLETE":
        return ChangeSet(made["Id"], made["StackId"], tuple(_change(one) for one in found["Changes"]))
    reason = found.get("StatusReason", "no reason was given")
    discard(stacks, ChangeSet(made["Id"], made["StackId"], ()))
    if any(words in reason for words in _NOTHING_TO_DO):
        return None
    raise Refused(f"CloudFormation refuses the change: {reason}")


def discard(stacks: Stacks, change_set: ChangeSet) -> None:
    """Delete a change set, and the empty stack that was made to hold it."""
    stacks.client.delete_change_set(ChangeSetName=change_set.change_set_id, StackName=change_set.stack_id)
    stack = stacks.find(change_set.stack_id)
    if stack is not None and stack.is_empty:
        stacks.client.delete_stack(StackName=change_set.stack_id)


def show(changes: Iterable[Change]) -> None:
    """Say what would be done."""
    rows = sorted(changes, key=lambda one: (one.verb, one.resource))
    width = max((len(one.resource) for one in rows), default=0)
    for one in rows:
        properties = f"  ({', '.join(one.properties)})" if one.properties else ""
        click.echo(f"  {one.verb:<15}  {one.resource:<{width}}  {one.kind}{properties}")


def _describe(client: Any, names: dict[str, str]) -> dict[str, Any]:
    """Return a change set with all pages of its changes."""
    page: dict[str, Any] = client.describe_change_set(**names)
    changes = list(page.get("Changes", []))
    while token := page.get("NextToken"):
        page = client.describe_change_set(**names, NextToken=token)
        changes += page.get("Changes", [])
    return {**page, "Changes": changes}


def _change(described: dict[str, Any]) -> Change:
    change = described["ResourceChange"]
    targets = (detail.get("Target", {}) for detail in change.get("Details", []))
    properties = {str(target.get("Name") or target.get("Attribute")) for target in targets}
    return Change(
        change["Action"],
        change["LogicalResourceId"],
        change["ResourceType"],
        change.get("Replacement", "False"),
        tuple(sorted(properties - {"None"})),
    )
