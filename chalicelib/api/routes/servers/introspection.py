"""`/oauth/introspect` (RFC 7662)."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.routes.token import ALL_BUT_POST, read_request
from chalicelib.domain.errors import MethodNotAllowed
from chalicelib.observability import Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/oauth/introspect", methods=["POST"], content_types=ANY_TYPE)
def introspect() -> Response:
    """Return whether an access token is active, and its claims (RFC 7662 §2.2)."""
    request, services = read_request(), get_services()
    with observability.counted(Metric.INTROSPECTION, "answered"):
        answer = services.introspection(request, services.verifier(request.issuer))
    return json_response(answer)


@blueprint.route("/oauth/introspect", methods=ALL_BUT_POST, content_types=ANY_TYPE)
def introspect_by_another_method() -> Response:
    """Refuse: an introspection request is a POST (RFC 7662 §2.1)."""
    raise MethodNotAllowed
