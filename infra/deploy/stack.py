"""A CloudFormation stack: how it is, and what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import click
from botocore.exceptions import ClientError

from infra.deploy.patience import Patience
from infra.deploy.refusal import Refused

POLL_SECONDS = 3
_STACK = "AWS::CloudFormation::Stack"
# Resources that were under way when another one failed say this; they are not the reason.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


@dataclass(frozen=True)
class Stack:
    """A stack as it was when it was asked for."""

    stack_id: str
    status: str
    reason: str
    parameters: dict[str, str]
    outputs: dict[str, str]

    @property
    def is_busy(self) -> bool:
        """Tell whether something is being done to it; a change set that nobody has executed is nothing."""
        return self.status.endswith("_IN_PROGRESS") and not self.is_empty

    @property
    def is_empty(self) -> bool:
        """Tell whether it is but the place of a change set."""
        return self.status == "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Failure:
    """Something that could not be done to a resource."""

    resource: str
    kind: str
    status: str
    reason: str

    def sentence(self) -> str:
        """Return it in words, without a full stop."""
        verb = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "IMPORT": "adopted"}
        done = verb.get(self.status.partition("_")[0], "changed")
        return f"{self.resource} ({self.kind}) could not be {done}: {self.reason.rstrip('. ')}"


@dataclass
class Outcome:
    """How an operation ended."""

    status: str = ""
    failures: list[Failure] = field(default_factory=list)

    def cause(self) -> str:
        """Return the first failure in words; the others mostly follow from it."""
        return self.failures[0].sentence() if self.failures else f"CloudFormation says {self.status}"


@dataclass(frozen=True)
class Stacks:
    """CloudFormation, asked with patience."""

    client: Any
    patience: Patience

    def find(self, name: str) -> Stack | None:
        """Return the stack of a name or an id, or None."""
        try:
            found = self.patience.ask(lambda: self.client.describe_stacks(StackName=name))["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response.get("Error", {}).get("Message", ""):
                return None
            raise
        return Stack(
            found["StackId"],
            found["StackStatus"],
            found.get("StackStatusReason", ""),
            {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
            {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        )

    def resources(self, stack_id: str) -> list[dict[str, Any]]:
        """Return every resource of a stack, also of one that is deleted."""
        pages = self.client.get_paginator("list_stack_resources")
        return [
            one
            for page in pages.paginate(StackName=stack_id)
            for one in page.get("StackResourceSummaries", [])
        ]

    def last_event(self, stack_id: str) -> str:
        """Return the id of the newest event: what follows comes after it."""
        return next((str(event["EventId"]) for event in self._events(stack_id)), "")

    def follow(self, stack_id: str, after: str) -> Outcome:
        """Say each event as it happens, until the stack rests. `after` is the last event that is not news."""
        outcome = Outcome()
        try:
            while not outcome.status:
                for event in self.patience.ask(partial(self._news, stack_id, after)):
                    after = event["EventId"]
                    _say(event)
                    _take(event, outcome)
                if not outcome.status:
                    self.patience.sleep(POLL_SECONDS)
        except KeyboardInterrupt as error:
            raise Refused(
                "You stopped watching; CloudFormation goes on by itself. "
                f"To see how it ends, run `{self.patience.resume}`."
            ) from error
        return outcome

    def operate(self, stack_id: str, begin: Callable[[], Any]) -> Outcome:
        """Begin something, and follow it to its end."""
        before = self.patience.ask(lambda: self.last_event(stack_id))
        begin()
        return self.follow(stack_id, before)

    def _news(self, stack_id: str, after: str) -> list[dict[str, Any]]:
        fresh = []
        for event in self._events(stack_id):
            if event["EventId"] == after:
                break
            fresh.append(event)
        return fresh[::-1]

    def _events(self, stack_id: str) -> Iterator[dict[str, Any]]:
        """Return the events, the newest first."""
        pages = self.client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=stack_id):
            yield from page["StackEvents"]


def _say(event: dict[str, Any]) -> None:
    time = event["Timestamp"].strftime("%H:%M:%S")
    line = f"{time}  {event['ResourceStatus']:<28}  {event['LogicalResourceId']}"
    reason = event.get("ResourceStatusReason")
    click.echo(f"{line}: {reason}" if reason else line)


def _take(event: dict[str, Any], outcome: Outcome) -> None:
    status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "no reason was given")
    if event["ResourceType"] == _STACK and event["PhysicalResourceId"] == event["StackId"]:
        # The clean-up after an update is part of it: the new version runs, but nothing else may begin.
        outcome.status = "" if status.endswith("_IN_PROGRESS") else status
    elif status.endswith("_FAILED") and not reason.startswith(_CANCELLED):
        outcome.failures.append(Failure(event["LogicalResourceId"], event["ResourceType"], status, reason))
