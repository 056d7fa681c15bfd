"""`python -m infra breach`: the worst day, in one command. `docs/runbook-breach.md` says when and why."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import requests

from chalicelib import observability
from chalicelib.adapters.dynamodb_items import session_of
from chalicelib.api.presentation import timestamp
from chalicelib.domain.errors import GatehouseError
from chalicelib.observability import Event
from infra.cli import stage_options
from infra.deployment import Deployment
from infra.probe import Probe, probe

_INVALID_TOKEN, _REFUSED_GRANT, _GOOD = 401, 400, 200


@dataclass
class Report:
    """What was done, when, by whom, and with what effect."""

    stage: str
    operator: str
    started_at: str
    epoch: int
    resumed: bool
    steps: list[dict[str, str]] = field(default_factory=list)
    sessions_ended: int | None = None
    proof: dict[str, Any] = field(default_factory=dict)

    def step(self, now: int, done: str) -> None:
        """Add a step, and say it."""
        self.steps.append({"at": timestamp(now), "done": done})
        click.echo(f"{timestamp(now)}  {done}")

    @property
    def proven(self) -> bool:
        """Tell whether every proof holds."""
        return bool(self.proof) and all(self.proof.values())


@click.command()
@stage_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Check everything that is needed, and change nothing.")
@click.option(
    "--report", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where it is written."
)
def breach(deployment: Deployment, path: Path | None, *, yes: bool, dry_run: bool) -> None:
    """Replace the signing key without grace, and sign everybody out, now.

    Can be repeated; one that was interrupted is resumed by calling it again.
    """
    report = _plan(deployment)
    if dry_run:
        _rehearse(deployment, report)
        return
    if not yes:
        click.confirm(f"End every session of stage {deployment.stage}, for every user?", abort=True)
    with ExitStack() as stack:
        one, before = _look_before(deployment, stack)
        _execute(deployment, report)
        if one is not None:
            report.proof = _prove(one, before)
    verdict = "proved that tokens from before are refused" if report.proven else "NOT PROVEN: see below"
    report.step(_now(deployment), verdict)
    report.sessions_ended = _count(deployment, before_epoch=report.epoch)
    click.echo(f"{report.sessions_ended} sessions ended.")
    observability.record(Event.BREACH, severe=True, epoch=report.epoch, operator=report.operator)
    path = path or Path(f"breach-{deployment.stage}-{report.epoch}.json")
    path.write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")
    click.echo(f"Report: {path}")
    if not report.proven:
        raise click.ClickException("It is done but not proven: see the report, then run this again.")


def _plan(deployment: Deployment) -> Report:
    """Choose an epoch beyond every one in use, also after a run that stopped between key and table."""
    house = deployment.house
    key_epoch, table_epoch = house.key_rotation.current().epoch, house.world.sessions.epoch()
    started = timestamp(_now(deployment))
    epoch = max(key_epoch, table_epoch) + 1
    return Report(deployment.stage, deployment.operator(), started, epoch, resumed=key_epoch > table_epoch)


def _look_before(deployment: Deployment, stack: ExitStack) -> tuple[Probe | None, dict[str, Any]]:
    """Sign in, to have tokens from before. On the worst day that may fail, and the rest goes on."""
    try:
        one = stack.enter_context(probe(deployment))
        return one, one.sign_in()
    except (requests.RequestException, GatehouseError) as error:
        click.echo(f"No proof will be possible: signing in before failed ({type(error).__name__}).", err=True)
        return None, {}


def _rehearse(deployment: Deployment, report: Report) -> None:
    click.echo(f"Would declare a breach of stage {deployment.stage}:")
    click.echo(f"  1. replace the signing key by one of epoch {report.epoch}, with no grace for older ones")
    click.echo("  2. end every session that was begun before, in one write")
    click.echo("  3. empty the gateway's authorizer cache")
    click.echo(f"  4. prove it at {deployment.api_url}, and write a report as {report.operator}")
    click.echo(f"{_count(deployment, before_epoch=report.epoch)} sessions would end.")


def _execute(deployment: Deployment, report: Report) -> None:
    """Do it: the key first, so that no session of the new epoch is ever signed by an old key."""
    house = deployment.house
    house.key_rotation.replace_without_grace(str(uuid.uuid4()), report.epoch)
    report.step(_now(deployment), f"replaced the signing key: epoch {report.epoch}")
    # Warm functions see the new epoch with the read that each request makes, and drop older keys at once.
    house.world.sessions.advance_epoch(report.epoch, _now(deployment))
    report.step(_now(deployment), "ended every session from before")
    deployment.client("apigateway").flush_stage_authorizers_cache(
        restApiId=deployment.rest_api_id, stageName=deployment.api_stage
    )
    report.step(_now(deployment), "emptied the authorizer cache")


def _prove(one: Probe, before: dict[str, Any]) -> dict[str, bool]:
    access, refresh = before["access_token"], before["refresh_token"]
    return {
        "an old access token is refused": _holds(
            lambda: one.get("/me", access).status_code == _INVALID_TOKEN
        ),
        "an old refresh token is refused": _holds(lambda: one.refresh(refresh).status_code == _REFUSED_GRANT),
        "a new sign-in works": _holds(
            lambda: one.get("/me", one.sign_in()["access_token"]).status_code == _GOOD
        ),
    }


def _holds(look: Callable[[], bool]) -> bool:
    """Return what is seen; an API that does not answer proves nothing, and the report is still written."""
    try:
        return look()
    except requests.RequestException:
        return False


def _count(deployment: Deployment, before_epoch: int) -> int:
    """Count sessions that had not expired by epoch; a scan, which is why it comes last."""
    pages = deployment.client("dynamodb").get_paginator("scan")
    now = _now(deployment)
    sessions = (
        session_of(item)
        for page in pages.paginate(
            TableName=deployment.settings.users_table,
            FilterExpression="begins_with(pk, :sessions)",
            ExpressionAttributeValues={":sessions": {"S": "SESSIONS#"}},
        )
        for item in page["Items"]
    )
    return sum(one.epoch < before_epoch and one.stands(now, epoch=0) for one in sessions)


def _now(deployment: Deployment) -> int:
    return deployment.house.world.clock()
