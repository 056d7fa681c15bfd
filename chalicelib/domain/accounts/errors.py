"""Errors of accounts and of changes to them, below `errors.GatehouseError`.

::

    GatehouseError
    ├── Conflict                      409 conflict
    ├── PreconditionFailed            412 precondition_failed
    ├── InvalidCode                   400 invalid_code
    └── InvalidAccount                an account that cannot be created or changed
        └── NameTaken                 400 invalid_request
"""

from __future__ import annotations

from chalicelib.domain.errors import GatehouseError


class Conflict(GatehouseError):
    """The request conflicts with stored data: for example, another user has the requested user name."""

    status, code = 409, "conflict"
    description = "The request conflicts with what there is."


class PreconditionFailed(GatehouseError):
    """The resource is not the one that `If-Match` names (RFC 9110 §13.1.1)."""

    status, code = 412, "precondition_failed"
    description = "The resource has changed meanwhile. Read it again."


class InvalidCode(GatehouseError):
    """A mailed code is wrong, used up or expired, or has no verification. One text for every reason."""

    status, code = 400, "invalid_code"
    description = "The code is wrong, used up or too old."


class InvalidAccount(GatehouseError):
    """An account cannot be created or changed as requested. The description states the reason."""

    status, code = 400, "invalid_request"
    description = "The account data is invalid."


class NameTaken(InvalidAccount):
    """The address or the user name of a new account belongs to another one."""

    description = "The address or user name is already taken."
