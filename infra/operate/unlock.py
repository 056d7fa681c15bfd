"""`python -m infra users unlock`: let a name be tried again."""

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
    """Forget the failed sign-ins of USER: of all names of the account that an id, an address or a name finds.

    A name that finds nobody has failed sign-ins of its own, and is unlocked as well.
    """
    unlocked = deployment.services.unlock(user, deployment.actor)
    count = f"{unlocked.had_failures} had failed sign-ins"
    if unlocked.account is None:
        say(f"No account has this name. Unlocked it as a name that finds nobody: {count}.")
    else:
        names = len(unlocked.account.sign_in_names)
        say(f"Unlocked {whom(unlocked.account)}: of {names} names, {count}.")
