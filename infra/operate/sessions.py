"""`python -m infra sessions …`: explain and end the sessions of a user."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import click

from chalicelib.api.serializers import timestamp
from chalicelib.domain.sessions.session import EndedSession, EndedSessionPage, EndReason, Session
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say
from infra.operate.users import whom

EXPLANATIONS = {
    EndReason.SIGNED_OUT: "its user signed out on that device",
    EndReason.SIGNED_OUT_EVERYWHERE: "its user signed out on every device",
    EndReason.SIGNED_OUT_ELSEWHERE: "its user signed this device out from another one",
    EndReason.REVOKED: "the app revoked its token",
    EndReason.REUSE: "a refresh token that had been spent was used again: somebody else had a copy, or the "
    "app kept an old one",
    EndReason.EVICTED: "there were too many sessions, and it was the least recently used",
    EndReason.DISABLED: "the account was disabled",
    EndReason.PASSWORD_CHANGED: "the password was changed from another session",
    EndReason.PASSWORD_RESET: "the password was reset",
    EndReason.DELETED: "the account was deleted",
    EndReason.ADMINISTRATOR: "an administrator ended it",
}


_LIMIT = click.IntRange(1, 1_000)
_PAGE = 200
"""Ended sessions per read with `--all`."""


@click.group(cls=ErrorReportingGroup)
def sessions() -> None:
    """Explain and end sessions."""


@sessions.command()
@stage_options
@click.argument("user")
@click.option("--limit", default=20, show_default=True, type=_LIMIT, help="Ended sessions to show.")
@click.option(
    "--before",
    default=None,
    help="Show sessions that ended earlier; the last line of the output has the value.",
)
@click.option("--all", "every", is_flag=True, help="Show every ended session.")
def explain(deployment: Deployment, user: str, limit: int, before: str | None, *, every: bool) -> None:
    """Explain where USER is signed in, and why each other session ended, the newest first."""
    account = deployment.find_account(user)
    say(f"Sessions of {whom(account)}:")
    if account.disabled:
        say("The account is disabled and cannot sign in.")
    known = 0 if before else _explain_stored(deployment, account.user_id)
    pages = _pages(deployment, account.user_id, _PAGE if every else limit, before or None)
    for page in pages if every else islice(pages, 1):
        known += len(page.sessions)
        for one in page.sessions:
            say(f"{_who(one)} ended {timestamp(one.ended_at)}: {EXPLANATIONS[one.reason]}.")
    if not known:
        say(f"Nothing {'older ' if before else ''}is known of any session.")
    if page.older is not None:
        say(f"There are older ones: add --before {page.older} or --all.")


def _explain_stored(deployment: Deployment, user_id: str) -> int:
    """Print the sessions that have not been ended. Return their number."""
    adapters = deployment.services.adapters
    now, epoch = adapters.clock(), deployment.services.administration.epoch(user_id)
    stored = sorted(adapters.sessions.stored(user_id), key=lambda one: -one.last_used_at)
    for session in stored:
        say(f"{_who(session)} {describe(session, now, epoch)}.")
    return len(stored)


def _pages(deployment: Deployment, user_id: str, limit: int, older: str | None) -> Iterator[EndedSessionPage]:
    """Yield pages of ended sessions, each read on demand; at least one."""
    while True:
        page = deployment.services.adapters.sessions.ended(user_id, limit=limit, before=older)
        yield page
        older = page.older
        if older is None:
            return


@sessions.command()
@stage_options
@click.argument("user")
def end(deployment: Deployment, user: str) -> None:
    """End every session of USER."""
    account = deployment.find_account(user)
    ended = deployment.services.administration.end_sessions(account.user_id, deployment.actor)
    say(f"{len(ended)} sessions of {whom(account)} ended.")


def describe(session: Session, now: int, epoch: int) -> str:
    """Describe a session that has not been ended: active, expired or ended by a breach."""
    if session.epoch < epoch:
        return "was ended, with all other sessions, by a declared breach"
    # If both limits have passed, the earlier one ended the session.
    if now >= session.expires_at and session.expires_at <= session.idle_expires_at:
        return f"expired {timestamp(session.expires_at)}: it had reached its maximum age"
    if now >= session.idle_expires_at:
        return f"expired {timestamp(session.idle_expires_at)}: it had not been used for too long"
    return f"is signed in, last used {timestamp(session.last_used_at)}"


def _who(session: Session | EndedSession) -> str:
    device = session.device.user_agent or "an unnamed device"
    since = timestamp(session.created_at)
    return f"Session {session.session_id[:8]} ({device}, {session.client_id}, since {since})"
