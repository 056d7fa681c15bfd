"""`/oauth/token` (RFC 6749 §3.2)."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability
from chalicelib.api.http import ANY_TYPE, body_bytes, current_request, device, header, json_response
from chalicelib.api.issuer import issuer_of_request
from chalicelib.domain.errors import GatehouseError, MethodNotAllowed
from chalicelib.init_phase import prepare
from chalicelib.oauth.form import parse_form, refuse_credentials_in_query
from chalicelib.oauth.requests import TokenRequest
from chalicelib.observability import Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)
ALL_BUT_POST = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]
_METRICS = {
    "password": Metric.SIGN_IN,
    "refresh_token": Metric.REFRESH,
    "client_credentials": Metric.CLIENT_CREDENTIALS,
}


@blueprint.route("/oauth/token", methods=["POST"], content_types=ANY_TYPE)
def token() -> Response:
    """Exchange a grant for tokens."""
    request = read_request()
    grant_type = request.parameters.get("grant_type", "")
    metric = _METRICS.get(grant_type)
    observability.bind(grant_type=grant_type if metric else None)
    try:
        answer = get_services().token_endpoint(request)
    except GatehouseError as error:
        if metric is not None:
            observability.count(metric, error.reason)
        raise
    if metric is not None:
        observability.count(metric, "success")
    return json_response(answer.to_wire())


@blueprint.route("/oauth/token", methods=ALL_BUT_POST, content_types=ANY_TYPE)
def token_by_another_method() -> Response:
    """Refuse: a token request is a POST (RFC 6749 §3.2)."""
    raise MethodNotAllowed


def read_request() -> TokenRequest:
    """Return the current request as a TokenRequest. Raises InvalidRequest."""
    request = current_request()
    settings = get_services().settings
    refuse_credentials_in_query(request.query_params or {})
    issuer = issuer_of_request(settings, request.context)
    return TokenRequest(
        parameters=parse_form(body_bytes(), header("content-type")),
        issuer=issuer,
        audience=get_services().audience(issuer),
        authorization=header("authorization"),
        idempotency_key=header("idempotency-key") or None,
        device=device(),
    )


prepare("app.app", lambda services: services.token_endpoint, lambda services: services.own_account)
