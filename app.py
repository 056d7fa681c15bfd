"""The Chalice app: registers the doors. What lies behind each is in `chalicelib/api`."""

from chalice.app import Chalice

from chalicelib.api import (
    account,
    admin,
    authorizer,
    every_route,
    health,
    key_rotation,
    revocation,
    sessions,
    token,
)
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope

# Powertools configures the logger; Chalice would give it a second handler and mute what is below a warning.
app = Chalice(app_name="gatehouse", configure_logs=False)
# Every body here is text; without this API Gateway would hand some of them on in base64.
app.api.binary_types = []
# The outer one first: what the inner one makes of a failure is for web pages to read as well.
app.register_middleware(cross_origin, "http")
app.register_middleware(request_scope, "http")
for door in (authorizer, key_rotation, token, revocation, account, sessions, admin, health):
    app.register_blueprint(door.blueprint)
every_route.complete(app)
