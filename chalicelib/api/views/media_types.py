"""Media types (RFC 9110 §8.3.1): which of them are text, and which API Gateway treats as binary."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TEXT = re.compile(
    r"\*/\*|text/.+|.+\+(?:json|xml)"
    r"|application/(?:json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|jwt|yaml|toml)"
)


def essence(content_type: str) -> str:
    """Return type and subtype in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_text(content_type: str) -> bool:
    """Return whether a body of this type survives API Gateway, which decodes it as UTF-8."""
    return _TEXT.fullmatch(essence(content_type)) is not None


def is_any_of(content_type: str, binary_types: Sequence[str]) -> bool:
    """Return whether Chalice treats a body of this type as binary. Chalice serializes JSON itself."""
    kind = essence(content_type)
    if kind in {"", "application/json"}:
        return False
    return kind in binary_types or "*/*" in binary_types
