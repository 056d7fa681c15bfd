"""Send mails by Amazon SES (API v2, raw MIME messages)."""

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
"""SES cannot parse the request; of what it holds only the address comes from outside. Everything else may
change: `MessageRejected` is an identity that is not verified, as every recipient is in the sandbox."""


class SesSender:
    """Serves `MailSender`. `sender` is an address that SES has verified, `name` what is shown with it."""

    def __init__(self, client: SESV2Client, sender: str, name: str, configuration_set: str = "") -> None:
        self._client = client
        # Here, since a sender that is no address is a wrong setting, and must not lose mails.
        self._sender = mail_address(sender, name)
        self._configuration_set = configuration_set

    def send(self, mail: Mail) -> None:
        """Send a mail. Raises MailRejected where that can never work, and Unavailable where it may later."""
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._sender.addr_spec,
            # The envelope: SES mails these addresses, whatever the header says.
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
    """Return a mail as a MIME message (RFC 5322, RFC 2047). Raises MailRejected for what is no address.

    SES replaces `Message-ID` and `Date` by its own; another way of sending keeps the `Message-ID`, which is
    the same however often a mail is sent.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = mail_address(mail.recipient)
    message["Subject"] = _one_line(mail.content.subject)
    message["Message-ID"] = f"<{mail.message_id}@{sender.domain}>"
    # RFC 3834 §5: no out-of-office reply comes back.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.content.text, cte="quoted-printable")
    message.add_alternative(mail.content.html, subtype="html", cte="quoted-printable")
    # Only now: `add_alternative` moves such headers into the first part.
    message["Content-Language"] = mail.language
    return message


def _one_line(text: str) -> str:
    """Return text for a header: printable, and nothing that the email package would decode.

    It decodes encoded words (RFC 2047) in what a header is set to, and writes a line break that comes out of
    one.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split()).replace("=?", "= ?")


def mail_address(spec: str, name: str = "") -> Address:
    """Return an address for a header. Raises MailRejected where it could be anything but one address.

    ASCII only: SES takes no address that needs SMTPUTF8 (RFC 6531), and a domain has an ASCII form.
    """
    if not all("!" <= char <= _HIGHEST_ASCII for char in spec):
        raise MailRejected("not ASCII")
    try:
        return Address(_one_line(name), addr_spec=spec)
    except (ValueError, IndexError, MessageError) as error:
        raise MailRejected(type(error).__name__) from None
