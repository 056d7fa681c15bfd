"""Stands between a change set and what cannot be made again: accounts, sessions, the signing key."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click

from infra.deploy.change_set import Change
from infra.deploy.refusal import Refused

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type of resource
TABLE = "AWS::DynamoDB::Table"
HOLDS_DATA = frozenset({SECRET, TABLE, "AWS::DynamoDB::GlobalTable", "AWS::KMS::Key", "AWS::S3::Bucket"})
# CloudFormation updates these in place, by writing a new value over the old one.
_VALUE_OF_A_SECRET = frozenset({"GenerateSecretString", "SecretString"})


def losses(changes: Iterable[Change]) -> dict[str, str]:
    """Return, by resource, in words what each change would lose."""
    found = {change.resource: _loss(change) for change in changes if change.kind in HOLDS_DATA}
    return {resource: loss for resource, loss in found.items() if loss}


def guard(changes: Iterable[Change], allowed: Collection[str], *, yes: bool) -> None:
    """Let changes pass that lose nothing, or lose what is allowed by name and confirmed. Raises Refused."""
    lost = losses(changes)
    if unknown := sorted(set(allowed) - set(lost)):
        click.echo(f"Nothing would be lost of {', '.join(unknown)}: --allow-data-loss is not needed.")
    refused = sorted(set(lost) - set(allowed))
    if refused:
        words = "; ".join(f"{resource} {lost[resource]}" for resource in refused)
        flags = " ".join(f"--allow-data-loss {resource}" for resource in refused)
        raise Refused(f"This would lose data: {words}. Nothing was changed; if it is meant, add {flags}.")
    for resource, loss in sorted(lost.items()):
        click.echo(f"DATA LOSS: {resource} {loss}.")
    if lost and not yes:
        confirm("Go on, and lose this data?")


def confirm(question: str) -> None:
    """Ask. Raises Refused for a no, and where nobody answers."""
    try:
        agreed = click.confirm(question)
    except click.Abort as error:
        raise Refused("Nobody answered, so nothing was changed; --yes answers for you.") from error
    if not agreed:
        raise Refused("Nothing was changed.")


def _loss(change: Change) -> str:
    if change.action == "Remove":
        return "would no longer belong to the service"
    if change.action == "Dynamic":
        return "may be replaced by a new, empty one; CloudFormation cannot tell beforehand"
    if change.replacement != "False":
        may = "may" if change.replacement == "Conditional" else "would"
        return f"{may} be replaced by a new, empty one"
    if change.kind == SECRET and _VALUE_OF_A_SECRET & set(change.properties):
        return "would get a new value, which makes every token of the old one void"
    return ""
