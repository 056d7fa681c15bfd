"""Sending mails with Amazon SES (API v2, raw MIME messages)."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_errors import error_code, translate_aws_errors
from chalicelib.domain.mail_delivery import Mail, MailRejected

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

_HIGHEST_ASCII = "\x7e"
_UNSENDABLE = frozenset({"BadRequestException", "InvalidParameterValue", "ValidationError"})
"""SES cannot parse the request, of which only the address comes from outside. Other errors may be temporary:
`MessageRejected` means an identity that is not verified, which in the sandbox is every recipient."""


class SesSender:
    """Implements `MailSender`. `sender` is an address that SES has verified, and `name` its display name."""

    def __init__(self, client: SESV2Client, sender: str, name: str, configuration_set: str = "") -> None:
        self._client = client
        # In the constructor: an invalid sender is a wrong setting, which must not discard mails.
        self._sender = mail_address(sender, name)
        self._configuration_set = configuration_set

    def send(self, mail: Mail) -> None:
        """Send a mail. Raises MailRejected if that can never succeed, and Unavailable if it may later."""
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._sender.addr_spec,
            # The envelope: SES sends to these addresses and not to those in the header.
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": bytes(mime_message(mail, self._sender))}},
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        with translate_aws_errors():
            try:
                self._client.send_email(**request)
            except ClientError as error:
                if error_code(error) in _UNSENDABLE:
                    raise MailRejected(error_code(error)) from error
                raise


def mime_message(mail: Mail, sender: Address) -> EmailMessage:
    """Return a mail as a MIME message (RFC 5322, RFC 2047). Raises MailRejected for an invalid address.

    SES replaces `Message-ID` and `Date` with its own. Another transport would keep the `Message-ID`, which is
    the same if a mail is sent twice.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = mail_address(mail.recipient)
    message["Subject"] = _one_line(mail.content.subject)
    message["Message-ID"] = f"<{mail.message_id}@{sender.domain}>"
    # RFC 3834 §5: prevents out-of-office replies.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.content.text, cte="quoted-printable")
    message.add_alternative(mail.content.html, subtype="html", cte="quoted-printable")
    # After `add_alternative`, which would move this header into the first part.
    message["Content-Language"] = mail.language
    return message


def _one_line(text: str) -> str:
    """Return text for a header: one printable line without encoded words (RFC 2047).

    The email package decodes encoded words in the value of a header, and would write a line break from one.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split()).replace("=?", "= ?")


def mail_address(spec: str, name: str = "") -> Address:
    """Return an address for a header. Raises MailRejected if it is not exactly one address.

    ASCII only: SES accepts no address that needs SMTPUTF8 (RFC 6531), and a domain has an ASCII form.
    """
    if not all("!" <= char <= _HIGHEST_ASCII for char in spec):
        raise MailRejected("not ASCII")
    try:
        return Address(_one_line(name), addr_spec=spec)
    except (ValueError, IndexError, MessageError) as error:
        raise MailRejected(type(error).__name__) from None
