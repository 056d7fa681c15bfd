"""`python -m infra users unlock`: unlock the names of an account."""

from __future__ import annotations

import click

from infra.operate.cli import stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say
from infra.operate.users import whom


@click.command()
@stage_options
@click.argument("user")
def unlock(deployment: Deployment, user: str) -> None:
    """Delete the failed sign-ins of USER, an id, an address or a user name, for all names of the account.

    Failed sign-ins are counted for names without an account, too; such a name is unlocked by itself.
    """
    unlocked = deployment.services.unlock(user, deployment.actor)
    count = f"{unlocked.had_failures} had failed sign-ins"
    if unlocked.account is None:
        say(f"No account has this name. Unlocked the name itself: {count}.")
    else:
        names = len(unlocked.account.sign_in_names)
        say(f"Unlocked {whom(unlocked.account)}: of {names} names, {count}.")
