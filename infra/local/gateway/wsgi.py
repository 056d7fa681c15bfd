"""Serve the gateway as a WSGI application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.local.gateway.messages import Request, Response

if TYPE_CHECKING:
    from infra.local.gateway.gateway import Gateway

# WSGI passes these two headers without the prefix HTTP_.
_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")


class GatewayApplication:
    """The gateway as a WSGI application."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._is_open = Event()
        self._is_open.set()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have requests that arrive inside the `with` block wait for its end."""
        self._is_open.clear()
        try:
            yield
        finally:
            self._is_open.set()

    def replace(self, gateway: Gateway) -> None:
        """Pass every further request to another gateway."""
        self._gateway = gateway

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer one request."""
        self._is_open.wait()
        response = self._gateway.handle(read_request(environ))
        headers = [*response.headers, ("Content-Length", str(len(response.body)))]
        start_response(response.status_line(), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def refuse(self, status: int) -> Response:
        """Return the response to a request that the server could not parse."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
            return self._gateway.refuse("DEFAULT_5XX", status)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return self._gateway.refuse("REQUEST_TOO_LARGE", status)
        # AWS answers these before API Gateway, so no gateway response has this name. Waitress answers an
        # unknown transfer coding with 501; here it is a malformed request.
        known = status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return self._gateway.refuse("UNREADABLE", status if known else HTTPStatus.BAD_REQUEST)


def read_request(environ: dict[str, Any]) -> Request:
    """Convert a WSGI environment of waitress."""
    path, _, query = _origin_form(environ["REQUEST_URI"]).partition("?")
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=query,
        headers=_headers(environ),
        body=environ["wsgi.input"].read(),
        source_ip=environ["REMOTE_ADDR"],
    )


def _origin_form(target: str) -> str:
    # PATH_INFO is already decoded, so %2F in it cannot be distinguished from a slash.
    if "://" in target.partition("?")[0]:
        parts = urlsplit(target)
        target = f"{parts.path or '/'}?{parts.query}"
    return target.partition("#")[0]


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    found = {key.removeprefix("HTTP_"): value for key, value in environ.items() if key.startswith("HTTP_")}
    found.update({key: environ[key] for key in _UNPREFIXED if environ.get(key)})
    return {key.replace("_", "-").title(): value for key, value in found.items()}
