"""Find the route of a request in the routes of a Chalice app.

Chalice's own `RouteMatcher` keeps path parameters of routes that did not match.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

RouteTable = Mapping[str, Mapping[str, Any]]
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""The methods that a resource of API Gateway can have."""


@dataclass(frozen=True, slots=True)
class Match:
    """A route: the resource path with its `{parameters}`, their decoded values, and Chalice's route entry."""

    resource: str
    parameters: dict[str, str]
    entry: Any


def known(method: str) -> str:
    """Return the method, or PATCH for one that API Gateway does not support, such as TRACE.

    AWS rejects those before routing. Here they get what PATCH gets: a 405 from a resource that refuses all
    methods but one, and otherwise a 404.
    """
    return method if method in _METHODS else "PATCH"


def match(table: RouteTable, method: str, path: str) -> Match | None:
    """Return the route of a raw path, or None if there is no such resource or method."""
    # API Gateway ignores one slash at the end.
    wanted = path.removesuffix("/") if path != "/" else path
    # As on AWS, a literal segment precedes a parameter: "{" sorts after every letter and digit.
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
