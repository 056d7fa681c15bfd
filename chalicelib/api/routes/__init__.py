"""The routes of the service, by module, in the order in which `app` registers them."""

from chalicelib.api.routes import (
    account,
    admin,
    export,
    health,
    own_account,
    password,
    profile,
    registration,
    revocation,
    sessions,
    token,
)

ROUTES = (
    token,
    revocation,
    registration,
    password,
    account,
    own_account,
    profile,
    export,
    sessions,
    admin,
    health,
)
