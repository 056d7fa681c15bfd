"""Serve the inbox beside the gateway, which has no such routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.local.inbox.mailbox import read_message
from infra.local.inbox.page import html_page, json_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATH = "/_local/inbox"
_PAGES = {
    PATH: (html_page, "text/html; charset=utf-8"),
    f"{PATH}.json": (json_page, "application/json; charset=utf-8"),
}
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]


class WithInbox:
    """A WSGI application with the inbox in front. `sent` returns the MIME messages, oldest first."""

    def __init__(self, application: Any, sent: Callable[[], Sequence[str]]) -> None:
        self._application = application
        self._sent = sent

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        page = _PAGES.get(environ["REQUEST_URI"].partition("?")[0])
        if page is None or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._application(environ, start_response)
        render, content_type = page
        body = render([read_message(raw) for raw in reversed(self._sent())])
        length = ("Content-Length", str(len(body)))
        start_response("200 OK", [("Content-Type", content_type), length, *_HEADERS])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
