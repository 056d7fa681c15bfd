"""Web pages of another origin (Fetch §3.2): those of the one that is set may call, else none.

An app on a phone needs none of it: only a browser asks. API Gateway knows no route for `OPTIONS` unless the
app has one (`every_route`); the error answers that it gives by itself get their header from the template.
"""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.api.http import NO_STORE
from chalicelib.domain.errors import NotFound
from chalicelib.services import get_services
from chalicelib.settings import BadSetting

PREFLIGHT_SECONDS = 7_200
"""For which a browser may remember the answer; the longest that any of them does."""
_ALLOWED = {
    "Access-Control-Allow-Methods": "DELETE, GET, PATCH, POST, PUT",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
}


def cross_origin(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: answer a preflight, and let the page read every other answer."""
    origin = _allowed_origin()
    if not origin:
        return get_response(request)
    if request.method == "OPTIONS":
        return Response("", {**NO_STORE, **_ALLOWED, "Access-Control-Allow-Origin": origin}, 204)
    response = get_response(request)
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, WWW-Authenticate"
    return response


def no_preflight(**_parameters: str) -> Response:
    """Answer as if there were no such route, which is so unless an origin is set."""
    raise NotFound("no cross-origin requests")


def _allowed_origin() -> str:
    try:
        return get_services().settings.cors_allow_origin
    except BadSetting:
        # The door that was called fails on it too, and says so in the contract's words.
        return ""
