"""The mail queue in SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import translate_aws_errors
from chalicelib.domain.mail import MailRequest
from chalicelib.domain.mail_messages import message_body

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsMailQueue:
    """Implements `MailQueue`. The queue must be encrypted, because a message contains a code."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def enqueue(self, request: MailRequest) -> None:
        """Add a message. Raises Unavailable."""
        with translate_aws_errors():
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=message_body(request))


class NoMailQueue:
    """Implements `MailQueue` if no queue is configured: queues nothing."""

    def enqueue(self, request: MailRequest) -> None:
        """Do nothing."""
