"""Access control for protected routes: `claims()` identifies the caller, `@requires` checks permissions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalicelib import observability
from chalicelib.api.authorizer import bearer
from chalicelib.api.http import current_request, handle_errors
from chalicelib.api.views.checks import check_permissions_of_guard, mark_guarded
from chalicelib.domain.errors import InsufficientScope, InvalidToken
from chalicelib.domain.tokens.claims import Credential, VerifiedClaims
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.services import get_services

__all__ = ["administers", "bearer", "claims", "requires"]

_NUMERIC = ("exp", "iat")


def claims() -> VerifiedClaims:
    """Return the claims that the authorizer verified, from the request context, never from the header.

    Those of an API key have the same members: `credential` says which kind of caller it is.
    Raises InvalidToken if they have expired since API Gateway cached them, KeyError on a route without an
    authorizer, which answers 500, and OutsideOfRequest in a thread that the view has started without
    `contextvars.copy_context().run`.
    """
    # API Gateway converts every value to a string.
    context = dict(current_request().context["authorizer"])
    # API Gateway may drop an empty string; a token without permissions is valid.
    context.setdefault("scope", "")
    for name in _NUMERIC:
        context[name] = int(context[name])
    verified = VerifiedClaims.from_mapping(context)
    observability.bind(user_id=verified.subject, **_logged_credential(verified))
    if verified.expires_at <= get_services().adapters.clock():
        raise InvalidToken("expired")
    return verified


def _logged_credential(verified: VerifiedClaims) -> dict[str, str]:
    if verified.credential is Credential.SESSION:
        return {"session_id": verified.session_id}
    # The end of its id: what looks like a key is redacted.
    return {"api_key": verified.session_id[-observability.API_KEY_LOGGED_CHARACTERS :]}


def requires(*permissions: str, session: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the view only for credentials with all of `permissions`; without arguments, for any valid one.

    With `session`, only for the token of a session: not for an API key, or a token that came from one.
    Otherwise return 403 `insufficient_scope` (RFC 6750 §3.1). Errors of the view become error responses.
    Raises BadRoute for an argument that is not a permission.
    """
    check_permissions_of_guard(permissions)

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = claims()
            missing = set(permissions) - caller.scope.permissions
            if missing or (session and caller.credential is not Credential.SESSION):
                raise InsufficientScope(" ".join(sorted(permissions)))
            return view(*args, **kwargs)

        mark_guarded(view)
        guarded.permissions = permissions  # type: ignore[attr-defined]  # lets a test recognize a guarded view
        guarded.takes_session = session  # type: ignore[attr-defined]
        return handle_errors(guarded)

    return guard


def administers(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the view only for callers who currently hold `permission`, with their Authority as argument.

    The token must carry the permission, which is checked without reading the table. Then session, account and
    current permissions are read. Both checks precede the validation of body and path.
    """

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @requires(permission)
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            authority = get_services().authority(claims())
            authority.require(Scope.of([permission]))
            return view(authority, *args, **kwargs)

        return guarded

    return guard
