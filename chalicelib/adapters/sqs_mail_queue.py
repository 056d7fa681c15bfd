"""The mail queue in SQS: one JSON object a message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chalicelib.adapters.aws import translate_aws_errors
from chalicelib.domain.mail import MailKind, MailRequest
from chalicelib.domain.secret import Secret

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class MalformedMessage(Exception):
    """A message of the queue is not one that `message_body` wrote."""


class SqsMailQueue:
    """Serves `MailQueue`. The queue has to be encrypted: a message holds a code while it is queued."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def enqueue(self, request: MailRequest) -> None:
        """Add a message. Raises Unavailable."""
        with translate_aws_errors():
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=message_body(request))


class NoMailQueue:
    """Serves `MailQueue` where no queue is set: nothing is queued."""

    def enqueue(self, request: MailRequest) -> None:
        """Do nothing."""


def message_body(request: MailRequest) -> str:
    """Return a request as the body of a message."""
    code = request.code.reveal() if request.code else None
    body = {name: getattr(request, name) for name in MailRequest.__slots__ if name != "code"}
    return json.dumps({**body, "code": code}, separators=(",", ":"))


def mail_request_of(body: str) -> MailRequest:
    """Read the body of a message. Raises MalformedMessage."""
    try:
        read = json.loads(body)
        code = read.pop("code")
        kind, created_at = MailKind(read.pop("kind")), int(read.pop("created_at"))
        texts = {str(name): str(value) for name, value in read.items()}
        secret = None if code is None else Secret(str(code))
        return MailRequest(kind=kind, code=secret, created_at=created_at, **texts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Not chained: the text of a JSON error may quote the body, which holds a code.
        raise MalformedMessage(type(error).__name__) from None
