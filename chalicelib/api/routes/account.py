"""`/me`: the caller's own account."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.serializers import account_json, api_key_json, session_json
from chalicelib.domain.tokens.claims import Credential
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me", authorizer=bearer, content_types=ANY_TYPE)
@requires()
def me() -> Response:
    """Return the account, with the session or the API key by which the caller is known."""
    caller = claims()
    if caller.credential is Credential.API_KEY:
        account, key, scope = get_services().api_key_owners.load(caller)
        return json_response({**account_json(account), "scope": str(scope), "api_key": api_key_json(key)})
    account, session = get_services().own_account.load(caller)
    body = account_json(account)
    body["scope"] = str(caller.scope)
    body["session"] = session_json(session, caller.session_id)
    return json_response(body)
