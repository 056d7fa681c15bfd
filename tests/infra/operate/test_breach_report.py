"""The report of a breach, also of one that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.accounts.administration import Administration
from chalicelib.adapters.dynamodb.system import DynamoDBSystem
from chalicelib.domain.errors import NotFound, Unavailable
from infra.operate.breach import command
from infra.operate.breach.proof import Before
from infra.operate.breach.report import ReportWriter
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, knock, report, works_again

REPLACED, ENDED, TIDIED = "replaced the signing key", "ended every session", "removed the old key's label"
EMPTIED = "emptied the authorizer cache"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def events(stderr: str) -> list[dict[str, Any]]:
    """Return the `breach` events that a command has left."""
    lines = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "breach"]


def test_the_event_says_who_and_to_which_epoch(stage: LocalDeployment) -> None:
    result = stage.operate("breach", "--yes")
    (event,) = events(result.stderr)
    assert (event["level"], event["epoch"]) == ("ERROR", 1)
    assert event["operator"] == report(stage, 1)["operator"]
    assert "breach" not in result.stdout.splitlines()[0]


STOPS: dict[str, tuple[Any, str, list[str], int]] = {
    "the table": (DynamoDBSystem, "advance_epoch", [REPLACED], 0),
    "the proof": (Before, "prove", [REPLACED, ENDED, TIDIED, EMPTIED], 1),
    "the count": (command, "count_ended", [REPLACED, ENDED, TIDIED, EMPTIED, "proved that", EMPTIED], 1),
}


@pytest.mark.parametrize(("where", "name", "done", "recorded"), STOPS.values(), ids=list(STOPS))
def test_a_run_that_is_stopped_leaves_a_report_of_how_far_it_came(
    stage: LocalDeployment,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    name: str,
    done: list[str],
    recorded: int,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(where, name, failing(Unavailable("aws ThrottlingException")))
        result = stage.operate("breach", "--yes")
    assert result.exit_code == 1
    assert "The run was interrupted: see breach-local-1.json, then repeat the command." in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: The call to AWS failed (ThrottlingException)")
    said = report(stage, 1)
    assert (said["finished"], said["stopped_by"], said["sessions_ended"]) == (False, "Unavailable", None)
    steps = [step["done"] for step in said["steps"]]
    assert len(steps) == len(done)
    assert all(step.startswith(one) for step, one in zip(steps, done, strict=True))
    assert len(events(result.stderr)) == recorded


def test_each_step_is_in_the_file_when_it_is_said(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, seen = ReportWriter.step, []

    def watched(self: ReportWriter, done: str) -> None:
        step(self, done)
        seen.append([one["done"] for one in json.loads(self.path.read_text())["steps"]])

    monkeypatch.setattr(ReportWriter, "step", watched)
    assert stage.operate("breach", "--yes").exit_code == 0
    steps = [one["done"] for one in report(stage, 1)["steps"]]
    assert seen == [steps[: count + 1] for count in range(len(steps))]
    assert sorted(path.name for path in stage.folder.iterdir()) == [".local", "breach-local-1.json"]


def test_an_account_that_cannot_be_removed_is_said_with_how_to_do_it(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = stage.signed_in()
    with monkeypatch.context() as patch:
        patch.setattr(Administration, "delete", failing(Unavailable("aws ThrottlingException")))
        result = stage.operate("breach", "--yes")
    assert result.exit_code == 0
    said = report(stage, 1)
    assert (said["finished"], said["sessions_ended"]) == (True, 1)
    assert said["left_behind"] in result.stderr.splitlines()
    assert said["left_behind"].startswith("The account probe-")
    deletion = said["left_behind"].partition("`python -m infra ")[2].partition("`")[0]
    assert stage.operate(*deletion.split()).stdout.startswith("Deleted probe-")
    assert knock(app) == EVERY_DOOR_SHUT


def test_an_account_that_is_gone_already_is_no_matter(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = Administration.delete

    def lost(self: Administration, user_id: str, actor: str) -> None:
        delete(self, user_id, actor)
        raise NotFound

    monkeypatch.setattr(Administration, "delete", lost)
    result = stage.operate("breach", "--yes")
    assert result.exit_code == 0
    assert report(stage, 1)["left_behind"] is None
    assert "probe-" not in result.output


def test_a_disk_that_fills_stops_nothing_and_the_report_is_printed(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, write = stage.signed_in(), ReportWriter._write

    def fill(self: ReportWriter) -> None:
        if self.report.steps:
            raise OSError(28, "No space left on device")
        write(self)

    with monkeypatch.context() as patch:
        patch.setattr(ReportWriter, "_write", fill)
        result = stage.operate("breach", "--yes")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: The report above could not be written to breach-local-1.json "
        "(No space left on device): keep it."
    )
    printed = json.loads(result.stdout[result.stdout.index("\n{\n") :])
    assert (printed["sessions_ended"], printed["finished"], len(printed["steps"])) == (1, True, 6)
    assert works_again(app)
