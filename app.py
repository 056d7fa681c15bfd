"""The Chalice app: registers the blueprints of `chalicelib/api`."""

from chalice.app import Chalice

from chalicelib.api import authorizer, finalize_routes, key_rotation, mail
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.routes import (
    account,
    admin,
    health,
    own_account,
    password,
    registration,
    revocation,
    sessions,
    token,
)

# Powertools configures the logger; Chalice would give it a second handler and mute what is below a warning.
app = Chalice(app_name="gatehouse", configure_logs=False)
# Every body here is text; without this API Gateway would hand some of them on in base64.
app.api.binary_types = []
# The outer one first: what the inner one makes of a failure is for web pages to read as well.
app.register_middleware(cross_origin, "http")
app.register_middleware(request_scope, "http")
_ROUTES = (token, revocation, registration, password, account, own_account, sessions, admin, health)
for module in (authorizer, key_rotation, mail, *_ROUTES):
    app.register_blueprint(module.blueprint)
finalize_routes.finalize(app)
