"""`/oauth/revoke` (RFC 7009)."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability, wiring
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.token import ALL_BUT_POST, read_request
from chalicelib.domain.errors import MethodNotAllowed
from chalicelib.observability import Metric

blueprint = Blueprint(__name__)


@blueprint.route("/oauth/revoke", methods=["POST"], content_types=ANY_TYPE)
def revoke() -> Response:
    """End the session of a token. 200 says that the token is dead now, not that it was alive (§2.2)."""
    request, house = read_request(), wiring.house()
    ended = house.revocation(request, house.verifier(request.issuer))
    observability.count(Metric.REVOCATION, "ended" if ended else "nothing")
    return json_response({})


@blueprint.route("/oauth/revoke", methods=ALL_BUT_POST, content_types=ANY_TYPE)
def revoke_by_another_method() -> Response:
    """Refuse: a revocation request is a POST (RFC 7009 §2.1)."""
    raise MethodNotAllowed
