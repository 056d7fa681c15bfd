"""Turns what a function returned, or why the gateway refused, into a response."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from infra.local.gateway.messages import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

# Headers that API Gateway writes itself or keeps for itself: those of a function arrive under another name.
# Its documentation lists more that "may be remapped", of which it does not say when.
_REMAPPED = {
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
}
_REMAPPED_PREFIX = "x-amzn-Remapped-"
# Belongs to one connection, and is no part of the list.
_DROPPED = {"keep-alive"}
_LOWEST, _HIGHEST = 200, 599


class MalformedAnswerError(Exception):
    """A function's answer is not of the form that API Gateway asks for."""


def from_refusal(responses: Mapping[str, Mapping[str, Any]], kind: str, status: int) -> Response:
    """Render a gateway response. `status` holds where neither it nor its fallback names another."""
    fallback = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"  # noqa: PLR2004  # the two families of HTTP
    chosen = responses.get(kind, responses[fallback])
    static = chosen.get("ResponseParameters", {}).get("Headers", {})
    headers = {"Content-Type": "application/json", **{name: _literal(text) for name, text in static.items()}}
    body = str(chosen["ResponseTemplates"]["application/json"])
    return Response(int(chosen.get("StatusCode", status)), tuple(headers.items()), body.encode())


def from_function(answer: Any) -> Response:
    """Check a function's answer as API Gateway does. Raises MalformedAnswerError."""
    try:
        return Response(_status(answer["statusCode"]), _headers(answer), _body(answer))
    except (TypeError, KeyError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedAnswerError("The answer is malformed.") from error


def _literal(text: str) -> str:
    # A gateway response marks a constant with single quotes; anything else maps a part of the request.
    if not (text.startswith("'") and text.endswith("'")):
        raise ValueError(f"Only constants in single quotes are allowed in a gateway response, not {text}.")
    return text[1:-1]


def _status(value: Any) -> int:
    status = int(value)
    if not _LOWEST <= status <= _HIGHEST:
        raise ValueError(f"{status} is no status that a function may send.")
    return status


def _headers(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    pairs = {name.lower(): (name, [value]) for name, value in (answer.get("headers") or {}).items()}
    many = answer.get("multiValueHeaders") or {}
    pairs.update({name.lower(): (name, list(values)) for name, values in many.items()})
    pairs.setdefault("content-type", ("Content-Type", ["application/json"]))
    return tuple(
        (f"{_REMAPPED_PREFIX}{name}" if key in _REMAPPED else name, _header_text(value))
        for key, (name, values) in pairs.items()
        if key not in _DROPPED
        for value in values
    )


def _header_text(value: Any) -> str:
    text = str(value)
    text.encode("latin-1")
    if "\r" in text or "\n" in text:
        raise ValueError("A header cannot hold a line break.")
    return text


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TypeError("The body of an answer is a text.")
    return base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
