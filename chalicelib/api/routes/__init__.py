"""The routes of the service, by module, in the order in which `app` registers them."""

from chalicelib.api.routes import (
    account,
    admin,
    health,
    metadata,
    own_account,
    password,
    registration,
    revocation,
    sessions,
    token,
)

ROUTES = (token, revocation, registration, password, account, own_account, sessions, admin, metadata, health)
