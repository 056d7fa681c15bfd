"""`/admin`: other people's accounts, by permission."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, requires
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.serializers import account_json
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/admin/users/{user_id}", authorizer=bearer, content_types=ANY_TYPE)
@requires("users:read")
def user(user_id: str) -> Response:
    """Return one account."""
    return json_response(account_json(get_services().administration.account(user_id)))
