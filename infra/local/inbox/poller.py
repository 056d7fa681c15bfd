"""Poll the mail queue and invoke the mail function, as Lambda's event source mapping does."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_BATCH = 5
_SECONDS = 5
"""Interval of polls without a new message: messages return to the queue after their visibility time-out."""


class MailPoller:
    """Polls in a separate thread until `stop`. `client` is a boto3 client for SQS.

    `function` is invoked with an event of up to five messages, and returns those that stay in the queue.
    """

    def __init__(self, client: Any, queue_url: str, function: Callable[[dict[str, Any]], Any]) -> None:
        self._client = client
        self._queue_url = queue_url
        self._function = function
        self._wake = Event()
        self._stopping = False
        self._thread = Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Start to poll."""
        self._thread.start()

    def wake(self) -> None:
        """Poll now: a message has been queued."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the current invocation, and poll no more."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_SECONDS)
            self._wake.clear()
            try:
                while not self._stopping and self._poll():
                    pass
            except Exception:  # noqa: BLE001  # a deleted queue or a defect: on AWS the mapping goes on too
                _LOG.exception("mails could not be fetched or sent")

    def _poll(self) -> bool:
        """Handle one batch; return whether there was one."""
        answer = self._client.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=_BATCH)
        messages = answer.get("Messages", [])
        if messages:
            records = [{"messageId": one["MessageId"], "body": one["Body"]} for one in messages]
            left = self._function({"Records": records})["batchItemFailures"]
            self._delete(messages, {one["itemIdentifier"] for one in left})
        return bool(messages)

    def _delete(self, messages: list[dict[str, Any]], left: set[str]) -> None:
        for message in messages:
            if message["MessageId"] not in left:
                receipt = message["ReceiptHandle"]
                self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)
