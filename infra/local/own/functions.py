"""Functions that no request calls, by their name: schedules, queues, topics and plain ones."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from chalice.app import CloudWatchEventConfig, ScheduledEventConfig, SQSEventConfig

from infra.local.environment import ACCOUNT, REGION

Function = Callable[[dict[str, Any], Any], Any]


class UnknownFunctionError(LookupError):
    """No function has this name. The message lists those that exist."""


class MissingEventError(ValueError):
    """A function of this kind has no usual event."""


def handler(handler_string: str) -> Function:
    """Return a function by the handler that Lambda is configured with."""
    module, _, name = handler_string.rpartition(".")
    found: Function = getattr(import_module(module), name)
    return found


def find_function(app: Any, name: str) -> tuple[Function, Any]:
    """Return a function of a Chalice app and its configuration. Raises UnknownFunctionError."""
    known = {one.name: one for one in (*app.event_sources, *app.pure_lambda_functions)}
    if name not in known:
        raise UnknownFunctionError(f"There is no function {name}; there are: {', '.join(sorted(known))}.")
    return handler(known[name].handler_string), known[name]


def event_for(config: Any, given: Any = None) -> dict[str, Any]:
    """Return the event for a function.

    Without one, a schedule gets what EventBridge sends. A queue gets `given` as the body of one message,
    unless it is an event already. Raises MissingEventError.
    """
    if isinstance(config, SQSEventConfig) and given is not None:
        return given if isinstance(given, dict) and "Records" in given else sqs_event(given)
    if given is not None:
        return dict(given)
    if isinstance(config, ScheduledEventConfig | CloudWatchEventConfig):
        return schedule_event()
    if isinstance(config, SQSEventConfig):
        raise MissingEventError(f"{config.name} reads a queue: pass the body of a message with --event.")
    return {}


def schedule_event(detail: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what EventBridge sends to a scheduled function."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/schedule"],
        "detail": dict(detail or {}),
    }


def sqs_event(*bodies: Any) -> dict[str, Any]:
    """Return what Lambda passes to a function for messages. A body that is no text becomes JSON."""
    return {"Records": [_sqs_record(body) for body in bodies]}


def _sqs_record(body: Any) -> dict[str, Any]:
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "local",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
        "awsRegion": REGION,
    }
