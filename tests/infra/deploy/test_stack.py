"""A stack and its change sets, with CloudFormation faked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, WaiterError

from infra.deploy.options import PROJECT
from infra.deploy.refusal import Refused
from infra.deploy.stack import Stack, State

ID, TIME = "arn:stack/gatehouse-prod/1", datetime(2027, 1, 15, tzinfo=UTC)
LOST = EndpointConnectionError(endpoint_url="https://cloudformation")


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    physical = ID if resource == "gatehouse-prod" else resource
    return {
        "EventId": str(number),
        "StackId": ID,
        "LogicalResourceId": resource,
        "PhysicalResourceId": physical,
        "ResourceType": "AWS::Lambda::Function",
        "Timestamp": TIME,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


@dataclass
class FakeCloudFormation:
    """One stack, one change set."""

    statuses: list[str] = field(default_factory=lambda: ["UPDATE_COMPLETE"])
    """Statuses of the stack, one for each read; the last one stays."""
    news: list[Any] = field(default_factory=list)
    """Events, or an exception, one for each read."""
    refuses: str = ""
    validation: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(
        default_factory=lambda: [event(0, "gatehouse-prod", "CREATE_COMPLETE")]
    )

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"Stacks": [{"StackId": ID, "StackStatus": status}]}

    def create_change_set(self, **_: Any) -> dict[str, str]:
        return {"Id": "change-set", "StackId": ID}

    def get_waiter(self, _name: str) -> FakeCloudFormation:
        return self

    def wait(self, **_: Any) -> None:
        if self.refuses:
            raise WaiterError("change_set_create_complete", "failed", {"StatusReason": self.refuses})

    def get_paginator(self, name: str) -> Any:
        return type("Paginator", (), {"paginate": getattr(self, f"_{name}")})

    def _describe_change_set(self, **_: Any) -> Iterator[dict[str, Any]]:
        change = {"Action": "Modify", "LogicalResourceId": "Api", "ResourceType": "AWS::Lambda::Function"}
        yield {"Changes": [{"ResourceChange": change}]}

    def _describe_stack_events(self, **_: Any) -> Iterator[dict[str, Any]]:
        if "execute" in self.calls and self.news:
            found = self.news.pop(0)
            if isinstance(found, BaseException):
                raise found
            self.events = [found, *self.events]
        yield {"StackEvents": self.events}

    def describe_events(self, **_: Any) -> dict[str, Any]:
        return {"OperationEvents": self.validation}

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("execute")

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("discard")

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete stack")


def change(fake: FakeCloudFormation, check: Callable[[Any], None] = lambda _: None) -> bool:
    stack = Stack("gatehouse-prod", fake, lambda _: None)
    return stack.change(State("UPDATE_COMPLETE", ID), check, values={}, tags={})


def test_events_are_printed_once_and_a_failure_is_its_first_cause(capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        event(1, "gatehouse-prod", "UPDATE_IN_PROGRESS"),
        event(2, "Api", "UPDATE_FAILED", "The role cannot be assumed."),
        event(3, "Other", "UPDATE_FAILED", "Resource update cancelled"),
        event(4, "gatehouse-prod", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    with pytest.raises(Refused) as told:
        change(FakeCloudFormation(news=list(events)))
    assert told.value.message == (
        "The operation failed: Api (AWS::Lambda::Function): The role cannot be assumed. "
        "gatehouse-prod is now in state UPDATE_ROLLBACK_COMPLETE."
    )
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[2].rstrip(":") for line in printed[2:]] == [
        one["LogicalResourceId"] for one in events
    ]


def test_what_validation_finds_before_the_deployment_is_printed() -> None:
    """The status of the change set does not contain it."""
    path = "/Resources/FailedSignInsAlarm/Properties/Metrics"
    found = {"LogicalResourceId": "FailedSignInsAlarm", "ValidationPath": path}
    fake = FakeCloudFormation(refuses="Change set creation failed: validation.")
    fake.validation = [{**found, "ValidationStatusReason": "Unsupported metric query."}, {"EventId": "2"}]
    with pytest.raises(Refused) as told:
        change(fake)
    assert told.value.message == (
        "CloudFormation refuses the change: Change set creation failed: validation.\n"
        f"  FailedSignInsAlarm {path}: Unsupported metric query."
    )
    assert fake.calls == ["discard"]


def test_a_change_set_without_changes_is_none() -> None:
    fake = FakeCloudFormation(refuses="The submitted information didn't contain changes.")
    assert (change(fake), fake.calls) == (False, ["discard"])


@pytest.mark.parametrize("error", [Refused("no"), KeyboardInterrupt()])
def test_a_change_set_does_not_outlive_a_refusal_or_an_interruption(error: BaseException) -> None:
    def check(_: Any) -> None:
        raise error

    fake = FakeCloudFormation(statuses=["REVIEW_IN_PROGRESS"])
    with pytest.raises(type(error)):
        change(fake, check)
    assert fake.calls == ["discard", "delete stack"]


@pytest.mark.parametrize(
    ("error", "reason"), [(LOST, "Could not connect"), (KeyboardInterrupt(), "interrupted")]
)
def test_lost_events_are_reported_with_the_next_step(error: BaseException, reason: str) -> None:
    with pytest.raises(Refused) as told:
        change(FakeCloudFormation(news=[event(1, "gatehouse-prod", "UPDATE_IN_PROGRESS"), error]))
    assert f"The events can no longer be read ({reason}" in told.value.message
    assert "CloudFormation continues by itself; the same command again waits" in told.value.message


def test_a_busy_stack_is_waited_for() -> None:
    slept: list[float] = []
    fake = FakeCloudFormation(statuses=["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"])
    assert Stack("gatehouse-prod", fake, slept.append).ready().status == "UPDATE_COMPLETE"
    assert slept == [30, 30]


@pytest.mark.parametrize(
    "state",
    ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"],
)
def test_a_state_that_accepts_no_change_is_in_the_runbook(state: str) -> None:
    with pytest.raises(Refused, match=f"is in state {state} and takes no change: docs/runbook-deploy.md"):
        Stack("gatehouse-prod", FakeCloudFormation(statuses=[state]), lambda _: None).ready()
    assert f"`{state}`" in (PROJECT / "docs" / "runbook-deploy.md").read_text(encoding="utf-8")
