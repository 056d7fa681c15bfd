"""Finds the route of a request in the table of the Chalice app.

Chalice's own `RouteMatcher` keeps the parameters of routes that did not match, hence this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

RouteTable = Mapping[str, Mapping[str, Any]]
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""All that a resource of API Gateway can have."""


@dataclass(frozen=True, slots=True)
class Match:
    """A route: the resource path with its `{parameters}`, their decoded values, and the Chalice entry."""

    resource: str
    parameters: dict[str, str]
    entry: Any


def known(method: str) -> str:
    """Return a method that API Gateway knows.

    Others, such as TRACE, do not get as far as a route on AWS. Here they are answered as PATCH would be: by a
    405 where a resource refuses all methods but one, and by a 404 elsewhere.
    """
    return method if method in _METHODS else "PATCH"


def match(table: RouteTable, method: str, path: str) -> Match | None:
    """Return the route of a raw path, or None where API Gateway has no such method on no such resource."""
    # API Gateway does not mind one slash at the end.
    wanted = path.removesuffix("/") if path != "/" else path
    # A literal segment goes before a parameter, as on AWS: "{" sorts after every letter and digit.
    for resource in sorted(table):
        parameters = _parameters(resource.split("/"), wanted.split("/"))
        if parameters is not None and method in table[resource]:
            return Match(resource, parameters, table[resource][method])
        if parameters is not None:
            return None
    return None


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    found: dict[str, str] = {}
    for expected, actual in zip(pattern, segments, strict=True):
        if expected.startswith("{") and actual:
            found[expected.strip("{}")] = unquote(actual, errors="replace")
        elif expected != actual:
            return None
    return found
