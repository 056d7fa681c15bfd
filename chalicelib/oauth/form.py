"""Form parameters, read as RFC 6749 §3.2 and appendix B ask."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from chalicelib.domain.errors import InvalidRequest

MAX_BODY_BYTES = 16 * 1024
MEDIA_TYPE = "application/x-www-form-urlencoded"
_CREDENTIALS = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "current_password",
        "device_key",
        "new_password",
        "password",
        "refresh_token",
        "token",
        "username",
        "verification",
    }
)


def parse_form(body: bytes, content_type: str) -> dict[str, str]:
    """Return the parameters of a form-encoded body; those without a value count as absent.

    Raises InvalidRequest for another media type, a body over 16 KiB, bytes that are not UTF-8, and a
    parameter that stands twice: two readers would each believe another one.
    """
    require_media_type(content_type, MEDIA_TYPE)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidRequest("oversized body", description="The request body is too large.")
    parameters: dict[str, str] = {}
    for pair in filter(None, body.split(b"&")):
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decode(raw_name), _decode(raw_value)
        if name in parameters:
            raise InvalidRequest("repeated parameter", description="A parameter is repeated.")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def refuse_credentials_in_query(query: Mapping[str, object]) -> None:
    """Raise InvalidRequest for a credential in the URL, where logs and histories keep it (ASVS 14.2.1)."""
    if not _CREDENTIALS.isdisjoint(query):
        raise InvalidRequest("credential in query", description="Credentials belong in the request body.")


def require_media_type(content_type: str, expected: str) -> None:
    """Raise InvalidRequest where a `Content-Type` is not the media type expected, in UTF-8."""
    media_type, *options = (part.strip().lower() for part in content_type.split(";"))
    named = (option.partition("=") for option in options)
    charsets = {value.strip(' \t"') for name, _, value in named if name.strip() == "charset"}
    if media_type != expected or not charsets <= {"utf-8", "utf8"}:
        raise InvalidRequest("wrong content type", description=f"The content type must be {expected}.")


def required(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter. Raises InvalidRequest, naming it, where it is absent."""
    try:
        return parameters[name]
    except KeyError:
        raise InvalidRequest(f"missing {name}", description=f"The parameter {name} is missing.") from None


def _decode(raw: bytes) -> str:
    # API Gateway has by then replaced bytes that are not UTF-8 by U+FFFD; an encoder would have escaped a
    # real one, so an unescaped one means that the value is no longer what the client sent.
    if "\ufffd".encode() in raw or not _escapes_are_whole(raw):
        raise InvalidRequest("undecodable parameter", description="A parameter is not form-encoded UTF-8.")
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "undecodable parameter", description="A parameter is not form-encoded UTF-8."
        ) from error


def _escapes_are_whole(raw: bytes) -> bool:
    digits = b"0123456789abcdefABCDEF"
    return all(len(tail) >= 2 and tail[0] in digits and tail[1] in digits for tail in raw.split(b"%")[1:])  # noqa: PLR2004 - two hexadecimal digits
