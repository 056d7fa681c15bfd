"""Builds the adapters of mail, as a base class of `aws_adapters.AwsAdapters`."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.table import Table
    from chalicelib.domain.mail import MailQueue
    from chalicelib.domain.mail_delivery import MailSender, Outbox, UndeliverableAddresses
    from chalicelib.domain.mail_texts import MailTexts
    from chalicelib.settings import Settings


class MailAdapters(Protocol):
    """The ports of mail."""

    @property
    def mail_queue(self) -> MailQueue: ...  # noqa: D102
    @property
    def mail_sender(self) -> MailSender | None: ...  # noqa: D102
    @property
    def mail_texts(self) -> MailTexts: ...  # noqa: D102
    @property
    def outbox(self) -> Outbox: ...  # noqa: D102
    @property
    def undeliverable_addresses(self) -> UndeliverableAddresses: ...  # noqa: D102


class AwsMailAdapters:
    """SQS, SES and DynamoDB, for the ports of mail."""

    settings: Settings

    @property
    @abstractmethod
    def _table(self) -> Table:
        """Return the table that all DynamoDB adapters share."""

    @cached_property
    def mail_queue(self) -> MailQueue:
        """Return the queue in SQS, or one that discards every message if `MAIL_QUEUE_URL` is empty."""
        from chalicelib.adapters.mail.sqs_queue import NoMailQueue, SqsMailQueue

        if not self.settings.mail_queue_url:
            return NoMailQueue()
        from chalicelib.adapters.aws import sqs

        client = sqs(self.settings.aws_region, self.settings.aws_endpoint_url)
        return SqsMailQueue(client, self.settings.mail_queue_url)

    @cached_property
    def mail_sender(self) -> MailSender | None:
        """Return SES, or None if `MAIL_FROM` is empty."""
        if not self.settings.mail_from:
            return None
        from chalicelib.adapters.aws import sesv2
        from chalicelib.adapters.mail.ses import SesSender

        settings = self.settings
        client = sesv2(settings.aws_region, settings.aws_endpoint_url)
        return SesSender(client, settings.mail_from, settings.service_name, settings.mail_configuration_set)

    @cached_property
    def mail_texts(self) -> MailTexts:
        """Return the texts of mails in files."""
        from chalicelib.adapters.mail.text_files import MailTextFiles

        return MailTextFiles()

    @cached_property
    def outbox(self) -> Outbox:
        """Return the record of finished messages in DynamoDB."""
        from chalicelib.adapters.mail.dynamodb_store import DynamoDBOutbox

        return DynamoDBOutbox(self._table)

    @cached_property
    def undeliverable_addresses(self) -> UndeliverableAddresses:
        """Return the undeliverable addresses in DynamoDB."""
        from chalicelib.adapters.mail.dynamodb_store import DynamoDBUndeliverableAddresses

        return DynamoDBUndeliverableAddresses(self._table)
