"""The Chalice app: the routes of the service, your own functions in `chalicelib/functions`, or both.

In AWS these are two Lambda functions with separate roles (docs/decisions/0014-own-functions.md). Each imports
only its own routes: the function with your code does not load the token endpoint, and the other does not load
your code.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from chalice.app import Blueprint, Chalice

from chalicelib import observability
from chalicelib.api import authorizer
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.views import finalize_routes
from chalicelib.settings import ALL_ROUTES, OWN_ROUTES, SERVICE_ROUTES

_FUNCTIONS = "chalicelib.functions"
_registered: set[Blueprint] = set()


@cache
def create_app(routes: str = ALL_ROUTES) -> Chalice:
    """Return the app with the routes that `routes` selects.

    Passes on exceptions from the import of your modules. Raises RuntimeError if another app of this process
    has the same blueprints: Chalice removes the arguments of a route, including its authorizer, when it
    registers a blueprint.
    """
    # Powertools configures the logger, which is `app.log`, before a view uses it. Chalice would add a second
    # handler and drop everything below WARNING.
    observability.get_logger()
    app = Chalice(app_name="gatehouse", configure_logs=False)
    # The outermost first: the error responses of `request_scope` need the CORS headers, too.
    app.register_middleware(cross_origin, "http")
    app.register_middleware(request_scope, "http")
    # Own routes refer to it, too.
    app.register_blueprint(authorizer.blueprint)
    if routes in {SERVICE_ROUTES, ALL_ROUTES}:
        for blueprint in _blueprints_of_the_service():
            _register(app, blueprint)
    if routes in {OWN_ROUTES, ALL_ROUTES}:
        app.api.binary_types += getattr(import_module(_FUNCTIONS), "BINARY_TYPES", [])
        for blueprint in own_blueprints():
            _register(app, blueprint)
    finalize_routes.finalize(app)
    return app


def _register(app: Chalice, blueprint: Blueprint) -> None:
    if blueprint in _registered:
        raise RuntimeError("These routes are part of another app of this process already.")
    _registered.add(blueprint)
    app.register_blueprint(blueprint)


def _blueprints_of_the_service() -> Iterator[Blueprint]:
    # Imported here: the function with your own code has neither these modules nor the right to use them.
    from chalicelib.api import key_rotation, mail
    from chalicelib.api.routes import ROUTES

    return (module.blueprint for module in (key_rotation, mail, *ROUTES))


def own_blueprints() -> Iterator[Blueprint]:
    """Import the modules of `chalicelib.functions` in the order of their names, and return their blueprints.

    A module without a `blueprint` is a helper of the others.
    """
    for found in pkgutil.iter_modules(import_module(_FUNCTIONS).__path__):
        blueprint = getattr(import_module(f"{_FUNCTIONS}.{found.name}"), "blueprint", None)
        if isinstance(blueprint, Blueprint):
            yield blueprint
