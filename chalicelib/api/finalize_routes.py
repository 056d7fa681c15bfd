"""Applies error handling and CORS preflight to every route, so that no route can omit them."""

from __future__ import annotations

from chalice.app import Chalice

from chalicelib.api.cors import no_preflight
from chalicelib.api.http import ANY_TYPE, handle_errors


def finalize(app: Chalice) -> None:
    """Wrap every view with `handle_errors`, and add an `OPTIONS` route to every path.

    Call it after all routes are registered and while `app.py` is imported, since Chalice packages the routes
    that exist then. A preflight carries no token (Fetch §3.2.2), so its route has no authorizer.
    """
    for path, entries in list(app.routes.items()):
        if "OPTIONS" not in entries:
            app.route(path, methods=["OPTIONS"], content_types=ANY_TYPE)(no_preflight)
        for entry in entries.values():
            entry.view_function = handle_errors(entry.view_function)
