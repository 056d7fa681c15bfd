"""Scopes: the permissions that a token carries (RFC 6749 §3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.errors import InvalidScope

MAX_SCOPE_CHARACTERS = 4_000
"""Maximum length of all permissions of an account, so that a token with them stays below 8 KiB."""

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_SCOPE = re.compile(rf"{_SCOPE_TOKEN.pattern}(?: {_SCOPE_TOKEN.pattern})*")


def is_permission(text: str) -> bool:
    """Return whether text is a valid scope-token (RFC 6749 §3.3)."""
    return _SCOPE_TOKEN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of permissions. On the wire they are sorted and separated by single spaces."""

    permissions: frozenset[str]

    @classmethod
    def of(cls, permissions: Iterable[str]) -> Scope:
        """Return a scope of permissions that are known to be well formed."""
        return cls(frozenset(permissions))

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Parse a `scope` parameter. Raises InvalidScope if it does not match RFC 6749 §3.3."""
        if not _SCOPE.fullmatch(text):
            raise InvalidScope("malformed scope")
        return cls(frozenset(text.split(" ")))

    def __str__(self) -> str:
        return " ".join(sorted(self.permissions))


def check_permissions(scope: Scope) -> None:
    """Raise InvalidAccount for permissions that are malformed, or too long in total for a token."""
    if not all(map(is_permission, scope.permissions)):
        raise InvalidAccount(
            description="A permission must be printable ASCII without space, quote or backslash."
        )
    if len(str(scope)) > MAX_SCOPE_CHARACTERS:
        raise InvalidAccount(
            description=f"Together, permissions may have at most {MAX_SCOPE_CHARACTERS} characters."
        )


def resolve_scope(requested: Scope | None, allowed: Scope) -> Scope:
    """Return the requested scope, or all that is allowed if none was requested.

    Raises InvalidScope if the request exceeds what is allowed, rather than silently granting less.
    """
    if requested is None:
        return allowed
    if not requested.permissions <= allowed.permissions:
        raise InvalidScope("scope not held")
    return requested
