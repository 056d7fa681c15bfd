"""Cross-origin requests (Fetch §3.3): pages and web views of the allowed origins may call the API.

Native apps do not need CORS, only browsers and web views do. API Gateway has a route for `OPTIONS` only if
the app has one (`finalize_routes`); its own error responses get their headers from the template.
"""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.api.http import NO_STORE
from chalicelib.domain.errors import NotFound
from chalicelib.services import get_services
from chalicelib.settings import BadSetting, Settings

PREFLIGHT_SECONDS = 7_200
"""How long a browser may cache a preflight response: the maximum of any browser."""
_METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
_REQUEST_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
# API Gateway renames the challenge of a function.
_READABLE = {
    "Access-Control-Expose-Headers": "ETag, Retry-After, WWW-Authenticate, x-amzn-Remapped-WWW-Authenticate"
}


def cross_origin(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: answer preflights, and allow pages of allowed origins to read other responses."""
    settings = _settings()
    if settings is None or not settings.allowed_origins:
        return get_response(request)
    is_preflight = request.method == "OPTIONS"
    response = Response("", {**NO_STORE}, 204) if is_preflight else get_response(request)
    _vary_by_origin(response)
    origin = request.headers.get("origin")
    if origin in settings.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.update(_preflight(settings) if is_preflight else _READABLE)
    return response


def _vary_by_origin(response: Response) -> None:
    """Add `Vary: Origin`, also for requests of other origins or without one (Fetch §3.3.5)."""
    name = next((one for one in response.headers if one.lower() == "vary"), "Vary")
    given = response.headers.get(name)
    response.headers[name] = f"{given}, Origin" if given else "Origin"


def _preflight(settings: Settings) -> dict[str, str]:
    more = filter(None, settings.cors_allow_headers.split(","))
    return {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": ", ".join([*_REQUEST_HEADERS, *more]),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def no_preflight(**_parameters: str) -> Response:
    """Return 404: without `CORS_ALLOW_ORIGINS` there is no preflight."""
    raise NotFound("no cross-origin requests")


def _settings() -> Settings | None:
    try:
        return get_services().settings
    except BadSetting:
        # The view raises it as well, and its error handler responds.
        return None
