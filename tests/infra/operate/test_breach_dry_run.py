"""`python -m infra breach --dry-run`: looks at what is needed, and leaves everything as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from click.testing import Result

from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import phones, state
from tests.infra.operate.unreadable import spoil_key

CHECKS = [
    "the AWS identity is known",
    "the signing key can be read",
    "the table can be read",
    "the sessions can be counted",
    "the API answers",
    "the report can be written",
]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


def failed(result: Result) -> list[str]:
    """Return the checks that failed; the others passed."""
    lines = [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")]
    said = {line.split(": ")[0].removeprefix("NOT OK").removeprefix("ok").strip(): line for line in lines}
    assert [name for name in said if name in CHECKS] == CHECKS
    missing = [name for name in CHECKS if said[name].startswith("NOT OK")]
    assert result.exit_code == int(bool(missing))
    assert ("Would declare a breach" in result.stdout) is (not missing)
    if missing:
        assert result.stderr == "Error: A prerequisite is missing: see above.\n"
    return missing


def refuse(monkeypatch: pytest.MonkeyPatch, *operations: str) -> None:
    """Have AWS refuse some calls of the operator and of the functions alike."""
    make = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(client: Any, operation: str, params: Any) -> Any:
        if operation in operations:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, operation)
        return make(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)


def test_it_changes_nothing(stage: LocalDeployment) -> None:
    apps, before = phones(stage), state(stage)
    result = stage.operate("breach", "--dry-run")
    assert failed(result) == []
    assert "Would declare a breach of stage local" in result.output
    assert result.output.endswith("6 sessions would end.\n")
    assert state(stage) == before
    assert {app.me().status_code for app in apps} == {200}
    assert {app.refresh(app.refresh_token).status_code for app in apps} == {200}
    assert [path.name for path in stage.folder.iterdir()] == [".local"]


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("GetCallerIdentity", ["the AWS identity is known"]),
        ("DescribeSecret", ["the signing key can be read", "the sessions can be counted"]),
        ("GetSecretValue", ["the signing key can be read", "the sessions can be counted"]),
        ("BatchGetItem", ["the table can be read", "the sessions can be counted"]),
        ("Scan", ["the sessions can be counted"]),
    ],
)
def test_what_aws_refuses_is_said(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch, operation: str, missing: list[str]
) -> None:
    refuse(monkeypatch, operation)
    result = stage.operate("breach", "--dry-run")
    assert failed(result) == missing
    assert "AccessDenied" in result.stdout


@pytest.mark.parametrize("path", ["", "/me"])
def test_an_api_that_does_not_answer_as_ours_is_said(stage: LocalDeployment, path: str) -> None:
    file = stage.folder / ".local" / "stack.json"
    told_truth = json.loads(file.read_text())
    elsewhere = f"{stage.url}{path}" if path else "http://127.0.0.1:9"
    file.write_text(json.dumps({**told_truth, "api_url": elsewhere}))
    assert failed(stage.operate("breach", "--dry-run")) == ["the API answers"]
    file.write_text(json.dumps(told_truth))


@pytest.mark.parametrize("kind", ["no folder", "a pipe", "a link"])
def test_a_report_that_cannot_be_written_is_said(stage: LocalDeployment, kind: str) -> None:
    path = unwritable(stage.folder, kind)
    result = stage.operate("breach", "--dry-run", "--report", str(path))
    assert failed(result) == ["the report can be written"]


@pytest.mark.parametrize("kind", ["no folder", "a pipe", "a link"])
def test_without_a_place_for_the_report_nothing_is_done(stage: LocalDeployment, kind: str) -> None:
    path, before = unwritable(stage.folder, kind), state(stage)
    result = stage.operate("breach", "--yes", "--report", str(path))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Nothing was done, since the report cannot be written to ")
    assert result.stderr.endswith("name another file with --report.\n")
    assert state(stage) == before


def unwritable(folder: Path, kind: str) -> Path:
    if kind == "no folder":
        return folder / "nowhere" / "report.json"
    path = folder / "report.json"
    if kind == "a link":
        path.symlink_to("elsewhere.json")
    else:
        os.mkfifo(path)
    return path


def test_a_key_that_nobody_can_read_is_said(stage: LocalDeployment) -> None:
    spoil_key(stage)
    result = stage.operate("breach", "--dry-run")
    assert failed(result) == ["the signing key can be read"]
    assert "it may have been edited" in result.stdout
