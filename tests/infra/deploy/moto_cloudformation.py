"""Extends moto's CloudFormation by what these tests need.

- Details of each change in a change set: replaced or not, by CloudFormation's schemas; which properties;
  imported or not, by whether a resource of that name exists.
- Events, a pair for each resource, of which each poll sees some more, as with AWS.
- Failures that a test asks for: events and states. A first deploy that fails leaves nothing.
- `DescribeEvents` and `UpdateTerminationProtection`, and resources that moto lacks: `moto_types`.

Not imitated: permissions, quotas, `Rules`, drift, stack policies, what termination protection forbids.
The tests look at the requests for those.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from tests.infra.deploy.evaluation import diff
from tests.infra.deploy.moto_types import add_types

UPDATE = parsing.parse_and_update_resource
_STACK = "AWS::CloudFormation::Stack"
_VERBS = {"Add": "CREATE", "Modify": "UPDATE", "Remove": "DELETE", "Import": "IMPORT"}


@dataclass
class Script:
    """Failures that a test asks for, and the pace of events."""

    fails: dict[str, str] = field(default_factory=dict)
    """Reasons by resource: an operation that reaches it fails."""
    delete_fails: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    """Reason for which change sets fail."""
    validation: list[dict[str, str]] = field(default_factory=list)
    """Answer of DescribeEvents for a change set."""
    instalment: int = 20
    """Events that a poll sees more than the one before."""


def extend(patch: pytest.MonkeyPatch, script: Script) -> None:
    """Patch moto, for one test."""
    add_types(patch)
    operations = _Operations(script)
    # moto does not read conditions, so the bucket policy's refusal without TLS would refuse everything.
    patch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    patch.setattr(parsing, "parse_and_update_resource", _update_resource)
    # The template is JSON, and moto parses it as YAML, which takes a third of a test's time.
    patch.setattr(
        ChangeSet, "_parse_template", lambda one: setattr(one, "template_dict", json.loads(one.template))
    )
    patch.setattr(ChangeSet, "diff", diff)
    respond: dict[str, Callable[..., Any]] = {
        "describe_events": lambda _: ActionResult({"OperationEvents": script.validation}),
        "update_termination_protection": _protect,
        "_validate_different_update": lambda *_: None,
        "_get_stack_from_s3_url": _template_at,
    }
    for name, answer in respond.items():
        patch.setattr(CloudFormationResponse, name, answer, raising=False)
    for name in ("create_change_set", "execute_change_set", "delete_stack", "describe_stack_events"):
        original = getattr(CloudFormationBackend, name)
        extended = getattr(operations, name)
        patch.setattr(
            CloudFormationBackend,
            name,
            lambda backend, *values, _original=original, _extended=extended, **more: _extended(
                backend, _original, *values, **more
            ),
        )


def finish(stack: Stack, status: str, reason: str | None = None) -> None:
    """Set the state of a stack, and add the event of it."""
    stack.status = status
    record(stack, stack.name, _STACK, status, reason)


def record(stack: Stack, name: str, kind: str, status: str, reason: str | None = None) -> None:
    """Add an event."""
    stack_id = stack.stack_id if kind == _STACK else f"{stack.name}-{name}"
    stack.events.append(Event(stack.stack_id, stack.name, name, stack_id, kind, status, reason, None))


@dataclass
class _Operations:
    script: Script
    _seen: dict[str, int] = field(default_factory=dict)

    def create_change_set(self, backend: Any, original: Any, **request: Any) -> Any:
        for stack in list(backend.stacks.values()):
            if stack.status == "REVIEW_IN_PROGRESS" and stack.name == request["stack_name"]:
                del backend.stacks[stack.stack_id]
        made = original(backend, **request)
        if self.script.refuses:
            change_set = backend.change_sets[made[0]]
            change_set.status, change_set.status_reason = "FAILED", self.script.refuses
        return made

    def execute_change_set(
        self, backend: Any, original: Any, change_set_name: str, stack_name: str | None = None
    ) -> None:
        change_set = backend.describe_change_set(change_set_name)
        stack, kind = backend.stacks[change_set.stack_id], change_set.change_set_type
        record(stack, stack.name, _STACK, f"{kind}_IN_PROGRESS", "User Initiated")
        for change in change_set.changes:
            name, type_, doing = change.logical_resource_id, change.resource_type, _VERBS[change.action]
            record(stack, name, type_, f"{doing}_IN_PROGRESS")
            if name in self.script.fails:
                record(stack, name, type_, f"{doing}_FAILED", self.script.fails[name])
                record(stack, "Another", type_, f"{doing}_FAILED", "Resource creation cancelled")
                self._roll_back(backend, stack, kind)
                return
            record(stack, name, type_, f"{doing}_COMPLETE")
        events = list(stack.events)
        partial(original, backend, change_set_name, stack_name)()
        # The outputs that an update changes, moto has read before the update.
        stack.template_dict, stack.parameters = change_set.template_dict, change_set.parameters
        stack.output_map = stack._create_output_map()
        stack.tags = change_set.tags
        stack.events = events
        finish(stack, f"{kind}_COMPLETE")

    @staticmethod
    def _roll_back(backend: Any, stack: Stack, kind: str) -> None:
        if kind != "CREATE":
            finish(stack, f"{kind}_ROLLBACK_IN_PROGRESS")
            finish(stack, f"{kind}_ROLLBACK_COMPLETE")
            return
        finish(stack, "DELETE_IN_PROGRESS")
        stack.deletion_time = utcnow()  # type: ignore[attr-defined]
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
        finish(stack, "DELETE_COMPLETE")

    def delete_stack(self, backend: Any, original: Any, name_or_stack_id: str) -> None:
        stack = backend.get_stack(name_or_stack_id)
        for name, reason in self.script.delete_fails.items():
            record(stack, name, "AWS::IAM::Role", "DELETE_FAILED", reason)
            finish(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{name}]. ")
            return
        original(backend, stack.stack_id)
        stack.deletion_time = utcnow()

    def describe_stack_events(self, backend: Any, original: Any, stack_name: str) -> Any:
        events = original(backend, stack_name)
        seen = self._seen.get(backend.get_stack(stack_name).stack_id, 0)
        # The first poll sees all events; each later one some more than the poll before.
        upto = len(events) if not seen else min(len(events), seen + self.script.instalment)
        self._seen[backend.get_stack(stack_name).stack_id] = upto
        return events[:upto]


def _protect(response: Any) -> EmptyResult:
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    stack.enable_termination_protection = response._get_bool_param("EnableTerminationProtection")
    return EmptyResult()


def _template_at(response: Any, url: str) -> str:
    parts = urlsplit(url)
    bucket, _, key = parts.path.lstrip("/").partition("/")
    (version,) = parse_qs(parts.query)["versionId"]
    backend = s3_backends[response.current_account][response.partition]
    found = backend.get_object(bucket, key, version_id=version)
    assert found is not None, f"no template at {url}"
    text: str = found.value.decode()
    return text


def _update_resource(logical_id: str, described: Any, resources: Any, **where: str) -> Any:
    before = resources[logical_id]
    with suppress(AttributeError):  # moto's way of saying that it cannot update this type
        return UPDATE(logical_id, described, resources, **where) or before
    return before
