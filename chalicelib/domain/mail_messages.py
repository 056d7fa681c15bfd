"""Messages of the mail queue: requests to mail, and what SES reports about mails that were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum
from typing import Any

from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.mail import MailKind, MailRequest
from chalicelib.domain.secret import Secret


class MalformedMessage(Exception):
    """A message of the queue is neither a request nor a report."""


class Report(StrEnum):
    """What happened to a mail that SES had accepted."""

    BOUNCE = "bounce"
    """The address does not exist, or its server rejects mail permanently."""
    SOFT_BOUNCE = "soft_bounce"
    """The mail could not be delivered; another one may be."""
    COMPLAINT = "complaint"
    """The recipient marked the mail as spam."""

    @property
    def is_final(self) -> bool:
        """Return whether the address must not get mail again."""
        return self is not Report.SOFT_BOUNCE


@dataclass(frozen=True, slots=True)
class MailReport:
    """A report about mails to some addresses."""

    report: Report
    addresses: tuple[str, ...]


def message_body(request: MailRequest) -> str:
    """Return a request as the body of a message: a JSON object with the fields of `MailRequest`."""
    code = request.code.reveal() if request.code else None
    body = {name: getattr(request, name) for name in MailRequest.__slots__ if name != "code"}
    return json.dumps({**body, "code": code}, separators=(",", ":"))


def read_message(body: str) -> MailRequest | MailReport:
    """Read the body of a message. An EventBridge event of SES is a report. Raises MalformedMessage."""
    try:
        read = json.loads(body)
        return _report(read) if read.get("source") == "aws.ses" else _request(read)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # Not chained: the text of the error may quote the body, which may contain a code.
        raise MalformedMessage(type(error).__name__) from None


def _request(read: Mapping[str, Any]) -> MailRequest:
    texts = {name: value for name, value in read.items() if name not in {"kind", "code", "created_at"}}
    kind, code, created_at = MailKind(read["kind"]), read["code"], read["created_at"]
    if not all(isinstance(text, str) for text in texts.values()) or not isinstance(created_at, int):
        raise TypeError
    if not is_id(texts["message_id"]) or kind.has_code is (code is None) or not isinstance(code, str | None):
        raise TypeError
    secret = None if code is None else Secret(code)
    return MailRequest(kind=kind, code=secret, created_at=created_at, **texts)


def _report(event: Mapping[str, Any]) -> MailReport:
    detail = event["detail"]
    if detail["eventType"] == "Complaint":
        return MailReport(Report.COMPLAINT, _addresses(detail["complaint"]["complainedRecipients"]))
    if detail["eventType"] != "Bounce":
        raise ValueError
    is_permanent = detail["bounce"]["bounceType"] == "Permanent"
    addresses = _addresses(detail["bounce"]["bouncedRecipients"])
    return MailReport(Report.BOUNCE if is_permanent else Report.SOFT_BOUNCE, addresses)


def _addresses(recipients: list[Mapping[str, str]]) -> tuple[str, ...]:
    # SES returns an address as it was in the message, possibly with a display name.
    return tuple(parseaddr(one["emailAddress"])[1] for one in recipients)
