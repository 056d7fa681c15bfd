"""`python -m infra`: everything that an operator does."""

from __future__ import annotations

import click

from infra.breach.command import breach
from infra.cli import OneSentence
from infra.cost.cli import cost
from infra.deploy.command import deploy
from infra.deploy.destruction import destroy
from infra.keys import keys
from infra.sessions import sessions
from infra.smoke import smoke
from infra.users import users


@click.group(cls=OneSentence)
def main() -> None:
    """Operate a Gatehouse deployment. Every command takes --help."""


for command in (users, sessions, keys, breach, smoke, cost, deploy, destroy):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m infra")
