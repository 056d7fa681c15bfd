"""Parsing of form parameters (RFC 6749 §3.2 and appendix B)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from chalicelib.domain.errors import InvalidRequest

MAX_BODY_BYTES = 16 * 1024
MEDIA_TYPE = "application/x-www-form-urlencoded"
_CREDENTIALS = (
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
)
_KNOWN = frozenset({*_CREDENTIALS, "client_id", "grant_type", "scope", "token_type_hint"})
"""Names that an error may contain. Any other name is input, and is never sent back."""


def parse_form(body: bytes, content_type: str) -> dict[str, str]:
    """Return the parameters of a form-encoded body; those without a value count as absent.

    Raises InvalidRequest for another media type, a body over 16 KiB, bytes that are not UTF-8, and a repeated
    parameter (RFC 6749 §3.2), since parsers disagree on which value counts.
    """
    require_media_type(content_type, MEDIA_TYPE)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidRequest("oversized body", description="The body of the request is too large.")
    parameters: dict[str, str] = {}
    for pair in filter(None, body.split(b"&")):
        raw_name, _, raw_value = pair.partition(b"=")
        name = _decode(raw_name, "The name of a parameter")
        value = _decode(raw_value, _subject(name))
        if name in parameters:
            raise InvalidRequest("repeated parameter", description=f"{_subject(name)} is repeated.")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def refuse_credentials_in_query(query: Mapping[str, object]) -> None:
    """Raise InvalidRequest for a credential in the URL, where logs and histories keep it (ASVS 14.2.1)."""
    for name in _CREDENTIALS:
        if name in query:
            raise InvalidRequest(
                "credential in query",
                description=f"The parameter {name} belongs in the body of the request, not in its URL.",
            )


def require_media_type(content_type: str, expected: str) -> None:
    """Raise InvalidRequest if a `Content-Type` is not the expected media type, in UTF-8."""
    media_type, *options = (part.strip().lower() for part in content_type.split(";"))
    if media_type != expected:
        raise InvalidRequest("wrong content type", description=f"The Content-Type must be {expected}.")
    named = (option.partition("=") for option in options)
    charsets = {value.strip(' \t"') for name, _, value in named if name.strip() == "charset"}
    if not charsets <= {"utf-8", "utf8"}:
        raise InvalidRequest("wrong charset", description="The charset of the Content-Type must be utf-8.")


def required(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter. Raises InvalidRequest, with its name, if it is absent."""
    try:
        return parameters[name]
    except KeyError:
        raise InvalidRequest(f"missing {name}", description=f"The parameter {name} is missing.") from None


def _subject(name: str) -> str:
    return f"The parameter {name}" if name in _KNOWN else "A parameter of the request"


def _decode(raw: bytes, subject: str) -> str:
    """Return the text of a form-encoded name or value. Raises InvalidRequest, naming `subject`."""
    # API Gateway replaces bytes that are not UTF-8 by U+FFFD. An encoder escapes a real U+FFFD, so an
    # unescaped one means that the value was changed.
    if "\ufffd".encode() in raw or not _escapes_are_whole(raw):
        raise InvalidRequest("undecodable parameter", description=f"{subject} is not form-encoded UTF-8.")
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "undecodable parameter", description=f"{subject} is not form-encoded UTF-8."
        ) from error


def _escapes_are_whole(raw: bytes) -> bool:
    digits = b"0123456789abcdefABCDEF"
    return all(len(tail) >= 2 and tail[0] in digits and tail[1] in digits for tail in raw.split(b"%")[1:])  # noqa: PLR2004 - two hexadecimal digits
