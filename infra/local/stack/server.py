"""Serve HTTP on loopback: many threads for the gateway, one for moto."""

from __future__ import annotations

import errno
import logging
import socket
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask

from infra.local.environment import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.gateway.messages import Response

_BACKLOG = 1024
# Far above the gateway's limit, so that the gateway responds and not the server.
_MAX_HEADER_BYTES = 4 * 1024 * 1024
_SHUTDOWN_SECONDS = 2


class PortInUseError(Exception):
    """Another program listens on the port. The message contains a remedy."""


def listen(port: int) -> socket.socket:
    """Listen on a port of loopback; 0 selects a free one. Raises PortInUseError and OSError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        # Immediately: two sockets can bind the same port while neither listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"Port {port} is in use; stop what listens there or set another.") from error
        raise
    return listener


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    def parse_header(self, header_plus: bytes) -> None:
        # Waitress would drop the connection at the ValueError of an invalid length or address.
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("The request cannot be parsed.") from error
        # Waitress would wait without end for a body that has no bytes (RFC 9110 §10.1.1).
        if not self.chunked and self.content_length == 0:
            self.expect_continue = False


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """Sends the application's response, not plain text, for a request that waitress cannot parse."""

    def execute(self) -> None:
        response: Response = self.channel.server.refuse(self.request.error.code)
        self.status = response.status_line()
        self.response_headers.extend(response.headers)
        self.set_close_on_finish()
        self.content_length = len(response.body)
        # A response to HEAD has the length of a body but no body (RFC 9110 §9.3.2).
        self.write(b"" if getattr(self.request, "command", "") == "HEAD" else response.body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Parser


class _RefusingChannel(_Channel):
    error_task_class = _Refusal


class HttpServer:
    """Serves a WSGI application on a socket, in threads of this process, until `stop`.

    With one thread, requests are served one after the other. An idle connection blocks no thread, because
    another thread reads and writes. `refuse` returns the response to a request that cannot be parsed, by the
    status that waitress chose.
    """

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        threads: int,
        refuse: Callable[[int], Response] | None = None,
    ) -> None:
        # Waitress would log a warning for every request that waits for a thread.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            application,
            map=self._sockets,
            sockets=[listener],
            threads=threads,
            ident=None,
            backlog=_BACKLOG,
            connection_limit=_BACKLOG,
            max_request_header_size=_MAX_HEADER_BYTES,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
        )
        self._server.refuse = refuse
        self._server.channel_class = _RefusingChannel if refuse else _Channel
        self._stopping = Event()
        self._loop = Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Start serving."""
        self._loop.start()

    def stop(self) -> None:
        """Wait at most two seconds for running requests, then close every socket."""
        self._server.task_dispatcher.shutdown(timeout=_SHUTDOWN_SECONDS)
        self._stopping.set()
        self._server.pull_trigger()
        if self._loop.is_alive():
            self._loop.join()
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
