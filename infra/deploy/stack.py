"""A CloudFormation stack: its state, and changing it by change sets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra.deploy.change_set import Change, ChangeSet, change_of
from infra.deploy.refusal import Refused

POLL_SECONDS, BUSY_SECONDS = 3, 30
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
# States that no change set can be made for. OnStackFailure keeps a first deploy out of most of them.
_STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")

Check = Callable[[tuple[Change, ...]], None]
"""Raises for changes that are not to be made."""


@dataclass(frozen=True)
class State:
    """A stack as it was when it was read; without values if there is none."""

    status: str = ""
    stack_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool = False

    @property
    def exists(self) -> bool:
        """Tell whether there is a stack, other than one that only holds a change set."""
        return self.status not in {"", "REVIEW_IN_PROGRESS"}


@dataclass(frozen=True)
class Stack:
    """A stack by its name.

    `role` is a role for CloudFormation to act in; it remembers the last one. With `dry_run` changes are
    printed, and not executed.
    """

    name: str
    client: Any
    sleep: Callable[[float], None]
    role: str | None = None
    dry_run: bool = False

    def find(self) -> State:
        """Return the state."""
        try:
            found = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response.get("Error", {}).get("Message", ""):
                return State()
            raise
        return State(
            found["StackStatus"],
            found["StackId"],
            {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
            {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
            {one["Key"]: one["Value"] for one in found.get("Tags", [])},
            bool(found.get("EnableTerminationProtection")),
        )

    def last_deleted(self) -> State:
        """Return the state of the latest deleted stack of this name; CloudFormation keeps it for 90 days."""
        pages = self.client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        found = [one for page in pages for one in page["StackSummaries"] if one["StackName"] == self.name]
        latest = max(found, key=lambda one: one["DeletionTime"], default=None)
        return replace(self, name=latest["StackId"]).find() if latest else State()

    def ready(self) -> State:
        """Return the state once no operation runs. Raises Refused for a state that takes no change."""
        state = self.find()
        while state.exists and state.status.endswith("_IN_PROGRESS"):
            click.echo(f"Stack {self.name} is busy ({state.status}); waiting for the end of that operation")
            self.sleep(BUSY_SECONDS)
            state = self.find()
        if state.status in _STUCK or state.status.endswith("ROLLBACK_FAILED"):
            raise Refused(
                f"Stack {self.name} is in state {state.status} and takes no change: "
                "docs/runbook-deploy.md has the command that ends that state."
            )
        return state

    def change(self, state: State, check: Check, **request: Any) -> bool:
        """Create or update the stack if `check`, which may raise, accepts the changes.

        `request` are arguments of `prepare`. Return whether there was anything to change. Raises Refused.
        """
        change_set = self.prepare("UPDATE" if state.exists else "CREATE", **request)
        if change_set is None:
            return False
        try:
            click.echo("\n".join([f"Changes of {self.name}", *sorted(map(str, change_set.changes))]))
            check(change_set.changes)
        except BaseException:
            self._discard(change_set)
            raise
        if self.dry_run:
            self._discard(change_set)
        else:
            self.execute(change_set)
        return True

    def prepare(
        self, kind: str, values: Mapping[str, str], tags: Mapping[str, str], **request: Any
    ) -> ChangeSet | None:
        """Have CloudFormation compute the changes; None if there are none. Raises Refused."""
        if kind == "CREATE":
            request["OnStackFailure"] = "DELETE"
        if self.role:
            request["RoleARN"] = self.role
        made = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{uuid.uuid4().hex}",
            ChangeSetType=kind,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            **request,
        )
        names = {"ChangeSetName": made["Id"], "StackName": made["StackId"]}
        try:
            waiter = self.client.get_waiter("change_set_create_complete")
            waiter.wait(**names, WaiterConfig={"Delay": 2, "MaxAttempts": 300})
        except WaiterError as error:
            reason = error.last_response.get("StatusReason", str(error))
            lines = [f"CloudFormation refuses the change: {reason}", *self._failed_checks(made["Id"])]
            self._discard(ChangeSet(names, ()))
            if any(words in reason for words in _NOTHING_TO_DO):
                return None
            raise Refused("\n  ".join(lines)) from error
        pages = self.client.get_paginator("describe_change_set").paginate(**names)
        changes = tuple(change_of(one) for page in pages for one in page.get("Changes", []))
        return ChangeSet(names, changes)

    def execute(self, change_set: ChangeSet) -> None:
        """Execute a change set, printing each event. Raises Refused with the resource that failed and why."""
        before = self._events(change_set.names["StackName"])[-1]["EventId"]
        # What a failed first deploy has made is deleted, whatever its own policy; what it imported never is.
        imports = any(one.action == "Import" for one in change_set.changes)
        self.client.execute_change_set(
            **change_set.names,
            ClientRequestToken=uuid.uuid4().hex,  # the same for every retry of botocore
            RetainExceptOnCreate=not imports,
        )
        self._follow(
            change_set.names["StackName"], before, "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"
        )

    def delete(self, state: State) -> None:
        """Delete the stack, printing each event. Raises Refused."""
        before = self._events(state.stack_id)[-1]["EventId"]
        self.client.delete_stack(StackName=state.stack_id)
        self._follow(state.stack_id, before, "DELETE_COMPLETE")

    def _discard(self, change_set: ChangeSet) -> None:
        """Delete a change set, and the empty stack that was made to hold it."""
        self.client.delete_change_set(**change_set.names)
        if not self.find().exists:
            self.client.delete_stack(StackName=change_set.names["StackName"])

    def _follow(self, stack_id: str, after: str, *wanted: str) -> None:
        """Print each event after `after` until the operation ends. Raises Refused for another end."""
        status, failures = "", list[str]()
        try:
            while not status.endswith(("_COMPLETE", "_FAILED")):
                self.sleep(POLL_SECONDS)
                for event in self._events(stack_id, after):
                    after = event["EventId"]
                    status = _take(event, failures) or status
        except (KeyboardInterrupt, BotoCoreError, ClientError) as error:
            # botocore has tried again for minutes.
            raise Refused(
                f"The events can no longer be read ({str(error) or 'interrupted'}). CloudFormation "
                "continues by itself; the same command again waits for the end."
            ) from error
        if status not in wanted:
            cause = failures[0] if failures else "CloudFormation gives no reason"
            raise Refused(f"The operation failed: {cause}. {self.name} is now in state {status}.")

    def _events(self, stack_id: str, after: str = "") -> list[dict[str, Any]]:
        """Return the events after one, the oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        newest_first = (event for page in pages for event in page["StackEvents"])
        return list(takewhile(lambda event: event["EventId"] != after, newest_first))[::-1]

    def _failed_checks(self, change_set_id: str) -> list[str]:
        """Return what CloudFormation's validation before the deployment found, which the status omits."""
        found = self.client.describe_events(ChangeSetName=change_set_id, Filters={"FailedEvents": True})
        return [
            f"{one.get('LogicalResourceId', '')} {one.get('ValidationPath', '')}: {reason}"
            for one in found["OperationEvents"]
            if (reason := one.get("ValidationStatusReason"))
        ]


def _take(event: dict[str, Any], failures: list[str]) -> str:
    """Print an event, and note what failed; return the status of the stack if the event is about that."""
    status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
    resource = event["LogicalResourceId"]
    line = f"{event['Timestamp']:%H:%M:%S}  {status:<28}  {resource}"
    click.echo(f"{line}: {reason}" if reason else line)
    if event["PhysicalResourceId"] == event["StackId"]:
        return str(status)
    if status.endswith("_FAILED") and "cancelled" not in reason:
        failures.append(f"{resource} ({event['ResourceType']}): {reason.rstrip('. ') or status}")
    return ""
