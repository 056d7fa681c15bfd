"""The authorizer: a Lambda of its own between API Gateway and every protected function.

Its imports are its cold start: the verifier, the keys and one table read; no route, no bcrypt.
"""

from __future__ import annotations

import re
from typing import Any, cast

from chalice.app import AuthRequest, Blueprint, ChaliceAuthorizer

from chalicelib import observability
from chalicelib.api.issuer import issuer_of_method
from chalicelib.api.time_budget import time_budget
from chalicelib.domain.errors import BearerError, TooManyUnknownKeys, Unavailable
from chalicelib.oauth.bearer import bearer_token
from chalicelib.observability import Event, Metric
from chalicelib.services import get_services
from chalicelib.settings import BadSetting

blueprint = Blueprint(__name__)
_EVERY_METHOD_AND_PATH = "*/*"
_NO_DECISION = {"principalId": "nobody"}
"""No policy: API Gateway answers AUTHORIZER_CONFIGURATION_ERROR, which is 503 here, and caches nothing."""
_OUTCOMES = {Event.DENIED: "denied", Event.UNDECIDED: "undecided", Event.OUTAGE: "outage"}
_FIXED_SEGMENT = re.compile(r"(?:[a-z][a-z_.-]{0,31})?")


class _Logged(ChaliceAuthorizer):
    """An authorizer whose lines say which function and invocation, and which route was asked for."""

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        # Not API Gateway's id of the request, which it does not tell: Lambda's, as in the function's own log.
        said = observability.scope(
            function="authorizer",
            request_id=getattr(context, "aws_request_id", None),
            route=_route(event["methodArn"]),
        )
        with said, time_budget(context):
            return super().__call__(event, context)


def _logged(authorizer: ChaliceAuthorizer) -> _Logged:
    # Chalice hands the function no context. Its object has to stay the same one: an app fills it in later.
    authorizer.__class__ = _Logged
    return cast(_Logged, authorizer)


def _route(method_arn: str) -> str:
    """Return method and path, with `{}` for whatever may have been written by the caller."""
    _, _, method, *segments = method_arn.split("/")
    named = (one if _FIXED_SEGMENT.fullmatch(one) else "{}" for one in segments)
    return f"{method} /{'/'.join(named)}"


@_logged
@blueprint.authorizer()  # type: ignore[untyped-decorator,unused-ignore]
def bearer(request: AuthRequest) -> dict[str, Any]:
    """Answer Allow with the verified claims, or Deny with the reason.

    A Deny, and not the `Unauthorized` exception: it is cached, counts as no Lambda error, and carries its
    reason. What cannot be told is raised: API Gateway answers 503 for it, and caches nothing. Where nothing
    is down and only the look-ups of unknown keys are used up, there is no decision: that is 503 as well, and
    no error of the function.
    """
    try:
        services = get_services()
        verifier = services.verifier(issuer_of_method(services.settings, request.method_arn))
        claims = verifier.verify(bearer_token(request.token))
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
    except Exception as error:  # noqa: BLE001 - the last resort, as at every door
        # The last resort: Lambda would write the text of this exception, which may hold what was sent.
        observability.record_crash(error)
        raise Unavailable("crash") from None
    observability.count(Metric.AUTHORIZER_DECISION, "allow")
    return _answer("Allow", request.method_arn, claims.subject, claims.to_mapping())


def _answer(effect: str, method_arn: str, principal: str, context: dict[str, Any]) -> dict[str, Any]:
    """Return a policy for all routes: API Gateway caches it by token and applies it to each of them."""
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
