"""`python -m infra breach`: replace the signing key, end every session and, if asked to, every API key.

See `docs/runbook-breach.md`.
"""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib import observability
from chalicelib.api.serializers import timestamp
from chalicelib.domain.errors import Unavailable
from chalicelib.oauth.key_rotation import Replacement
from chalicelib.observability import Event
from infra.operate.breach.dry_run import DryRun
from infra.operate.breach.plan import Plan, count_ended, count_ended_keys, make_plan
from infra.operate.breach.proof import NOBODY_BEFORE, looking_before
from infra.operate.breach.report import Report, ReportWriter
from infra.operate.cli import stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import confirm, say


@click.command()
@stage_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--api-keys", is_flag=True, help="End every API key, too.")
@click.option("--dry-run", is_flag=True, help="Check the prerequisites and change nothing.")
@click.option(
    "--report", "path", type=click.Path(dir_okay=False, path_type=Path), help="File for the report."
)
def breach(deployment: Deployment, path: Path | None, *, yes: bool, api_keys: bool, dry_run: bool) -> None:
    """Replace the signing key without a grace period, and end every session at once.

    Access tokens that came from an API key end, too. The keys themselves end only with `--api-keys`.

    The command can be repeated. To resume an interrupted run, call it again.
    """
    if dry_run:
        DryRun(deployment, path, api_keys=api_keys).run()
        return
    plan = make_plan(deployment)
    journal = _begin(deployment, plan, path, api_keys=api_keys)
    if not yes:
        what = "session and every API key" if api_keys else "session"
        confirm(f"End every {what} of stage {deployment.stage}, for every user?")
    with journal.kept():
        _carry_out(deployment, plan, journal)
    say(f"{journal.report.sessions_ended} sessions ended.")
    if api_keys:
        say(f"{journal.report.api_keys_ended} API keys ended.")
    say(f"Report: {journal.path}")
    if not journal.report.proven:
        raise click.ClickException(
            "The sessions are ended, but the proof failed: see the report, then repeat the command."
        )


def _begin(deployment: Deployment, plan: Plan, path: Path | None, *, api_keys: bool) -> ReportWriter:
    clock, stage = deployment.services.adapters.clock, deployment.stage
    report = Report(
        stage=stage,
        operator=deployment.operator(),
        started_at=timestamp(clock()),
        epoch_before=plan.epoch_before,
        epoch=plan.epoch,
        resumed=plan.resumes,
        api_keys=api_keys,
    )
    return ReportWriter(report, path or Path(f"breach-{stage}-{plan.epoch}.json"), clock)


def _carry_out(deployment: Deployment, plan: Plan, journal: ReportWriter) -> None:
    """Replace the key, end the sessions, prove it, count them. Each step is reported when it is done."""
    with_keys = journal.report.api_keys
    with looking_before(deployment, journal.leave_behind, api_keys=with_keys) as before:
        ended_at = _end_everything(deployment, plan, journal)
        _flush(deployment, journal, "emptied the authorizer cache")
        journal.report.proof = before.prove() if before else {}
        journal.step(_verdict(journal.report))
        # A call of the authorizer that began before the epoch was raised may have been cached since.
        _flush(deployment, journal, "emptied the authorizer cache once more")
    user_id = before.account.user_id if before else None
    epoch = journal.report.epoch
    journal.report.sessions_ended = count_ended(deployment, plan, epoch, ended_at, but_of=user_id)
    if with_keys:
        journal.report.api_keys_ended = count_ended_keys(deployment, plan, epoch, ended_at, but_of=user_id)


def _end_everything(deployment: Deployment, plan: Plan, journal: ReportWriter) -> int:
    """Replace the key, then raise the epoch. Return the time of the latter.

    In this order no old key can sign for a session of the new epoch. No call between the two can fail.
    """
    services = deployment.services
    if plan.key_epoch is None:
        journal.step("the signing key is unreadable: used the epoch of the table")
    api_keys = journal.report.api_keys
    replacement = services.key_rotation.replace_without_grace(plan.epoch, api_keys=api_keys)
    epoch = journal.report.epoch = replacement.key.epoch
    journal.step(f"replaced the signing key: epoch {epoch}")
    # Every request reads the epoch, so warm functions drop older keys at once.
    ended_at = services.adapters.clock()
    services.adapters.system.advance_epoch(epoch, api_keys=api_keys)
    observability.record(Event.BREACH, severe=True, epoch=epoch, operator=journal.report.operator)
    journal.step(f"ended every session{' and every API key' if api_keys else ''} from before")
    _tidy_labels(deployment, journal, replacement)
    return ended_at


def _tidy_labels(deployment: Deployment, journal: ReportWriter, replacement: Replacement) -> None:
    """Remove the labels of the old key. A failure does not stop the run: the epoch has disabled that key."""
    try:
        deployment.services.key_rotation.tidy_labels(replacement)
    except Unavailable as error:
        journal.step(f"could not remove the old key's label; the key is invalid anyway ({error.reason})")
    else:
        journal.step("removed the old key's label")


def _flush(deployment: Deployment, journal: ReportWriter, done: str) -> None:
    deployment.client("apigateway").flush_stage_authorizers_cache(
        restApiId=deployment.rest_api_id, stageName=deployment.api_stage
    )
    journal.step(done)


def _verdict(report: Report) -> str:
    if report.proven:
        return "proved that tokens from before are refused"
    failed = [claim for claim, holds in report.proof.items() if not holds]
    return f"NOT PROVEN: {'; '.join(failed) or NOBODY_BEFORE}"
