"""Checks route declarations while `app.py` is imported, and refuses those that would not work as written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from chalice.app import Chalice

from chalicelib.api.views.media_types import is_any_of, is_text
from chalicelib.crashes import place_of
from chalicelib.domain.tokens.scopes import is_permission

_GUARDED = "_is_guarded"


class BadRoute(TypeError):
    """A route or its `@requires` is declared wrongly. The message states the correct form."""


def check_permissions_of_guard(permissions: Sequence[object]) -> None:
    """Raise BadRoute unless every argument of `@requires` is a permission."""
    for one in permissions:
        if callable(one):
            raise BadRoute(f"{place_of(one)}: write @requires() with parentheses.")
        if not isinstance(one, str):
            names = ", ".join(repr(name) for name in one) if isinstance(one, list | tuple | set) else "..."
            raise BadRoute(f"@requires takes permissions as separate arguments: @requires({names}).")
        if not is_permission(one):
            raise BadRoute(
                f"@requires({one!r}): a permission is printable ASCII without space, quote or backslash."
            )


def mark_guarded(view: Callable[..., Any]) -> None:
    """Mark a view as guarded by `@requires`, to find routes that were registered before the guard."""
    while view is not None:
        # Built-in functions and classes accept no attribute, but are not used as views.
        with suppress(AttributeError, TypeError):
            setattr(view, _GUARDED, True)
        view = getattr(view, "__wrapped__", None)  # type: ignore[assignment]


def check_route(app: Chalice, entry: Any, guarded_authorizer: object) -> None:
    """Raise BadRoute for a route that is open by mistake, or whose bodies API Gateway would corrupt."""
    place = f"{place_of(entry.view_function)}: {entry.method} {entry.uri_pattern}"
    for fault in (
        _fault_of_guard(entry, guarded_authorizer),
        _fault_of_cors(entry),
        _fault_of_types(entry, app.api.binary_types),
        _fault_of_annotation(entry),
    ):
        if fault:
            raise BadRoute(f"{place}: {fault}")


def close_to_routes(app: Chalice) -> None:
    """Make every later registration of a route raise BadRoute."""

    def refuse(name: str, *_: Any, **__: Any) -> None:
        raise BadRoute(
            f"The view {name} is registered after the end of app.py, without error handling and checks: "
            "put it into a `blueprint` of a module in chalicelib/functions."
        )

    app._register_route = refuse  # type: ignore[method-assign]  # noqa: SLF001 - Chalice has no hook for it


def _fault_of_guard(entry: Any, guarded_authorizer: object) -> str:
    view = entry.view_function
    has_guard = hasattr(view, "permissions")
    if not has_guard and getattr(view, _GUARDED, False):
        return "@requires must be below @route, directly above the function: here the route is unprotected."
    if has_guard and entry.authorizer is None:
        return "@requires needs the authorizer: write @route(..., authorizer=bearer)."
    if not has_guard and entry.authorizer is guarded_authorizer:
        return (
            "a protected route needs @requires(...) below @route; @requires() without a permission accepts "
            "every valid token."
        )
    return ""


def _fault_of_cors(entry: Any) -> str:
    if entry.cors is None:
        return ""
    return "remove cors=...: the setting CORS_ALLOW_ORIGINS allows origins for all routes."


def _fault_of_types(entry: Any, binary_types: Sequence[str]) -> str:
    for one in entry.content_types:
        if not is_text(one) and not is_any_of(one, binary_types):
            return (
                f"API Gateway would corrupt bodies of the type {one}: "
                f'add "{one}" to BINARY_TYPES in chalicelib/functions/__init__.py.'
            )
    return ""


def _fault_of_annotation(entry: Any) -> str:
    annotation = getattr(inspect.unwrap(entry.view_function), "__annotations__", {}).get("return")
    if annotation not in {bytes, "bytes"}:
        return ""
    return (
        "a view that returns bytes needs a content type: return "
        'Response(body, {"Content-Type": "image/png"}).'
    )
