"""`python -m infra breach`, as a drill: what worked before works no more the moment it returns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.system import DynamoDBSystem
from chalicelib.domain.errors import Unavailable
from infra.local.stack import local_stack
from infra.local.stack.local_stack import LocalStack
from infra.local.stack.server import HttpServer
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, GONE, knock, phones, report, state, works_again


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


def test_it_asks_first(stage: LocalDeployment) -> None:
    app, before = stage.signed_in(), state(stage)
    for answer in ("", "n\n"):
        result = stage.operate("breach", stdin=answer)
        assert result.exit_code == 1
        assert "End every session of stage local, for every user?" in result.output
    assert state(stage) == before
    assert stage.operate("breach", stdin="y\n").exit_code == 0
    assert app.me().status_code == 401


def test_every_token_from_before_is_refused_at_once_and_everywhere(stage: LocalDeployment) -> None:
    apps = phones(stage)
    result = stage.operate("breach", "--yes")
    assert result.exit_code == 0, result.output
    # At once: no time is let pass, and the cache of 60 s had an Allow for each of these.
    with ThreadPoolExecutor(len(apps)) as pool:
        for seen in pool.map(knock, apps):
            assert seen == EVERY_DOOR_SHUT
    for app in apps:
        assert works_again(app)


def test_the_report_says_what_was_done(stage: LocalDeployment) -> None:
    phones(stage)
    result = stage.operate("breach", "--yes")
    said = report(stage, 1)
    assert (said["stage"], said["epoch"], said["resumed"], said["sessions_ended"]) == ("local", 1, False, 6)
    assert "arn:aws:" in said["operator"]
    assert said["proof"] == {
        "an old access token is refused": True,
        "an old access token is refused where the authorizer's cache decides": True,
        "an old refresh token is refused": True,
        "a new sign-in works": True,
    }
    done = [step["done"] for step in said["steps"]]
    assert [one.split(":")[0] for one in done] == [
        "replaced the signing key",
        "ended every session from before",
        "removed the old key's label",
        "emptied the authorizer cache",
        "proved that tokens from before are refused",
        "emptied the authorizer cache once more",
    ]
    assert all(one in result.output for one in done)
    assert "eyJ" not in json.dumps(said) + result.output
    assert "ghr_" not in json.dumps(said) + result.output


def test_the_report_can_go_elsewhere(stage: LocalDeployment) -> None:
    where = stage.folder / "elsewhere.json"
    assert stage.operate("breach", "--yes", "--report", str(where)).exit_code == 0
    assert json.loads(where.read_text())["epoch"] == 1


def test_the_account_of_the_proof_is_removed(stage: LocalDeployment) -> None:
    before = {row for row in state(stage)[0] if "ACCOUNT#" in row}
    stage.operate("breach", "--yes")
    assert {row for row in state(stage)[0] if "ACCOUNT#" in row} == before


def test_each_run_goes_to_a_new_epoch(stage: LocalDeployment) -> None:
    for epoch in (1, 2, 3):
        app = stage.signed_in()
        assert stage.operate("breach", "--yes").exit_code == 0
        assert knock(app)[0] == GONE
        assert report(stage, epoch)["sessions_ended"] >= 1
    assert stage.deployment.services.adapters.system.state().epoch == 3
    assert stage.signed_in().me().status_code == 200


def test_an_explanation_names_the_breach(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    stage.operate("breach", "--yes")
    explained = stage.operate("sessions", "explain", app.username).output
    assert "was ended, with all other sessions, by a declared breach" in explained


@pytest.mark.parametrize("after_the_write", [True, False])
def test_a_run_that_crashed_is_resumed_by_another(
    stage: LocalDeployment,
    monkeypatch: pytest.MonkeyPatch,
    after_the_write: bool,  # noqa: FBT001
) -> None:
    """Between the new key and the new epoch, and right after that epoch was written."""
    app = stage.signed_in()
    advance = DynamoDBSystem.advance_epoch

    def crash(self: DynamoDBSystem, epoch: int, **options: bool) -> bool:
        if after_the_write:
            advance(self, epoch, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DynamoDBSystem, "advance_epoch", crash)
        assert stage.operate("breach", "--yes").exit_code != 0
    assert (report(stage, 1)["finished"], report(stage, 1)["stopped_by"]) == (False, "KeyboardInterrupt")
    assert stage.operate("breach", "--yes").exit_code == 0
    assert report(stage, 2)["resumed"] is (not after_the_write)
    assert knock(app) == EVERY_DOOR_SHUT
    assert works_again(app)


def test_a_table_that_cannot_be_written_is_told_in_one_sentence(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> bool:
        raise Unavailable("aws ThrottlingException")

    with monkeypatch.context() as patch:
        patch.setattr(DynamoDBSystem, "advance_epoch", fail)
        result = stage.operate("breach", "--yes")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: The call to AWS failed (ThrottlingException)")


class StoppableServer(HttpServer):
    """Can be stopped before its stack is."""

    stopped = False

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            super().stop()


class FallingStack(LocalStack):
    """Its API goes away when the authorizer cache is emptied: in the middle of a breach."""

    api: StoppableServer

    def flush(self) -> None:
        super().flush()
        self.api.stop()


def test_an_api_that_goes_away_amid_it_leaves_it_done_but_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remembered(*arguments: Any) -> StoppableServer:
        FallingStack.api = StoppableServer(*arguments)
        return FallingStack.api

    monkeypatch.setattr(local_stack, "HttpServer", remembered)
    with staged(tmp_path, stack_class=FallingStack) as stage:
        check_done_but_not_proven(stage)


def test_an_api_that_is_down_from_the_start_is_no_obstacle(stage: LocalDeployment) -> None:
    """The stack file names an address at which nobody listens."""
    app = stage.signed_in()
    file = stage.folder / ".local" / "stack.json"
    told_truth = json.loads(file.read_text())
    file.write_text(json.dumps({**told_truth, "api_url": "http://127.0.0.1:9"}))
    output = check_done_but_not_proven(stage)
    assert "No proof will be possible: signing in before failed" in output
    assert knock(app) == EVERY_DOOR_SHUT
    file.write_text(json.dumps(told_truth))


def check_done_but_not_proven(stage: LocalDeployment) -> str:
    result = stage.operate("breach", "--yes")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.endswith(
        "The sessions are ended, but the proof failed: see the report, then repeat the command.\n"
    )
    assert "NOT PROVEN" in result.output
    said = report(stage, 1)
    assert any(step["done"].startswith("NOT PROVEN") for step in said["steps"])
    assert not any(said["proof"].values())
    services = stage.deployment.services
    assert (services.key_rotation.current().epoch, services.adapters.system.state().epoch) == (1, 1)
    return result.output
