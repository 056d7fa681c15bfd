"""`/me`: the caller's own account."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.serializers import account_json, session_json
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me", authorizer=bearer, content_types=ANY_TYPE)
@requires()
def me() -> Response:
    """Return the account and the current session."""
    account, session = get_services().own_account.load(claims())
    body = account_json(account)
    body["scope"] = str(claims().scope)
    body["session"] = session_json(session, claims().session_id)
    return json_response(body)
