"""A CloudFormation stack: its state, and changing it by change sets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from chalicelib.adapters.aws_errors import error_code
from infra.deploy.change_set import ChangeSet, change_of
from infra.deploy.refusal import Refused

POLL_SECONDS = 3
_TYPE = "AWS::CloudFormation::Stack"
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_OVERTAKEN = {"ChangeSetNotFound", "InvalidChangeSetStatus"}
# States that no change set can be made for. OnStackFailure keeps a first deploy out of most of them.
_STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


@dataclass(frozen=True)
class State:
    """A stack as it was when it was looked at."""

    stack_id: str
    status: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    tags: dict[str, str]
    is_protected: bool

    @property
    def is_busy(self) -> bool:
        """Tell whether something is being done to it."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_stuck(self) -> bool:
        """Tell whether it needs a hand before it can change."""
        return self.status in _STUCK or self.status.endswith("ROLLBACK_FAILED")


@dataclass(frozen=True)
class Stack:
    """A stack by its name."""

    name: str
    client: Any
    sleep: Callable[[float], None]
    resume: str
    """The command that shows how an operation ended which this one lost sight of."""
    role: str | None = None
    """A role for CloudFormation to act in; it remembers one that was given."""

    def find(self) -> State | None:
        """Return the state; None if there is no stack, or one that only holds a change set."""
        try:
            found = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response.get("Error", {}).get("Message", ""):
                return None
            raise
        if found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        return State(
            found["StackId"],
            found["StackStatus"],
            {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
            {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
            {one["Key"]: one["Value"] for one in found.get("Tags", [])},
            bool(found.get("EnableTerminationProtection")),
        )

    def last_deleted(self) -> State | None:
        """Return how the latest deleted stack of this name was; CloudFormation remembers it for 90 days."""
        pages = self.client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        found = [one for page in pages for one in page["StackSummaries"] if one["StackName"] == self.name]
        if not found:
            return None
        latest = max(found, key=lambda one: one["DeletionTime"])
        return replace(self, name=latest["StackId"]).find()

    def ready(self, *, wait: bool = False) -> State | None:
        """Return the state if the stack can be changed. Raises Refused."""
        state = self.find()
        if state and state.is_busy and wait:
            click.echo(f"Stack {self.name} is busy ({state.status}); waiting for that to end.")
        while state and state.is_busy and wait:
            self.sleep(POLL_SECONDS)
            state = self.find()
        if state and state.is_busy:
            raise Refused(
                f"Stack {self.name} is busy ({state.status}): a deploy is running, perhaps one of yours that "
                f"was interrupted; `{self.resume}` waits for it."
            )
        if state and state.is_stuck:
            raise Refused(
                f"Stack {self.name} is in state {state.status} and takes no change: "
                "docs/runbook-deploy.md has the command that ends that state."
            )
        return state

    def prepare(
        self, kind: str, values: Mapping[str, str], tags: Mapping[str, str], **request: Any
    ) -> ChangeSet | None:
        """Have CloudFormation work out the changes; None if there are none. Raises Refused."""
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
            details = (
                [] if any(words in reason for words in _NOTHING_TO_DO) else self._failed_checks(made["Id"])
            )
            self.discard(ChangeSet(made["Id"], made["StackId"], ()))
            if any(words in reason for words in _NOTHING_TO_DO):
                return None
            raise Refused("\n  ".join([f"CloudFormation refuses the change: {reason}", *details])) from error
        pages = self.client.get_paginator("describe_change_set").paginate(**names)
        changes = tuple(change_of(one) for page in pages for one in page.get("Changes", []))
        return ChangeSet(made["Id"], made["StackId"], changes)

    def discard(self, change_set: ChangeSet) -> None:
        """Delete a change set, and the empty stack that was made to hold it."""
        self.client.delete_change_set(ChangeSetName=change_set.change_set_id, StackName=change_set.stack_id)
        if self.find() is None:
            self.client.delete_stack(StackName=change_set.stack_id)

    def execute(self, change_set: ChangeSet) -> None:
        """Carry it out, printing each event. Raises Refused with the resource that failed, and why."""
        before = self._last_event(change_set.stack_id)
        # What a failed first deploy has made is deleted, whatever its own policy; what it imported never is.
        imports = any(one.action == "Import" for one in change_set.changes)
        try:
            self.client.execute_change_set(
                ChangeSetName=change_set.change_set_id,
                StackName=change_set.stack_id,
                ClientRequestToken=uuid.uuid4().hex,  # the same for every retry of botocore
                RetainExceptOnCreate=not imports,
            )
        except ClientError as error:
            if error_code(error) not in _OVERTAKEN:
                raise
            raise Refused(
                f"Another deploy of {self.name} came first; nothing was done: run this again."
            ) from error
        self._succeed(change_set.stack_id, before, "The deploy failed")

    def delete(self, state: State) -> None:
        """Delete the stack, printing each event. Raises Refused."""
        before = self._last_event(state.stack_id)
        self.client.delete_stack(StackName=state.stack_id)
        self._succeed(state.stack_id, before, "The stack could not be deleted", "DELETE_COMPLETE")

    def _succeed(self, stack_id: str, before: str, failed: str, *wanted: str) -> None:
        status, failures = self._follow(stack_id, before)
        if status in (wanted or ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")):
            return
        cause = failures[0] if failures else "CloudFormation gives no reason"
        raise Refused(f"{failed}: {cause}. {self.name} is now in state {status}.")

    def _follow(self, stack_id: str, after: str) -> tuple[str, list[str]]:
        """Print each event after `after` as it happens; return the last state, and what failed."""
        status, failures = "", list[str]()
        try:
            while not status or status.endswith("_IN_PROGRESS"):
                for event in self._news(stack_id, after):
                    after = event["EventId"]
                    status = _take(event, failures) or status
                if not status or status.endswith("_IN_PROGRESS"):
                    self.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            self._lose_sight("You stopped watching")
        except (BotoCoreError, ClientError) as error:
            # botocore has tried again for minutes.
            self._lose_sight(f"AWS cannot be asked any more ({error})")
        return status, failures

    def _lose_sight(self, why: str) -> NoReturn:
        raise Refused(f"{why}; CloudFormation goes on by itself. To see how it ends, run `{self.resume}`.")

    def _last_event(self, stack_id: str) -> str:
        events = self.client.describe_stack_events(StackName=stack_id)["StackEvents"]
        return str(events[0]["EventId"]) if events else ""

    def _news(self, stack_id: str, after: str) -> list[dict[str, Any]]:
        fresh: list[dict[str, Any]] = []
        for page in self.client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for event in page["StackEvents"]:
                if event["EventId"] == after:
                    return fresh[::-1]
                fresh.append(event)
        return fresh[::-1]

    def _failed_checks(self, change_set_id: str) -> list[str]:
        """Return what CloudFormation's validation before the deployment found; the status has none of it."""
        pages = self.client.get_paginator("describe_events").paginate(
            ChangeSetName=change_set_id, Filters={"FailedEvents": True}
        )
        events = [one for page in pages for one in page.get("OperationEvents", [])]
        return [
            f"{one.get('LogicalResourceId', '')} {one.get('ValidationPath', '')}: "
            f"{one['ValidationStatusReason']}"
            for one in events
            if one.get("ValidationStatusReason")
        ]


def _take(event: dict[str, Any], failures: list[str]) -> str:
    """Print an event, and note what failed; return the state of the stack where the event is about that."""
    status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
    resource = event["LogicalResourceId"]
    line = f"{event['Timestamp']:%H:%M:%S}  {status:<28}  {resource}"
    click.echo(f"{line}: {reason}" if reason else line)
    if event["ResourceType"] == _TYPE and event["PhysicalResourceId"] == event["StackId"]:
        # The clean-up after an update is part of it: the new version runs, but nothing else may begin.
        return str(status)
    if status.endswith("_FAILED") and "cancelled" not in reason:
        failures.append(f"{resource} ({event['ResourceType']}): {reason.rstrip('. ') or status}")
    return ""
