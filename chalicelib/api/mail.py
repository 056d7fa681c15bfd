"""The mail function: a separate Lambda function that SQS calls with batches of messages of the mail queue."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import observability
from chalicelib.api.time_budget import time_budget
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail_messages import MailReport, MalformedMessage, read_message
from chalicelib.domain.mail_texts import BadMailText
from chalicelib.observability import Event, Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.lambda_function(name="mail")  # type: ignore[untyped-decorator,unused-ignore]
def mail(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Process each message. Return those that must stay in the queue (`ReportBatchItemFailures`)."""
    with time_budget(context):
        left = [str(record["messageId"]) for record in event["Records"] if not _is_done(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in left]}


def _is_done(record: dict[str, Any]) -> bool:
    """Process one message, and return whether SQS may delete it."""
    with observability.scope(function="mail", queue_message_id=str(record["messageId"])):
        try:
            _handle(str(record["body"]))
        except Unavailable as error:
            observability.record(Event.OUTAGE, severe=True, reason=error.reason)
            # Not as OUTAGE, whose alarm means that apps got a 503.
            observability.count(Metric.MAIL, "outage")
        except (MalformedMessage, BadMailText) as error:
            # SQS delivers it again until it moves to the dead-letter queue.
            observability.record(Event.MAIL, severe=True, outcome="unusable", reason=str(error))
            observability.count(Metric.MAIL, "unusable")
        except Exception as error:  # noqa: BLE001 - one message must not keep the others from being sent
            observability.record_crash(error)
        else:
            return True
        return False


def _handle(body: str) -> None:
    message, mailing = read_message(body), get_services().mailing
    if isinstance(message, MailReport):
        mailing.take_report(message)
        observability.record(Event.MAIL_REPORT, reason=message.report.value)
        observability.count(Metric.MAIL_REPORT, message.report.value)
        return
    with observability.scope(message_id=message.message_id, kind=message.kind.value):
        outcome = mailing.deliver(message)
        observability.record(Event.MAIL, outcome=outcome.value)
    observability.count(Metric.MAIL, outcome.value)
