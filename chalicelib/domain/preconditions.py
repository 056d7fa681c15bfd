"""Preconditions of requests: the entity tags of `If-Match` (RFC 9110 §13.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidRequest

_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag (RFC 9110 §8.8.3)."""
_SEPARATOR = re.compile(r"[ \t]*,[ \t,]*|[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Precondition:
    """The entity tags of `If-Match`, one of which must be the current one; None: any (RFC 9110 §13.1.1)."""

    tags: frozenset[str] | None = None

    @classmethod
    def of(cls, if_match: str) -> Precondition:
        """Read the header. A weak tag never matches. Raises InvalidRequest for a malformed value."""
        text = if_match.strip(" \t")
        if text == "*":
            return cls()
        tags: set[str] = set()
        at = 0
        while at < len(text):
            found = _ENTITY_TAG.match(text, at)
            separator = _SEPARATOR.match(text, found.end()) if found else None
            if found is None or separator is None:
                raise _malformed()
            if not found[1]:
                tags.add(found[2])
            at = separator.end()
        if not text:
            raise _malformed()
        return cls(frozenset(tags))

    def admits(self, tag: str) -> bool:
        """Return whether `tag`, that of what is stored, is one that the caller expects."""
        return self.tags is None or tag in self.tags


def _malformed() -> InvalidRequest:
    return InvalidRequest(
        "malformed If-Match", description="The header If-Match must be * or a list of quoted entity tags."
    )
