"""Keep Chalice's `current_request` and `lambda_context` apart for requests that run at the same time.

A process of Lambda serves one request at a time, so Chalice stores both in attributes of the app.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

_request: ContextVar[Any] = ContextVar("current_request")
_lambda_context: ContextVar[Any] = ContextVar("lambda_context")


def separate_requests(app: Any) -> None:
    """Make both attributes belong to the request that is being served. May be called more than once."""
    if not isinstance(app, _Separated):
        app.__class__ = type("Separated", (_Separated, app.__class__), {})


class _Separated:
    @property
    def current_request(self) -> Any:
        return _value(_request)

    @current_request.setter
    def current_request(self, value: Any) -> None:
        _request.set(value)

    @property
    def lambda_context(self) -> Any:
        return _value(_lambda_context)

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        _lambda_context.set(value)


def _value(variable: ContextVar[Any]) -> Any:
    try:
        return variable.get()
    except LookupError:
        # Imported here: the local stack imports this package anew when its source changes.
        from chalicelib.api.http import outside_of_request

        raise outside_of_request() from None
