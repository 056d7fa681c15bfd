"""`python -m infra`: the operator's commands."""

from __future__ import annotations

import click

from infra.common_passwords import common_passwords
from infra.cost import cost
from infra.deploy.command import deploy, destroy
from infra.local.invoke import invoke
from infra.mail import mail
from infra.new_function.command import new_function
from infra.operate.api_keys.command import api_keys
from infra.operate.api_keys.service_accounts import create_service
from infra.operate.breach.command import breach
from infra.operate.cli import ErrorReportingGroup
from infra.operate.keys import keys
from infra.operate.sessions import sessions
from infra.operate.smoke import smoke
from infra.operate.terminal import print_any_character
from infra.operate.unlock import unlock
from infra.operate.users import users


@click.group(cls=ErrorReportingGroup)
def main() -> None:
    """Operate a Gatehouse deployment. Every command takes --help."""


users.add_command(unlock)
users.add_command(create_service)
for command in (
    users,
    sessions,
    api_keys,
    keys,
    breach,
    smoke,
    common_passwords,
    cost,
    mail,
    deploy,
    destroy,
    new_function,
    invoke,
):
    main.add_command(command)

if __name__ == "__main__":
    print_any_character()
    main(prog_name="python -m infra")
