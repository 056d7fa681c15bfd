"""The Chalice app: registers the blueprints of `chalicelib/api`."""

from chalice.app import Chalice

from chalicelib.api import authorizer, finalize_routes, key_rotation, mail
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.routes import ROUTES
from chalicelib.settings import serves_chalice_local

if serves_chalice_local():
    # Before own modules are imported, which may create clients. Not part of the package.
    from infra.local.chalice_local import prepare

    prepare()

# Powertools configures the logger. Chalice would add a second handler and drop everything below WARNING.
app = Chalice(app_name="gatehouse", configure_logs=False)
# The outermost first: the error responses of `request_scope` need the CORS headers, too.
app.register_middleware(cross_origin, "http")
app.register_middleware(request_scope, "http")
for module in (authorizer, key_rotation, mail, *ROUTES):
    app.register_blueprint(module.blueprint)
finalize_routes.finalize(app)
