"""What goes through the local gateway: a request, a response, and a refusal by the gateway itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came over the wire: nothing is percent-decoded yet.

    Header names are in `Title-Case`; a header that came twice holds both values, parted by a comma.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str

    def size(self) -> int:
        """Return the bytes of request line and headers, which API Gateway limits together."""
        line = len(self.method) + len(self.path) + len(self.query) + len("  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers.items())


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, complete but for what the server adds (length, date, connection)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def status_line(self) -> str:
        """Return the status with its phrase, as WSGI wants it."""
        known = self.status in HTTPStatus.__members__.values()
        return f"{self.status} {HTTPStatus(self.status).phrase if known else 'Unknown'}"


class RefusedError(Exception):
    """The gateway answers by itself.

    `kind` names the gateway response, `status` is what AWS sends where that response sets no status.
    """

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status
