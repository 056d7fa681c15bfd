"""Scopes: the permissions that a token carries (RFC 6749 §3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidAccount, InvalidScope

MAX_SCOPE_CHARACTERS = 4_000
"""Of all permissions of an account together, so that a token with them stays below its 8 KiB."""

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_SCOPE = re.compile(rf"{_SCOPE_TOKEN.pattern}(?: {_SCOPE_TOKEN.pattern})*")


def is_permission(text: str) -> bool:
    """Tell whether text can stand in a scope (RFC 6749 §3.3, scope-token)."""
    return _SCOPE_TOKEN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of permissions; on the wire sorted and parted by single spaces."""

    permissions: frozenset[str]

    @classmethod
    def of(cls, permissions: Iterable[str]) -> Scope:
        """Make a scope from permissions that are known to be well formed."""
        return cls(frozenset(permissions))

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read a `scope` parameter. Raises InvalidScope where RFC 6749 §3.3 does not derive it."""
        if not _SCOPE.fullmatch(text):
            raise InvalidScope("malformed scope")
        return cls(frozenset(text.split(" ")))

    def __str__(self) -> str:
        return " ".join(sorted(self.permissions))


def check_permissions(scope: Scope) -> None:
    """Raise InvalidAccount where the permissions of an account are no scope, or too much for a token."""
    if not all(map(is_permission, scope.permissions)):
        raise InvalidAccount(description="A permission is printable ASCII without space, quote or backslash.")
    if len(str(scope)) > MAX_SCOPE_CHARACTERS:
        raise InvalidAccount(
            description=f"Together, permissions may have at most {MAX_SCOPE_CHARACTERS} characters."
        )


def resolve_scope(requested: Scope | None, allowed: Scope) -> Scope:
    """Return what was asked for, or all that is allowed where nothing was asked.

    Raises InvalidScope for anything beyond: an app that asks for more must learn that it did not get it.
    """
    if requested is None:
        return allowed
    if not requested.permissions <= allowed.permissions:
        raise InvalidScope("scope not held")
    return requested
