"""`python -m infra mail …`: preview the texts of mails, and allow mail to an address again."""

from __future__ import annotations

from pathlib import Path

import click

from chalicelib.adapters.mail.text_files import MailTextFiles
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import CODE_SECONDS
from chalicelib.domain.mail_texts import BadMailText, MailText, TextKind
from chalicelib.settings import Settings
from infra.operate.cli import ErrorReportingGroup, stage_options
from infra.operate.deployment import Deployment
from infra.operate.terminal import say

_TEXTS = MailTextFiles()
_CODE = "12345678"


@click.group(cls=ErrorReportingGroup)
def mail() -> None:
    """Preview the texts of mails, and allow mail to an address again."""


@mail.command()
@click.option("--kind", "kinds", multiple=True, type=click.Choice([*map(str, TextKind)]), help="Only this.")
@click.option("--language", "languages", multiple=True, help="Only this one, such as `de`.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML of one mail.")
def preview(kinds: tuple[str, ...], languages: tuple[str, ...], html: Path | None) -> None:
    """Print the mails as they would be sent, with an invalid code. Checks every text."""
    offered = sorted(_TEXTS.languages())
    if unknown := sorted(set(languages) - set(offered)):
        folders = ", ".join(offered)
        raise click.ClickException(f"There is no language {unknown[0]}: chalicelib/mail_texts has {folders}.")
    wanted = [(one, kind) for one in languages or offered for kind in map(TextKind, kinds or TextKind)]
    if html and len(wanted) != 1:
        raise click.ClickException("--html needs one --kind and one --language.")
    for language, kind in wanted:
        content = _filled_in(kind, language)
        if html:
            html.write_text(content.html, encoding="utf-8")
            say(f"Wrote {html}.")
        else:
            _print(kind, language, content)


@mail.command()
@stage_options
@click.argument("address")
def allow(deployment: Deployment, address: str) -> None:
    """Allow mail to ADDRESS again after a bounce or a complaint.

    SES has a list of its own, which `aws sesv2 delete-suppressed-destination` changes.
    """
    was_stopped = deployment.services.adapters.undeliverable_addresses.remove(SignInName.of(address))
    say(f"{address} is mailed again." if was_stopped else f"Mails to {address} were not stopped.")


def _filled_in(kind: TextKind, language: str) -> MailText:
    values = {"service": Settings.from_environment().service_name}
    if kind.has_code:
        values |= {"code": _CODE, "minutes": str(CODE_SECONDS // 60)}
    try:
        return _TEXTS.template(kind, language).fill_in(values)
    except BadMailText as error:
        raise click.ClickException(str(error)) from error


def _print(kind: TextKind, language: str, content: MailText) -> None:
    say(f"== {language}/{kind}")
    say(f"Subject: {content.subject}")
    say("")
    for line in content.text.splitlines():
        say(line)
    say("")
