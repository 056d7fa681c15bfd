"""Functions that no request calls, by name: from the command line and from a test."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from chalice.app import Blueprint, Chalice
from click.testing import CliRunner

from chalicelib import observability
from infra.__main__ import main
from infra.local.own.fragment import Fragment
from infra.local.own.functions import MissingEventError, UnknownFunctionError, schedule_event, sqs_event
from infra.local.stack.local_stack import LocalStack
from infra.local.testing import created, invoke  # noqa: F401 - a fixture
from tests.infra.local.own_app import fragment


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace `app` by one with functions of a developer's; return what they were invoked with."""
    events: list[Any] = []
    app, blueprint = Chalice("own", configure_logs=False), Blueprint("own_module")
    module = ModuleType("own_module")

    @blueprint.schedule("rate(1 day)")  # type: ignore[untyped-decorator,unused-ignore]
    def tick(event: Any) -> dict[str, str]:
        events.append(event.to_dict())
        return {"at": event.time}

    @blueprint.on_sqs_message(queue="jobs")  # type: ignore[untyped-decorator,unused-ignore]
    def jobs(event: Any) -> None:
        events.extend(record.body for record in event)

    @blueprint.lambda_function()  # type: ignore[untyped-decorator,unused-ignore]
    def crash(event: Any, context: Any) -> None:
        raise ZeroDivisionError("hunter2")

    for name, function in {"tick": tick, "jobs": jobs, "crash": crash}.items():
        setattr(module, name, function)
    app.register_blueprint(blueprint)
    monkeypatch.setitem(sys.modules, "own_module", module)
    monkeypatch.setattr("app.app", app)
    monkeypatch.setattr("chalicelib.api.application.create_app", lambda _routes: app)
    return events


def test_a_test_invokes_by_name(heard: list[Any], invoke: Callable[..., Any]) -> None:  # noqa: F811
    assert invoke("tick")["at"] == heard[0]["time"]
    assert invoke("tick", schedule_event({"a": 1})) is not None
    assert heard[1]["detail"] == {"a": 1}
    assert invoke("jobs", {"id": 1}) is None
    assert invoke("jobs", sqs_event("a", "b")) is None
    assert heard[2:] == ['{"id": 1}', "a", "b"]
    with pytest.raises(MissingEventError, match="jobs reads a queue"):
        invoke("jobs")
    with pytest.raises(UnknownFunctionError, match="There is no function no; there are: crash, jobs, tick"):
        invoke("no")


@pytest.fixture
def command() -> Iterator[Callable[..., Any]]:
    handler = observability.get_logger().registered_handler
    stream = handler.stream  # type: ignore[attr-defined]

    def run(*words: str, stdin: str = "") -> Any:
        return CliRunner().invoke(main, ["invoke", *words], input=stdin, prog_name="python -m infra")

    yield run
    handler.setStream(stream)  # type: ignore[attr-defined]


def test_the_command_without_a_stack_says_what_to_start(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_STACK_FILE", str(tmp_path / "stack.json"))
    done = command("tick")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: No local stack is running here: start one with `make run`.\n",
    )


def test_the_command_uses_the_running_stack(
    heard: list[Any], command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stack.json"
    with LocalStack(environment={"BCRYPT_COST": "4"}, file=file, own=fragment(tmp_path)) as stack:
        monkeypatch.setenv("GATEHOUSE_STACK_FILE", str(file))
        assert json.loads(command("tick").stdout) == {"at": heard[0]["time"]}
        assert command("jobs", "--event", "-", stdin='"hello"').exit_code == 0
        assert heard[1] == "hello"
        assert os.environ["AWS_ENDPOINT_URL"] == stack.aws_endpoint_url
        assert os.environ["NOTES_TABLE"] == "gatehouse-local-notes"
        crashed = command("crash")
        assert crashed.exit_code == 1
        assert "ZeroDivisionError: hunter2" in crashed.stderr
        assert "The event is not JSON" in command("jobs", "--event", "-", stdin="{").stderr
        assert "There is no function no" in command("no").stderr


def test_what_a_test_uses_is_in_moto_and_nothing_else_can_be_reached(tmp_path: Path) -> None:
    with created(Fragment.load({}, fragment(tmp_path))) as variables:
        item = {"pk": {"S": "a"}}
        boto3.client("dynamodb").put_item(TableName=variables["NOTES_TABLE"], Item=item)
        assert boto3.client("sqs").send_message(QueueUrl=variables["JOBS_QUEUE"], MessageBody="x")[
            "MessageId"
        ]
    with created(Fragment.load({}, fragment(tmp_path))) as variables:
        assert boto3.client("dynamodb").scan(TableName=variables["NOTES_TABLE"])["Items"] == []
