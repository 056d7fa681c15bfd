"""Applies error handling, checks and CORS preflight to every route, so that no route can omit them."""

from __future__ import annotations

from chalice.app import Chalice

from chalicelib.api.authorizer import bearer
from chalicelib.api.cors import no_preflight
from chalicelib.api.http import ANY_TYPE, handle_errors
from chalicelib.api.views.answers import checked
from chalicelib.api.views.checks import check_route, close_to_routes


def finalize(app: Chalice) -> None:
    """Check and wrap every view, add an `OPTIONS` route to every path, and accept no further route.

    Call it after all routes are registered and while `app.py` is imported, since Chalice packages the routes
    that exist then. A preflight carries no token (Fetch §3.2.2), so its route has no authorizer. Raises
    BadRoute.
    """
    for path, entries in list(app.routes.items()):
        for entry in entries.values():
            check_route(app, entry, bearer)
        if "OPTIONS" not in entries:
            app.route(path, methods=["OPTIONS"], content_types=ANY_TYPE)(no_preflight)
        for entry in entries.values():
            entry.view_function = handle_errors(checked(entry.view_function, app.api.binary_types))
    close_to_routes(app)
