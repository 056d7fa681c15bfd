"""The authorizer: a separate Lambda function that API Gateway calls before every protected route.

Imports determine its cold start, so it imports the verifier, the keys and the table, but no route and no
bcrypt.
"""

from __future__ import annotations

import re
from typing import Any, cast

from chalice.app import AuthRequest, Blueprint, ChaliceAuthorizer

from chalicelib import observability
from chalicelib.api.issuer import issuer_of_method
from chalicelib.api.time_budget import time_budget
from chalicelib.domain.errors import BearerError, TooManyUnknownKeys, Unavailable
from chalicelib.init_phase import prepare
from chalicelib.observability import Event, Metric
from chalicelib.services import get_services
from chalicelib.settings import BadSetting

blueprint = Blueprint(__name__)
_EVERY_METHOD_AND_PATH = "*/*"
_NO_DECISION = {"principalId": "nobody"}
"""Without a policy API Gateway returns AUTHORIZER_CONFIGURATION_ERROR, here a 503, and caches nothing."""
_OUTCOMES = {Event.DENIED: "denied", Event.UNDECIDED: "undecided", Event.OUTAGE: "outage"}
_FIXED_SEGMENT = re.compile(r"(?:[a-z][a-z_.-]{0,31})?")


class _Logged(ChaliceAuthorizer):
    """An authorizer whose log entries name the function, the invocation and the requested route."""

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        # Lambda's request id: API Gateway does not pass its own to an authorizer.
        log_scope = observability.scope(
            function="authorizer",
            request_id=getattr(context, "aws_request_id", None),
            route=_route(event["methodArn"]),
        )
        with log_scope, time_budget(context):
            return super().__call__(event, context)


def _logged(authorizer: ChaliceAuthorizer) -> _Logged:
    # Chalice passes no context to the function. The object must stay the same: Chalice completes it later.
    authorizer.__class__ = _Logged
    return cast(_Logged, authorizer)


def _route(method_arn: str) -> str:
    """Return method and path, with `{}` for each segment that the caller may have chosen."""
    _, _, method, *segments = method_arn.split("/")
    named = (one if _FIXED_SEGMENT.fullmatch(one) else "{}" for one in segments)
    return f"{method} /{'/'.join(named)}"


@_logged
@blueprint.authorizer()  # type: ignore[untyped-decorator,unused-ignore]
def bearer(request: AuthRequest) -> dict[str, Any]:
    """Return Allow with the verified claims, or Deny with the reason.

    A Deny policy is used instead of the `Unauthorized` exception because API Gateway caches it, Lambda counts
    no error, and it carries the reason. Raises Unavailable during an outage: API Gateway returns 503 and
    caches nothing. If only the look-ups of unknown keys are used up, return no policy: that is a 503, too,
    but no error of the function.
    """
    try:
        services = get_services()
        verifier = services.verifier(issuer_of_method(services.settings, request.method_arn))
        claims = verifier.authenticate(request.token)
    except BearerError as error:
        _log(Event.DENIED, error)
        return _answer("Deny", request.method_arn, "nobody", {"error": error.code, "reason": error.reason})
    except TooManyUnknownKeys as error:
        _log(Event.UNDECIDED, error)
        observability.count(Metric.UNKNOWN_KEYS, "undecided")
        return _NO_DECISION
    except Unavailable as error:
        _log(Event.OUTAGE, error)
        raise
    except BadSetting as error:
        observability.bind(setting=str(error))
        outage = Unavailable("bad setting")
        _log(Event.OUTAGE, outage)
        raise outage from None
    except Exception as error:  # noqa: BLE001 - the last resort, as in `http.handle_errors`
        # Lambda would log the text of this exception, which may contain input.
        observability.record_crash(error)
        raise Unavailable("crash") from None
    observability.count(Metric.AUTHORIZER_DECISION, "allow")
    return _answer("Allow", request.method_arn, claims.subject, claims.to_mapping())


def _answer(effect: str, method_arn: str, principal: str, context: dict[str, Any]) -> dict[str, Any]:
    """Return a policy for all routes: API Gateway caches it by token and applies it to every route."""
    api, stage, *_ = method_arn.split("/")
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": f"{api}/{stage}/{_EVERY_METHOD_AND_PATH}",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": policy, "context": context}


def _log(event: Event, error: BearerError | Unavailable) -> None:
    observability.record(
        event,
        severe=event is Event.OUTAGE,
        outcome=_OUTCOMES[event],
        error=error.code,
        reason=error.reason,
        user_id=error.user_id,
    )
    observability.count(Metric.AUTHORIZER_DECISION, error.reason)


prepare(f"{__name__}.bearer", lambda services: services.verifier(""))
