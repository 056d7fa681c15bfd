"""Errors for a rejected new password, a subtree of `errors.GatehouseError`.

::

    InvalidPassword               a new password that the rules reject
    ├── PasswordTooShort          400 password_too_short
    ├── PasswordTooLong           400 password_too_long
    ├── PasswordTooCommon         400 password_too_common
    ├── PasswordContainsName      400 password_contains_name
    └── PasswordBreached          400 password_breached
"""

from __future__ import annotations

from chalicelib.domain.errors import GatehouseError


class InvalidPassword(GatehouseError):
    """The rules reject a new password (NIST SP 800-63B-4 §3.1.1.2). Each subclass has its own code."""

    status, code = 400, "invalid_request"
    description = "The password is not accepted."


class PasswordTooShort(InvalidPassword):
    """The password has fewer characters than `PASSWORD_MIN_LENGTH`."""

    code = "password_too_short"
    description = "The password is too short."


class PasswordTooLong(InvalidPassword):
    """The password has more than 1,024 bytes."""

    code = "password_too_long"
    description = "The password must have at most 1024 bytes."


class PasswordTooCommon(InvalidPassword):
    """The password is in the list of common ones."""

    code = "password_too_common"
    description = "The password is one that many people use."


class PasswordContainsName(InvalidPassword):
    """The password consists of the address, the user name or the name of the service."""

    code = "password_contains_name"
    description = "The password consists of your address, your user name or the name of this service."


class PasswordBreached(InvalidPassword):
    """The password was found in a breach of another service."""

    code = "password_breached"
    description = "The password has been published in a breach of another service."
