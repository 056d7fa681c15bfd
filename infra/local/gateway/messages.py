"""Requests, responses and refusals of the local gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as received, not percent-decoded.

    Header names are in `Title-Case`; the values of a repeated header are joined by a comma.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str

    def size(self) -> int:
        """Return the bytes of request line and headers; API Gateway limits their sum."""
        line = len(self.method) + len(self.path) + len(self.query) + len("  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers.items())


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response without the headers that the server adds (length, date, connection)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def status_line(self) -> str:
        """Return the status with its phrase, as WSGI requires it."""
        known = self.status in HTTPStatus.__members__.values()
        return f"{self.status} {HTTPStatus(self.status).phrase if known else 'Unknown'}"


class RefusedError(Exception):
    """The gateway refuses the request without the function.

    `kind` names the gateway response; `status` is what AWS sends if that response sets no status.
    """

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status
