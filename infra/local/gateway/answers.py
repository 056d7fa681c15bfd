"""Build responses from the result of a function, or from a gateway response of the template."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from infra.local.gateway.messages import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Headers that API Gateway sets or reserves; it renames those of a function. Its documentation lists more that
# "may be remapped", and does not say when.
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
# Belongs to one connection, and is not in the list.
_DROPPED = {"keep-alive"}
_LOWEST, _HIGHEST = 200, 599


class MalformedResponseError(Exception):
    """A function's response does not have the form that API Gateway requires."""


def from_refusal(responses: Mapping[str, Mapping[str, Any]], kind: str, status: int) -> Response:
    """Render a gateway response. `status` applies if neither it nor its default sets one.

    Raises ValueError for a header that is not a constant.
    """
    fallback = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"  # noqa: PLR2004  # the two families of HTTP
    chosen = responses.get(kind, responses[fallback])
    static = chosen.get("ResponseParameters", {}).get("Headers", {})
    headers = {"Content-Type": "application/json", **{name: _literal(text) for name, text in static.items()}}
    body = str(chosen["ResponseTemplates"]["application/json"])
    return Response(int(chosen.get("StatusCode", status)), tuple(headers.items()), body.encode())


def from_function(answer: Any, *, takes_bytes: bool) -> Response:
    """Validate a function's response as API Gateway does. Raises MalformedResponseError.

    Without `takes_bytes`, a body of bytes is sent as base64 (see `takes_bytes`).
    """
    try:
        return Response(
            _status(answer["statusCode"]), _headers(answer), _body(answer, takes_bytes=takes_bytes)
        )
    except (TypeError, KeyError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedResponseError("The response is malformed.") from error


def takes_bytes(accept: str, binary_types: Sequence[str]) -> bool:
    """Return whether API Gateway sends bytes: the first type of `Accept` must be one of these."""
    first = accept.partition(",")[0].partition(";")[0].strip().lower()
    return first in binary_types or "*/*" in binary_types


def _literal(text: str) -> str:
    # A constant is in single quotes; anything else would map a part of the request.
    if not (text.startswith("'") and text.endswith("'")):
        raise ValueError(f"A gateway response allows only constants in single quotes, not {text}.")
    return text[1:-1]


def _status(value: Any) -> int:
    status = int(value)
    if not _LOWEST <= status <= _HIGHEST:
        raise ValueError(f"A function must not send the status {status}.")
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
        raise ValueError("A header must not contain a line break.")
    return text


def _body(answer: Mapping[str, Any], *, takes_bytes: bool) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TypeError("The body of a response must be a string.")
    decoded = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else None
    return body.encode() if decoded is None or not takes_bytes else decoded
