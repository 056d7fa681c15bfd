"""`/me/api-keys`: create, list and end the API keys of the user's own account."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response, no_content
from chalicelib.api.json_body import json_members
from chalicelib.api.routes.verification_answers import languages
from chalicelib.api.serializers import api_key_json
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me/api-keys", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def create() -> Response:
    """Create a key, and return its secret, which no later response contains."""
    body = json_members(
        {"name": str, "current_password": str}, {"scope": str | None, "expires_in": int | None}
    )
    order = ApiKeyOrder(body["name"], _scope(body.get("scope")), body.get("expires_in"))
    key, secret = get_services().own_api_keys.create(claims(), body["current_password"], order, languages())
    return json_response({**api_key_json(key), "secret": secret.serialize()}, 201)


@blueprint.route("/me/api-keys", authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def api_keys() -> Response:
    """Return the keys, the newest first."""
    mine = get_services().own_api_keys.listed(claims())
    return json_response({"api_keys": [api_key_json(one) for one in mine]})


@blueprint.route("/me/api-keys/{key_id}", methods=["DELETE"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def revoke(key_id: str) -> Response:
    """End a key."""
    get_services().own_api_keys.revoke(claims(), key_id, languages())
    return no_content()


def _scope(text: str | None) -> Scope | None:
    """Return the requested permissions of a key: none for an empty text; None means all of the owner's."""
    if text is None:
        return None
    return Scope.parse(text) if text else Scope.of(())
