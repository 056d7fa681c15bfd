"""What holds for every route of the app, so that no route can forget it."""

from __future__ import annotations

from chalice.app import Chalice

from chalicelib.api.cors import no_preflight
from chalicelib.api.http import ANY_TYPE, handle_errors


def finalize(app: Chalice) -> None:
    """Answer the errors of every view as the contract says, and the preflights of every path.

    To be called once all routes are registered, while the app is imported: what Chalice packages is what
    there is then. A preflight carries no token (Fetch §3.2.2), so its route has no authorizer.
    """
    for path, entries in list(app.routes.items()):
        if "OPTIONS" not in entries:
            app.route(path, methods=["OPTIONS"], content_types=ANY_TYPE)(no_preflight)
        for entry in entries.values():
            entry.view_function = handle_errors(entry.view_function)
