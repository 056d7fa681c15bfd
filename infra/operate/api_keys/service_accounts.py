"""`python -m infra users create-service`: accounts of services, which own API keys and cannot sign in."""

from __future__ import annotations

import click

from infra.operate.cli import stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say


@click.command("create-service")
@stage_options
@click.option("--name", required=True, help="User name, by which commands find the account.")
@click.option("--permission", "permissions", multiple=True, help="Permission to grant; may be repeated.")
def create_service(deployment: Deployment, name: str, permissions: tuple[str, ...]) -> None:
    """Add a service account: no address, no password; `api-keys create` makes its keys."""
    account = deployment.services.create_service_account(name, permissions, deployment.actor)
    say(f"Created the service account {account.username} with id {account.user_id}.")
