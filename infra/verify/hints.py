"""The next steps after a deploy: the first administrator, and features that are not configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from infra.verify.look import Deployed

DNS_TARGET = "CustomDomainTarget"
"""The output that says where a domain's record has to point."""
MAIL_SENDER = "MailSender"
"""The output with the address that mails come from, where there is one."""
WEB_ACL = "WebAcl"
"""The output that names the web ACL in front of the API, where there is one."""


def hints(deployed: Deployed) -> Iterator[str]:
    """Return what is not configured, each with the command that adds it."""
    stage, outputs = deployed.stage, deployed.outputs
    if MAIL_SENDER not in outputs:
        yield (
            "Nothing is mailed yet: nobody can sign up, reset a password or change an address, and no "
            "notices are sent. Once SES has verified the sender (docs/mail.md):\n"
            f"  MAIL_FROM=no-reply@example.com make deploy STAGE={stage}"
        )
    if WEB_ACL not in outputs:
        yield (
            "Nothing limits requests by address yet (about 6 US$ a month):\n"
            f'  make deploy STAGE={stage} ARGS="--parameter AddressRateLimit=2000"'
        )

    if deployed.values.get("ApiConcurrency") == "0":
        yield (
            "No copies are reserved for the API function: a burst of sign-ins can use all functions that "
            "this account runs at once. Once AWS has raised that quota (Lambda, Concurrent executions):\n"
            f'  make deploy STAGE={stage} ARGS="--parameter ApiConcurrency=100"'
        )


def way_back(outputs: Mapping[str, str]) -> str:
    """Return what to do about a deployment that is not as it should be."""
    if DNS_TARGET in outputs:
        return f"If its domain does not lead to {outputs[DNS_TARGET]} yet, make that record and check again."
    return "To go back to the release before: the same command with ROLLBACK=1."


def print_next_steps(deployed: Deployed) -> None:
    """Print the address, and the next steps."""
    outputs = deployed.outputs
    url = outputs["EndpointURL"].rstrip("/")
    click.echo(f"\nGatehouse answers at {url}")
    if DNS_TARGET in outputs:
        click.echo(f"once {url.removeprefix('https://')} is a CNAME or alias of {outputs[DNS_TARGET]}")
    click.echo("\nThe first administrator (asks for the password):")
    on = f"--stage {deployed.stage} --region {deployed.region}"
    click.echo(f"  .venv/bin/python -m infra users create {on} --email you@example.com \\")
    click.echo("    --permission users:read --permission users:write")
    for hint in hints(deployed):
        click.echo(f"\n{hint}")
