"""`/oauth/revoke` (RFC 7009)."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.routes.token import ALL_BUT_POST, read_request
from chalicelib.domain.errors import MethodNotAllowed
from chalicelib.observability import Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/oauth/revoke", methods=["POST"], content_types=ANY_TYPE)
def revoke() -> Response:
    """End the session of a token. Return 200 for an invalid token, too (RFC 7009 §2.2)."""
    request, services = read_request(), get_services()
    ended = services.revocation(request, services.verifier(request.issuer))
    observability.count(Metric.REVOCATION, "ended" if ended else "nothing")
    return json_response({})


@blueprint.route("/oauth/revoke", methods=ALL_BUT_POST, content_types=ANY_TYPE)
def revoke_by_another_method() -> Response:
    """Refuse: a revocation request is a POST (RFC 7009 §2.1)."""
    raise MethodNotAllowed
