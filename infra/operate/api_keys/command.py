"""`python -m infra api-keys …`: API keys of users and of service accounts."""

from __future__ import annotations

import json
from typing import Any

import click

from chalicelib.api.serializers import api_key_json, timestamp
from chalicelib.domain.api_keys.api_key import ApiKey, ApiKeySecret
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from chalicelib.domain.errors import NotFound
from chalicelib.domain.tokens.scopes import Scope
from infra.operate.api_keys.duration import DURATION
from infra.operate.api_keys.secret_output import SecretOutput, output_options
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say
from infra.operate.users import whom


@click.group("api-keys", cls=ErrorReportingGroup)
def api_keys() -> None:
    """Create, list, revoke and rotate API keys.

    A secret is shown once: it is printed, or written to the file or secret that you name.
    """


@api_keys.command()
@stage_options
@click.argument("user")
@click.option("--name", required=True, help="What the key is for, 1 to 100 characters.")
@click.option("--scope", default=None, help="Permissions, separated by blanks; by default all of USER's.")
@click.option("--expires-in", type=DURATION, default=None, help="Lifetime, such as 12h or 90d.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@output_options
def create(
    deployment: Deployment,
    user: str,
    name: str,
    scope: str | None,
    expires_in: int | None,
    output: SecretOutput,
    *,
    as_json: bool,
) -> None:
    """Create an API key for USER, an id, an address or a user name."""
    account = deployment.find_account(user)
    given = None if scope is None else Scope.of(scope.split())
    order = ApiKeyOrder(name, given, expires_in)
    key = _create(deployment, account.user_id, order, output, as_json=as_json)
    if not as_json:
        say(f"Created for {whom(account)}: {output.where(key)}")


@api_keys.command("list")
@stage_options
@click.argument("user")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(deployment: Deployment, user: str, *, as_json: bool) -> None:
    """List the API keys of USER, the oldest first. Secrets are stored nowhere, so none is shown."""
    account = deployment.find_account(user)
    found = deployment.services.api_key_administration.stored(account.user_id)
    if as_json:
        say(json.dumps([api_key_json(one) for one in found]))
        return
    now = deployment.services.adapters.clock()
    say(f"{len(found)} API keys of {whom(account)}:")
    for one in found:
        say(f"{one.key_id}  {_lifetime(one, now)}  {one.name}  [{one.scope}]")


@api_keys.command()
@stage_options
@click.argument("key_id")
def revoke(deployment: Deployment, key_id: str) -> None:
    """End the API key KEY_ID, and every token that came from it, at once."""
    administration = deployment.services.api_key_administration
    key = _find(deployment, key_id)
    administration.revoke(key, deployment.actor)
    say(f"Revoked {key.key_id} ({key.name}).")


@api_keys.command()
@stage_options
@click.argument("key_id")
@click.option("--grace", type=DURATION, default="1d", show_default=True, help="How long the old key works.")
@click.option("--expires-in", type=DURATION, default=None, help="Lifetime; by default that of the old key.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@output_options
def rotate(
    deployment: Deployment,
    key_id: str,
    grace: int,
    expires_in: int | None,
    output: SecretOutput,
    *,
    as_json: bool,
) -> None:
    """Create a key like KEY_ID, and end KEY_ID after `--grace`; with `--grace 0s`, at once.

    If the new secret cannot be written, the old key does not change.
    """
    administration = deployment.services.api_key_administration
    old = _find(deployment, key_id)
    order = administration.successor(old, expires_in)
    new = _create(deployment, old.user_id, order, output, as_json=as_json)
    ends_at = deployment.services.adapters.clock() + grace
    ended = administration.retire(old, ends_at, deployment.actor)
    if not as_json:
        say(f"Created the successor of {old.key_id}: {output.where(new)}")
        say(f"The old key works until {timestamp(ended)}." if grace else "The old key has ended.")


def _create(
    deployment: Deployment, user_id: str, order: ApiKeyOrder, output: SecretOutput, *, as_json: bool
) -> ApiKey:
    """Create a key and output its secret; revoke the key if that fails."""
    administration = deployment.services.api_key_administration
    with output.prepared(deployment):
        key, secret = administration.create(user_id, order, deployment.actor)
        try:
            output.write(deployment, key, secret)
        except BaseException:
            administration.revoke(key, deployment.actor)
            raise
    _show(key, secret, output, as_json=as_json)
    return key


def _show(key: ApiKey, secret: ApiKeySecret, output: SecretOutput, *, as_json: bool) -> None:
    shown = {"secret": secret.serialize()} if output.is_terminal else {}
    if as_json:
        body: dict[str, Any] = {**api_key_json(key), **shown}
        say(json.dumps(body))
        return
    say(f"id       {key.key_id}")
    for name, text in shown.items():
        say(f"{name}   {text}")
    say(f"scope    {str(key.scope) or '-'}")
    say(f"expires  {'never' if key.expires_at is None else timestamp(key.expires_at)}")


def _find(deployment: Deployment, key_id: str) -> ApiKey:
    try:
        return deployment.services.api_key_administration.key(key_id)
    except NotFound as error:
        raise NotFound(description="There is no such API key.") from error


def _lifetime(key: ApiKey, now: int) -> str:
    if key.expires_at is None:
        return f"since {timestamp(key.created_at)}"
    return f"{'expired' if key.expires_at <= now else 'until'} {timestamp(key.expires_at)}"
