"""Strict parsing of JSON bodies: text that parsers interpret differently is refused."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from types import UnionType
from typing import Any, NoReturn, get_args

from chalicelib.api.http import body_bytes, current_request, header
from chalicelib.domain.errors import InvalidRequest
from chalicelib.oauth.form import refuse_credentials_in_query, require_media_type

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 100
"""Maximum nesting of objects and lists. Other parsers accept 64 (.NET) to 512 (PHP)."""
MEDIA_TYPE = "application/json"
_KINDS = {
    str: "a string",
    int: "a whole number",
    dict: "an object",
    list: "a list",
    bool: "true or false",
    type(None): "null",
}


def json_text(max_bytes: int = MAX_BODY_BYTES, known: Collection[str] = ()) -> tuple[str, dict[str, Any]]:
    """Return the body of the current request, a JSON object, as text and as the parsed object.

    Raises InvalidRequest for another media type, a body that is too large or not in UTF-8, a repeated member
    (which the error names if it is one of `known`), a number that JSON does not allow (NaN, Infinity), text
    that UTF-8 cannot represent, more than `MAX_DEPTH` levels, and a credential in the URL.
    """
    refuse_credentials_in_query(current_request().query_params or {})
    require_media_type(header("content-type"), MEDIA_TYPE)
    body = body_bytes()
    if len(body) > max_bytes:
        raise InvalidRequest("oversized body", description="The body of the request is too large.")
    # API Gateway replaces bytes that are not UTF-8 by U+FFFD; an encoder would have escaped a real one.
    if "\ufffd".encode() in body:
        raise _malformed()
    try:
        text = body.decode("utf-8")
        read = json.loads(
            text, object_pairs_hook=lambda pairs: _members(pairs, known), parse_constant=_no_constant
        )
        json.dumps(read, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(read, dict):
        raise _malformed()
    _require_depth(read)
    return text, read


def json_members(
    required: Mapping[str, type | UnionType], optional: Mapping[str, type | UnionType] | None = None
) -> dict[str, Any]:
    """Return the members of the body, each of the type given for its name; optional ones may be absent.

    Raises InvalidRequest as `json_text` does, and for an unknown member, a missing one, or one of another
    type. The error names the parameter, except an unknown one, whose name is the caller's input.
    """
    types: dict[str, type | UnionType] = {**required, **(optional or {})}
    _, found = json_text(known=types)
    if not found.keys() <= types.keys():
        known = ", ".join(sorted(types))
        raise InvalidRequest("unknown member", description=f"The request body may only have: {known}.")
    for name in required:
        if name not in found:
            raise InvalidRequest(f"missing {name}", description=f"The parameter {name} is missing.")
    for name, value in found.items():
        # Not isinstance alone: true is an int.
        allowed = get_args(types[name]) or (types[name],)
        if type(value) not in allowed:
            kinds = " or ".join(_KINDS[one] for one in allowed)
            raise InvalidRequest(
                f"wrong type of {name}", description=f"The parameter {name} must be {kinds}."
            )
    return found


def _members(pairs: list[tuple[str, Any]], known: Collection[str]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            subject = f"The parameter {name}" if name in known else "A parameter of the request"
            raise InvalidRequest("repeated member", description=f"{subject} is repeated.")
        members[name] = value
    return members


def _require_depth(read: dict[str, Any]) -> None:
    level: list[Any] = [read]
    for _ in range(MAX_DEPTH):
        containers = [one for one in level if isinstance(one, dict | list)]
        level = [inner for one in containers for inner in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return
    if any(isinstance(one, dict | list) for one in level):
        raise InvalidRequest("nested too deeply", description="The request body is nested too deeply.")


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _malformed() -> InvalidRequest:
    return InvalidRequest("malformed JSON", description="The request body must be a JSON object in UTF-8.")
