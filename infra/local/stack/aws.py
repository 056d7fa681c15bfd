"""Serve moto as the local AWS, on one thread."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.ses.models import ses_backends

from infra.local.environment import HOST, REGION
from infra.local.stack.moto_transactions import copy_written_items_only
from infra.local.stack.server import HttpServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_FLUSH = re.compile(r"/restapis/[^/]+/stages/[^/]+/cache/authorizers")
# moto keeps its state by process and account; a separate account isolates each stack.
_ACCOUNTS = itertools.count(100_000_000_001)


class LocalAws:
    """The part of AWS that Gatehouse uses, on a port of loopback.

    moto is not thread-safe: two concurrent conditional writes can both succeed. So a single thread serves it.
    `on_flush` is called when a client asks API Gateway to flush the authorizer cache of any stage, and
    `on_message` when one has sent a message to a queue.
    """

    def __init__(
        self, listener: socket.socket, on_flush: Callable[[], None], on_message: Callable[[], None]
    ) -> None:
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._account = str(next(_ACCOUNTS))
        self._on_flush = on_flush
        self._on_message = on_message
        copy_written_items_only()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = HttpServer(self._serve, listener, threads=1)

    def start(self) -> None:
        """Start serving."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving, and close every connection."""
        self._server.stop()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "DELETE" and _FLUSH.fullmatch(environ["PATH_INFO"]):
            self._on_flush()
            start_response("202 Accepted", [("Content-Length", "0")])
            return []
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        answer = self._moto(environ, start_response)
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.SendMessage":
            self._on_message()
        return answer

    def sent_mails(self) -> list[str]:
        """Return the MIME messages that SES was given, oldest first."""
        return [one.raw_data for one in ses_backends[self._account][REGION].sent_messages]
