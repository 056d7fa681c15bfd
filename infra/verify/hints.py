"""What a stage that is deployed as asked still lacks, because nobody has asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MAIL_SENDER = "MailSender"
"""The output with the address that mails come from, where there is one."""
WEB_ACL = "WebAcl"
"""The output that names the web ACL in front of the API, where there is one."""


def hints(stage: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """Return what is missing, each with the command that adds it."""
    if MAIL_SENDER not in outputs:
        yield (
            "Nothing is mailed yet: nobody can sign up, reset a password or change an address, and nobody is "
            "told of changes. Once SES has verified the sender (docs/mail.md):\n"
            f"  MAIL_FROM=no-reply@example.com make deploy STAGE={stage}"
        )
    if WEB_ACL not in outputs:
        yield (
            "Nothing limits requests by address yet (about 6 US$ a month):\n"
            f'  make deploy STAGE={stage} ARGS="--parameter AddressRateLimit=2000"'
        )
