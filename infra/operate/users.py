"""`python -m infra users …`: administration of accounts."""

from __future__ import annotations

import codecs
import sys

import click

from chalicelib.api.serializers import timestamp
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import NotFound
from chalicelib.domain.tokens.scopes import Scope
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import confirm, say

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN_CHANGES = 20


@click.group(cls=ErrorReportingGroup)
def users() -> None:
    """Create, show, permit, disable, enable and delete accounts."""


@users.command()
@stage_options
@click.option("--email", required=True, help="E-mail address, which is a sign-in name.")
@click.option("--username", default=None, help="User name, a second sign-in name.")
@click.option("--permission", "permissions", multiple=True, help="Permission to grant; may be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, up to its end.")
def create(
    deployment: Deployment,
    email: str,
    username: str | None,
    permissions: tuple[str, ...],
    *,
    password_stdin: bool,
) -> None:
    """Add an account."""
    account = deployment.services.create_account(
        email=email,
        password=Password.presented(read_password(from_stdin=password_stdin)),
        username_=username,
        permissions=permissions,
        actor=deployment.actor,
    )
    say(f"Created {account.email} with id {account.user_id}.")


@users.command()
@stage_options
@click.argument("user")
@click.option(
    "--changes",
    "limit",
    type=click.IntRange(0, 1000),
    default=_SHOWN_CHANGES,
    show_default=True,
    help="Maximum number of changes to show, the newest first.",
)
def show(deployment: Deployment, user: str, limit: int) -> None:
    """Show the account of USER, an id, an address or a user name, and who changed it.

    With an id, also show the changes of an account that was deleted.
    """
    administration = deployment.services.administration
    try:
        account = deployment.find_account(user)
    except NotFound:
        user_id = user.lower()
        changes = administration.changes(user_id, limit) if is_id(user_id) else []
        if not changes:
            raise
        say(f"There is no account {user_id} any more.")
    else:
        _say_account(account)
        changes = administration.changes(account.user_id, limit) if limit else []
    for change in changes:
        say(describe_change(change))


def _say_account(account: Account) -> None:
    say(f"id           {account.user_id}")
    say(f"email        {account.email or '- (service account)'}")
    say(f"username     {account.username or '-'}")
    say(f"permissions  {str(account.permissions) or '-'}")
    say(f"created      {timestamp(account.created_at)}")
    say(f"disabled     {'yes' if account.disabled else 'no'}")
    if account.metadata.value():
        say(f"metadata     {account.metadata.text}")


def describe_change(change: AccountChange) -> str:
    """Return a change in one line: when, what, and who did it."""
    details = "".join(f", {name} {permissions}" for name, permissions in change.details.items())
    return f"{timestamp(change.at)}  {change.kind.value}{details}, by {change.actor}"


@users.command()
@stage_options
@click.argument("user")
@click.option("--grant", "granted", multiple=True, help="Permission to add; may be repeated.")
@click.option("--withdraw", "withdrawn", multiple=True, help="Permission to withdraw; may be repeated.")
def permit(deployment: Deployment, user: str, granted: tuple[str, ...], withdrawn: tuple[str, ...]) -> None:
    """Change the permissions of USER. Access tokens carry them from their next refresh on."""
    account = deployment.find_account(user)
    change = deployment.services.administration.permit
    after = change(account.user_id, Scope.of(granted), Scope.of(withdrawn), deployment.actor)
    held = str(after.permissions)
    say(f"{whom(account)} may now: {held}." if held else f"{whom(account)} has no permissions now.")
    if granted:
        say("Access tokens carry the granted permissions from the next refresh or sign-in.")
    if withdrawn:
        seconds = deployment.settings.access_token_seconds
        say(
            "Access tokens issued before carry the withdrawn permissions until they expire, "
            f"for {seconds} seconds at most; `sessions end` ends them sooner."
        )


@users.command()
@stage_options
@click.argument("user")
def disable(deployment: Deployment, user: str) -> None:
    """Disable USER: no sign-in any more, and every session ends."""
    account = deployment.find_account(user)
    ended = deployment.services.administration.disable(account.user_id, deployment.actor)
    say(f"Disabled {whom(account)}; {len(ended)} sessions ended.")


@users.command()
@stage_options
@click.argument("user")
def enable(deployment: Deployment, user: str) -> None:
    """Enable USER again."""
    account = deployment.find_account(user)
    deployment.services.administration.enable(account.user_id, deployment.actor)
    say(f"Enabled {whom(account)}.")


@users.command()
@stage_options
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(deployment: Deployment, user: str, *, yes: bool) -> None:
    """Delete USER permanently."""
    account = deployment.find_account(user)
    if not yes:
        confirm(f"Delete {whom(account)} permanently?")
    deployment.services.administration.delete(account.user_id, deployment.actor)
    say(f"Deleted {whom(account)}.")


def whom(account: Account) -> str:
    """Return address, user name and id of an account, to show the operator which account was meant."""
    username = "" if account.username is None else f"user name {account.username}, "
    return f"{account.email or 'service account'} ({username}id {account.user_id})"


def read_password(*, from_stdin: bool) -> str:
    """Return the password from standard input or from a prompt. Raises click's exceptions."""
    if not from_stdin:
        # Never as an argument, which the shell's history and the list of processes would show.
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    given = sys.stdin.buffer.read()
    if given.startswith(_UTF16) or b"\0" in given:
        raise click.ClickException("The password on standard input is in UTF-16, or holds a NUL: send UTF-8.")
    try:
        text = given.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException("The password on standard input is not UTF-8.") from error
    return text.removesuffix("\n").removesuffix("\r")
