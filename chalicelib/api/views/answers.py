"""Checks that Lambda and API Gateway can pass on the response of a view unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from chalice.app import Response, handle_extra_types

from chalicelib.api.views.media_types import is_any_of
from chalicelib.crashes import UnusableAnswer

MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 64 * 1024
"""Maximum bytes of a body, escaped in JSON as Lambda returns it: Lambda's 6 MB less space for headers."""
_LOWEST_STATUS, _HIGHEST_STATUS = 200, 599


def checked(view: Callable[..., Any], binary_types: Sequence[str]) -> Callable[..., Any]:
    """Wrap a view: raise UnusableAnswer for a response that would not reach the caller unchanged."""

    @wraps(view)
    def usable(*args: Any, **kwargs: Any) -> Response:
        answer = view(*args, **kwargs)
        response = answer if isinstance(answer, Response) else Response(answer)
        fault = _fault(response, binary_types)
        if fault:
            raise UnusableAnswer(fault, view)
        return response

    return usable


def _fault(response: Response, binary_types: Sequence[str]) -> str:
    """Return what is wrong with a response, or an empty string."""
    return _fault_of_head(response) or _fault_of_body(response, binary_types)


def _fault_of_head(response: Response) -> str:
    status = response.status_code
    if not isinstance(status, int) or not _LOWEST_STATUS <= status <= _HIGHEST_STATUS:
        return "The status must be a number from 200 to 599."
    for name, value in response.headers.items():
        texts = value if isinstance(value, list) else [value]
        if not all(_is_header_text(one) for one in [name, *texts]):
            return "A header must be text of Latin-1 without line breaks."
    return ""


def _is_header_text(text: object) -> bool:
    if not isinstance(text, str) or "\r" in text or "\n" in text:
        return False
    return all(ord(character) < 256 for character in text)  # noqa: PLR2004 - the size of Latin-1


def _fault_of_body(response: Response, binary_types: Sequence[str]) -> str:
    given = next((v for name, v in response.headers.items() if name.lower() == "content-type"), "")
    is_binary = is_any_of(str(given), binary_types)
    body = response.body
    if isinstance(body, bytes):
        if not is_binary:
            return "A body of bytes needs a Content-Type that Chalice or BINARY_TYPES lists as binary."
        return _too_large(len(body) * 4 // 3)
    if is_binary:
        return "A body with a Content-Type that is listed as binary must be bytes."
    try:
        # As `Response.to_dict` does, but without NaN and Infinity, which are not JSON.
        text = (
            body if isinstance(body, str) else json.dumps(body, allow_nan=False, default=handle_extra_types)
        )
        size = len(json.dumps(text, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return "The body contains a lone surrogate, which has no UTF-8 form."
    except (TypeError, ValueError, RecursionError):
        return "The body is not JSON: it contains a value that JSON does not have, such as NaN or an object."
    return _too_large(size)


def _too_large(size: int) -> str:
    return "The body is larger than the 6 MB that Lambda returns." if size > MAX_ANSWER_BYTES else ""
