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
from chalicelib.api.routes.servers import api_keys, introspection, metadata

ROUTES = (
    token,
    revocation,
    introspection,
    registration,
    password,
    account,
    own_account,
    profile,
    export,
    sessions,
    api_keys,
    admin,
    metadata,
    health,
)
