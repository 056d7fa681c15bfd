"""`python -m infra sessions …`: whose sessions there are, and why they ended."""

from __future__ import annotations

import click

from chalicelib.api.serializers import timestamp
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say
from infra.operate.users import whom

WORDS = {
    EndReason.SIGNED_OUT: "its user signed out on that device",
    EndReason.SIGNED_OUT_EVERYWHERE: "its user signed out on every device",
    EndReason.SIGNED_OUT_ELSEWHERE: "its user signed this device out from another one",
    EndReason.REVOKED: "the app revoked its token",
    EndReason.REUSE: "a refresh token that had been spent was used again: somebody else had a copy, or the "
    "app kept an old one",
    EndReason.EVICTED: "there were too many sessions, and it was the least recently used",
    EndReason.DISABLED: "the account was disabled",
    EndReason.ADMINISTRATOR: "an administrator ended it",
}


@click.group(cls=ErrorReportingGroup)
def sessions() -> None:
    """Explain and end sessions."""


@sessions.command()
@stage_options
@click.argument("user")
def explain(deployment: Deployment, user: str) -> None:
    """Say in plain words where USER is signed in, and why each other session ended."""
    account = deployment.find_account(user)
    adapters = deployment.services.adapters
    now, epoch = adapters.clock(), adapters.sessions.epoch()
    if account.disabled:
        say(f"{whom(account)} is disabled and cannot sign in.")
    live = sorted(adapters.sessions.stored(account.user_id), key=lambda one: -one.last_used_at)
    ended = adapters.sessions.ended(account.user_id)
    if not live and not ended:
        say(f"Nothing is known of any session of {whom(account)}.")
    else:
        say(f"Sessions of {whom(account)}:")
    for session in live:
        say(f"{_who(session)} {describe(session, now, epoch)}.")
    for one in ended:
        say(f"{_who(one)} ended {timestamp(one.ended_at)}: {WORDS[one.reason]}.")


@sessions.command()
@stage_options
@click.argument("user")
def end(deployment: Deployment, user: str) -> None:
    """End every session of USER."""
    account = deployment.find_account(user)
    ended = deployment.services.administration.end_sessions(account.user_id, deployment.actor)
    say(f"{len(ended)} sessions of {whom(account)} ended.")


def describe(session: Session, now: int, epoch: int) -> str:
    """Return what has become of a session that nobody has ended."""
    if session.epoch < epoch:
        return "was ended, like every other, by a declared breach"
    # What came first ended it, however long ago both have passed.
    if now >= session.expires_at and session.expires_at <= session.idle_expires_at:
        return f"expired {timestamp(session.expires_at)}: it had reached its greatest age"
    if now >= session.idle_expires_at:
        return f"expired {timestamp(session.idle_expires_at)}: it had not been used for too long"
    return f"is signed in, last used {timestamp(session.last_used_at)}"


def _who(session: Session | EndedSession) -> str:
    device = session.device.user_agent or "an unnamed device"
    since = timestamp(session.created_at)
    return f"Session {session.session_id[:8]} ({device}, {session.client_id}, since {since})"
