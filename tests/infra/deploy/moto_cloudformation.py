"""What moto's CloudFormation is taught for these tests.

- The transform for serverless applications: AWS's own translator, applied when a change set is made.
- What a change set says of each resource: replaced or not, by CloudFormation's schemas; which properties.
- Events, a pair for each resource, that come in instalments as they do from AWS.
- An operation that fails, as told by a test. Of a first deploy the table and the secret are made and taken
  away again, but for a table under protection; any other failure is events and states, and touches nothing.
- An import takes what is there.
- `ContinueUpdateRollback`, and what a deleted stack leaves: neither exists in moto.
- Resources that it lacks: see `moto_types`. An update that moto cannot make changes nothing.
- Bucket policies: moto does not read conditions, so a refusal without TLS would refuse everything.

Not imitated: permissions, quotas, `Rules`, drift, and checks of properties that moto's services do not make.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from tests.infra.deploy.evaluation import transformed
from tests.infra.deploy.moto_changes import diff
from tests.infra.deploy.moto_listing import is_there, list_stack_resources, summaries, take_away
from tests.infra.deploy.moto_types import teach_types, with_imports

UPDATE = parsing.parse_and_update_resource


@dataclass
class Script:
    """What a test wants CloudFormation to do."""

    fails: dict[str, str] = field(default_factory=dict)
    """Reasons by resource: an operation that comes to it fails."""
    rollback_fails: dict[str, str] = field(default_factory=dict)
    delete_fails: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    """Reason for which change sets fail."""
    instalment: int = 20
    """Events that a poll sees more than the one before."""
    before_execution: Callable[[], None] = lambda: None


def teach(patch: pytest.MonkeyPatch, script: Script) -> None:
    """Have moto do so, for one test."""
    teach_types(patch)
    lesson = _Lesson(script)
    patch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    patch.setattr(parsing, "parse_and_update_resource", _update_resource)
    patch.setattr(ChangeSet, "diff", diff)
    # The template is JSON, and moto's own way through a YAML parser takes a third of a test's time.
    patch.setattr(
        ChangeSet, "_parse_template", lambda one: setattr(one, "template_dict", json.loads(one.template))
    )
    patch.setattr(CloudFormationResponse, "_get_stack_from_s3_url", _template_at)
    patch.setattr(CloudFormationResponse, "_validate_different_update", lambda *_: None)
    patch.setattr(CloudFormationResponse, "list_stack_resources", list_stack_resources)
    make_change_set = CloudFormationResponse.create_change_set
    patch.setattr(CloudFormationResponse, "create_change_set", lambda one: with_imports(one, make_change_set))
    patch.setattr(
        CloudFormationResponse,
        "continue_update_rollback",
        lambda response: lesson.continue_rollback(response),  # noqa: PLW0108 - bound to the response
        raising=False,
    )
    for name in ("create_change_set", "execute_change_set", "delete_stack", "describe_stack_events"):
        original = getattr(CloudFormationBackend, name)
        taught = getattr(lesson, name)
        patch.setattr(
            CloudFormationBackend,
            name,
            lambda backend, *values, _original=original, _taught=taught, **more: _taught(
                backend, _original, *values, **more
            ),
        )


def record(stack: Stack, name: str, kind: str, status: str, reason: str | None = None) -> None:
    """Add an event."""
    stack_id = stack.stack_id if kind == "AWS::CloudFormation::Stack" else f"{stack.name}-{name}"
    stack.events.append(Event(stack.stack_id, stack.name, name, stack_id, kind, status, reason, None))


def finish(stack: Stack, status: str, reason: str | None = None) -> None:
    """Put a stack into a state, and say so in an event."""
    stack.status = status
    stack.stack_status_reason = reason  # type: ignore[attr-defined]
    record(stack, stack.name, "AWS::CloudFormation::Stack", status, reason)


@dataclass
class _Lesson:
    script: Script
    _seen: dict[str, int] = field(default_factory=dict)

    def create_change_set(self, backend: Any, original: Any, **request: Any) -> Any:
        empty = [one for one in backend.stacks.values() if one.status == "REVIEW_IN_PROGRESS"]
        for stack in empty:
            if stack.name == request["stack_name"]:
                del backend.stacks[stack.stack_id]
        document = json.loads(request["template"])
        # Without the defaults, moto takes a parameter that is named for the first time for one that changes.
        defaults = {name: one.get("Default", "") for name, one in document.get("Parameters", {}).items()}
        request["parameters"] = {
            name: str(one) for name, one in {**defaults, **request["parameters"]}.items()
        }
        if "Transform" in document:
            request["template"] = json.dumps(transformed(document, request["parameters"]))
        made = original(backend, **request)
        if self.script.refuses:
            change_set = backend.change_sets[made[0]]
            change_set.status, change_set.status_reason = "FAILED", self.script.refuses
        return made

    def execute_change_set(
        self, backend: Any, original: Any, change_set_name: str, stack_name: str | None = None
    ) -> None:
        self.script.before_execution()
        change_set = backend.describe_change_set(change_set_name)
        stack, kind = backend.stacks[change_set.stack_id], change_set.change_set_type
        make = partial(original, backend, change_set_name, stack_name)
        if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
            raise _overtaken(change_set_name)
        verb = {"Add": "CREATE", "Modify": "UPDATE", "Remove": "DELETE"}
        record(stack, stack.name, "AWS::CloudFormation::Stack", f"{kind}_IN_PROGRESS", "User Initiated")
        for change in change_set.changes:
            name, type_ = change.logical_resource_id, change.resource_type
            doing = "IMPORT" if kind == "IMPORT" else verb[change.action]
            record(stack, name, type_, f"{doing}_IN_PROGRESS")
            if name in self.script.fails:
                record(stack, name, type_, f"{doing}_FAILED", self.script.fails[name])
                if kind == "CREATE":
                    self._make(make, change_set, stack)
                self._roll_back(stack, kind, change_set)
                return
            record(stack, name, type_, f"{doing}_COMPLETE")
        self._make(make, change_set, stack)
        finish(stack, f"{kind}_COMPLETE")

    @staticmethod
    def _make(make: Callable[[], None], change_set: Any, stack: Stack) -> None:
        events = list(stack.events)
        make()
        # The outputs that an update changes, moto has read before the update.
        stack.template_dict, stack.parameters = change_set.template_dict, change_set.parameters
        stack.output_map = stack._create_output_map()
        stack.events = events

    def _roll_back(self, stack: Stack, kind: str, change_set: Any) -> None:
        for change in change_set.changes[-3:]:
            reason = "Resource creation cancelled"
            record(stack, change.logical_resource_id, change.resource_type, "CREATE_FAILED", reason)
        prefix = {"CREATE": "", "UPDATE": "UPDATE_", "IMPORT": "IMPORT_"}[kind]
        record(
            stack,
            stack.name,
            "AWS::CloudFormation::Stack",
            f"{prefix}ROLLBACK_IN_PROGRESS",
            "A resource failed",
        )
        stays = take_away(stack) if kind == "CREATE" else {}
        for name, reason in {**self.script.rollback_fails, **stays}.items():
            record(stack, name, "AWS::Lambda::Function", f"{'DELETE' if stays else 'UPDATE'}_FAILED", reason)
        finish(stack, f"{prefix}ROLLBACK_{'FAILED' if self.script.rollback_fails or stays else 'COMPLETE'}")

    def continue_rollback(self, response: Any) -> EmptyResult:
        stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
        for name, reason in self.script.rollback_fails.items():
            record(stack, name, "AWS::Lambda::Function", "UPDATE_FAILED", reason)
        finish(stack, f"UPDATE_ROLLBACK_{'FAILED' if self.script.rollback_fails else 'COMPLETE'}")
        return EmptyResult()

    def delete_stack(self, backend: Any, original: Any, name_or_stack_id: str) -> None:
        stack = backend.get_stack(name_or_stack_id)
        for name, reason in self.script.delete_fails.items():
            record(stack, name, "AWS::IAM::Role", "DELETE_FAILED", reason)
            finish(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{name}]. ")
            return
        resources = stack.resource_map._resource_json_map
        stack.left = [
            one
            for one in summaries(stack)
            if "Retain" in resources[one["LogicalResourceId"]].get("DeletionPolicy", "")
            and is_there(stack, one)
        ]
        for name in [one["LogicalResourceId"] for one in stack.left]:
            resources[name]["DeletionPolicy"] = "Retain"
        original(backend, stack.stack_id)
        stack.deletion_time = utcnow()

    def describe_stack_events(self, backend: Any, original: Any, stack_name: str) -> Any:
        events = original(backend, stack_name)
        seen = self._seen.get(backend.get_stack(stack_name).stack_id, 0)
        # All that was there at the first look is history; after that, news comes by and by.
        upto = len(events) if not seen else min(len(events), seen + self.script.instalment)
        self._seen[backend.get_stack(stack_name).stack_id] = upto
        return events[:upto]


def _overtaken(name: str) -> ValidationError:
    error = ValidationError(message=f"ChangeSet [{name}] cannot be executed in its current status")
    error.code = "InvalidChangeSetStatus"
    return error


def _template_at(response: Any, url: str) -> str:
    bucket, _, key = urlsplit(url).path.lstrip("/").partition("/")
    found = s3_backends[response.current_account][response.partition].get_object(bucket, key)
    assert found is not None, f"no template at {url}"
    text: str = found.value.decode()
    return text


def _update_resource(logical_id: str, described: Any, resources: Any, **where: str) -> Any:
    before = resources[logical_id]
    with suppress(AttributeError):  # moto's way of saying that it cannot update this type
        return UPDATE(logical_id, described, resources, **where) or before
    return before
