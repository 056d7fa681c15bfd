"""`python -m infra users …`: accounts, from an operator's machine."""

from __future__ import annotations

import sys

import click

from chalicelib.api.serializers import timestamp
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.tokens.scopes import Scope
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment


@click.group(cls=ErrorReportingGroup)
def users() -> None:
    """Create, show, disable, enable and delete accounts."""


@users.command()
@stage_options
@click.option("--email", required=True, help="E-mail address, which is a sign-in name.")
@click.option("--username", default=None, help="User name, a second sign-in name.")
@click.option("--permission", "permissions", multiple=True, help="Permission held; may be repeated.")
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
    )
    click.echo(f"Created {account.email} with id {account.user_id}.")


@users.command()
@stage_options
@click.argument("user")
def show(deployment: Deployment, user: str) -> None:
    """Show the account of USER, an id, an address or a user name."""
    account = deployment.find_account(user)
    click.echo(f"id           {account.user_id}")
    click.echo(f"email        {account.email}")
    click.echo(f"username     {account.username or '-'}")
    click.echo(f"permissions  {str(account.permissions) or '-'}")
    click.echo(f"created      {timestamp(account.created_at)}")
    click.echo(f"disabled     {'yes' if account.disabled else 'no'}")


@users.command()
@stage_options
@click.argument("user")
@click.option("--grant", "granted", multiple=True, help="Permission to add; may be repeated.")
@click.option("--withdraw", "withdrawn", multiple=True, help="Permission to take away; may be repeated.")
def permit(deployment: Deployment, user: str, granted: tuple[str, ...], withdrawn: tuple[str, ...]) -> None:
    """Change what USER may do; access tokens carry it from their next refresh on."""
    account = deployment.find_account(user)
    change = deployment.services.administration.permit
    account = change(account.user_id, Scope.of(granted), Scope.of(withdrawn))
    click.echo(f"{account.email} may now: {str(account.permissions) or 'nothing in particular'}.")


@users.command()
@stage_options
@click.argument("user")
def disable(deployment: Deployment, user: str) -> None:
    """Disable USER: no sign-in any more, and every session ends."""
    account = deployment.find_account(user)
    ended = deployment.services.administration.disable(account.user_id)
    click.echo(f"Disabled {account.email}; {len(ended)} sessions ended.")


@users.command()
@stage_options
@click.argument("user")
def enable(deployment: Deployment, user: str) -> None:
    """Enable USER again."""
    account = deployment.find_account(user)
    deployment.services.administration.enable(account.user_id)
    click.echo(f"Enabled {account.email}.")


@users.command()
@stage_options
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(deployment: Deployment, user: str, *, yes: bool) -> None:
    """Delete USER for good."""
    account = deployment.find_account(user)
    if not yes:
        click.confirm(f"Delete {account.email} for good?", abort=True)
    deployment.services.administration.delete(account.user_id)
    click.echo(f"Deleted {account.email}.")


def read_password(*, from_stdin: bool) -> str:
    """Return the password from standard input or from a prompt. Raises click's exceptions."""
    if not from_stdin:
        # Never an argument: those are in the shell's history and in the list of processes.
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException("The password on standard input is not UTF-8.") from error
    return text.removesuffix("\n").removesuffix("\r")
